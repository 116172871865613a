"""Judgements of the refund, what changed in them, the runs that made them, and determinations (contract, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from caseworks.base.enums import Size, UnitStatus, UnitType
from caseworks.base.models import Run
from caseworks.cases.models import Case
from caseworks.law.models import Policy
from caseworks.people.models import Office
from caseworks.people.scope import scope_of
from caseworks.registry.models import Unit
from refunds.difference_models import Difference as Difference
from refunds.difference_models import DifferenceQuerySet as DifferenceQuerySet
from refunds.difference_models import Recalculation as Recalculation
from refunds.enums import ChangeKind, DeterminationStatus, Fact, Outcome
from refunds.reach import Reach

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL


def loose(to: type[models.Model], name: str, *, null: bool = False) -> models.ForeignKey:
    """A reference that costs a million-row screening nothing: no constraint, no index of its own (decision 0023)."""
    return models.ForeignKey(
        to, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=name, null=null,
        blank=null,
    )  # fmt: skip


class ScreeningRun(models.Model):
    """One screening of a policy year: its day, the policy it froze, what it stood on and what came of it."""

    run = models.OneToOneField(Run, models.PROTECT, related_name="screening", verbose_name="运行")
    year = models.PositiveSmallIntegerField("政策年度")
    region = models.CharField("行政区划前缀", max_length=6, blank=True)
    # The offices of the person who runs it, frozen: what lies outside them is not reached. NULL is the whole region.
    offices = ArrayField(models.BigIntegerField(), verbose_name="经办机构", null=True, blank=True)
    as_of = models.DateField("筛查日")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策", null=True)
    policies = models.JSONField("所用政策", default=dict, blank=True)
    previous = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="上一次")
    totals = models.JSONField("结果", default=dict, blank=True)
    written = models.JSONField("改动", default=dict, blank=True)
    freshness = models.JSONField("数据截至", default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "筛查"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(region__regex=r"^[0-9]{0,6}$"), name="screeningrun_region_is_a_prefix")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["year", "-id"], name="screeningrun_year")]

    def __str__(self) -> str:
        return f"{self.year} 年度筛查（{self.as_of}）"

    @property
    def reach(self) -> Reach:
        """Which units it reaches."""
        return Reach(self.region, None if self.offices is None else tuple(self.offices))


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    """Words about judgements; `visible_to` is the scope of a person (J1)."""

    def visible_to(self, person: Person, on: date) -> AssessmentQuerySet:
        """The judgements of the offices that a person serves, and of those below them."""
        return cast("AssessmentQuerySet", scope_of(person, on).limit(self))

    def of_year(self, year: int) -> AssessmentQuerySet:
        """Of one policy year."""
        return self.filter(year=year)

    def eligible(self) -> AssessmentQuerySet:
        """Those that get money without asking for it. (N5.1)"""
        return self.filter(outcome=Outcome.ELIGIBLE)

    def of_outcome(self, outcome: str) -> AssessmentQuerySet:
        """Those of one outcome. Of two of them the amount is 0 by constraint: said here, an index by amount serves."""
        unpaid = {"amount": 0} if outcome in (Outcome.INELIGIBLE, Outcome.APPLY) else {}
        return self.filter(outcome=outcome, **unpaid)

    def with_reason(self, code: str) -> AssessmentQuerySet:
        """Those with this reason among theirs."""
        return self.filter(reasons__contains=[code])

    def flagged(self, code: str = "") -> AssessmentQuerySet:
        """Those with a flag, or with this one."""
        return self.filter(flags__contains=[code]) if code else self.exclude(flags=[])

    def open_to_screening(self) -> AssessmentQuerySet:
        """Not taken into review: a screening may write them."""
        return self.filter(case__isnull=True)


class Assessment(models.Model):
    """The judgement of one unit for one policy year, with every fact it stands on (the columns of the export)."""

    year = models.PositiveSmallIntegerField("政策年度")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    unit = loose(Unit, "单位")
    office = loose(Office, "经办机构")
    city_office = loose(Office, "所属市级机构")
    policy = loose(Policy, "政策")
    screening = loose(ScreeningRun, "筛查", null=True)
    case = loose(Case, "业务件", null=True)
    judged_on = models.DateField("筛查日")
    months_paid = models.IntegerField("足额缴费月数")
    arrears_months = models.IntegerField("欠费月数")
    opening_headcount = models.IntegerField("年初缴费人数")
    closing_headcount = models.IntegerField("年末缴费人数", null=True)
    deaths = models.IntegerField("死亡")
    retirements = models.IntegerField("退休")
    net_reduction = models.IntegerField("净减员", null=True)
    rejected_rows = models.IntegerField("未改正的错误行")
    late_months = models.IntegerField("到账较晚月数")
    account_proposed = models.BooleanField("账户变更待确认")
    name = models.CharField("单位名称", max_length=200)
    region = models.CharField("行政区划代码", max_length=6)
    unit_type = models.CharField("单位类型", max_length=24, choices=UnitType.choices)
    size = models.CharField("企业划型", max_length=8, choices=Size.choices, blank=True)
    status = models.CharField("参保状态", max_length=16, choices=UnitStatus.choices)
    dispatch_licence = models.CharField("劳务派遣许可证号", max_length=64, blank=True)
    first_arrears = models.CharField("最早欠费月份", max_length=7, blank=True)
    lists = models.CharField("在列名单", max_length=200, blank=True)
    bar = models.CharField("取消资格", max_length=12, blank=True)
    determined = models.CharField("人工核定项", max_length=80, blank=True)
    # the codes of the units whose ledgers are part of this one; “>” and a code where this one's is part of another's
    joined = models.CharField("承继", max_length=1000, blank=True, default="", db_default="")
    outcome = models.CharField("结论", max_length=12, choices=Outcome.choices)
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="原因", default=list)
    flags = ArrayField(models.CharField(max_length=40), verbose_name="提示", default=list)
    premium = models.DecimalField("上年度实缴失业保险费", max_digits=14, decimal_places=2)
    layoff_rate = models.DecimalField("裁员率", max_digits=9, decimal_places=4, null=True)
    ratio = models.DecimalField("返还比例", max_digits=6, decimal_places=4, null=True)
    amount = models.DecimalField("返还金额", max_digits=14, decimal_places=2)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "筛查结果"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["year", "uscc"], name="assessment_once_a_year"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="assessment_outcome_known"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="assessment_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(outcome__in=[Outcome.ELIGIBLE, Outcome.MANUAL]) | Q(amount=0),
                name="assessment_amount_only_where_payable",
            ),
        ]
        # A scope is one equality column; each order of a list has its index, and rare outcomes and flags their own.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["year", "city_office", "uscc"], name="assessment_city"),
            models.Index(fields=["year", "office", "uscc"], name="assessment_office"),
            # one direction for all columns: a list by amount walks them backwards, edge rows compare as one row value
            models.Index(fields=["year", "amount", "uscc"], name="assessment_amount"),
            models.Index(fields=["year", "city_office", "amount", "uscc"], name="assessment_city_amount"),
            models.Index(fields=["year", "office", "amount", "uscc"], name="assessment_office_amount"),
            models.Index(
                fields=["year", "outcome", "uscc"],
                condition=Q(outcome__in=[Outcome.INELIGIBLE, Outcome.APPLY, Outcome.MANUAL]),
                name="assessment_not_eligible",
            ),
            GinIndex(fields=["reasons"], condition=~Q(reasons=[]), fastupdate=False, name="assessment_reasons"),
            models.Index(fields=["year", "uscc"], condition=~Q(flags=[]), name="assessment_flagged"),
            models.Index(fields=["case"], condition=Q(case__isnull=False), name="assessment_case"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class AssessmentChange(models.Model):
    """What a screening or a confirmed determination changed in a unit's judgement; written once."""

    screening = models.ForeignKey(
        ScreeningRun, models.PROTECT, null=True, related_name="changes", db_index=False, verbose_name="筛查"
    )
    determination = models.ForeignKey(
        "Determination", models.PROTECT, null=True, related_name="changes", verbose_name="人工核定"
    )
    year = models.PositiveSmallIntegerField("政策年度")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=200)
    office = loose(Office, "经办机构")
    city_office = loose(Office, "所属市级机构")
    kind = models.CharField("变化", max_length=8, choices=ChangeKind.choices)
    before = models.JSONField("变化前", null=True)
    after = models.JSONField("变化后", null=True)
    at = models.DateTimeField("时间")

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "筛查变化"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="assessmentchange_kind_known"),
            models.CheckConstraint(
                condition=Q(screening__isnull=False, determination__isnull=True)
                | Q(screening__isnull=True, determination__isnull=False),
                name="assessmentchange_has_one_cause",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["screening", "uscc"], name="assessmentchange_run"),
            models.Index(fields=["year", "uscc"], name="assessmentchange_unit"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="assessmentchange_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.get_kind_display()}"


class DeterminationQuerySet(models.QuerySet["Determination"]):
    """Words about determinations."""

    def visible_to(self, person: Person, on: date) -> DeterminationQuerySet:
        """Those of the offices that a person serves, and of those below them."""
        return cast("DeterminationQuerySet", scope_of(person, on).limit(self))

    def waiting(self) -> DeterminationQuerySet:
        """Set by one person, waiting for another."""
        return self.filter(status=DeterminationStatus.SET)

    def standing(self) -> DeterminationQuerySet:
        """Confirmed and not superseded: the facts that are used."""
        return self.filter(status=DeterminationStatus.CONFIRMED)


class Determination(models.Model):
    """人工核定: a fact of a unit in a premium year, set by a clerk with evidence and confirmed by another person."""

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    year = models.PositiveSmallIntegerField("缴费年度", help_text="返还依据的上一年度")
    fact = models.CharField("核定项", max_length=20, choices=Fact.choices)
    value = models.CharField("核定值", max_length=24)
    source = models.CharField("来源", max_length=200)
    evidence = models.TextField("依据说明")
    file = models.FileField("证明材料", upload_to="determinations/", blank=True)
    file_name = models.CharField("材料名称", max_length=200, blank=True)
    file_type = models.CharField("材料类型", max_length=60, blank=True)
    file_sha256 = models.CharField("材料摘要", max_length=64, blank=True)
    status = models.CharField(
        "状态", max_length=12, choices=DeterminationStatus.choices, default=DeterminationStatus.SET
    )
    set_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="核定人")
    set_label = models.CharField("核定人（记录）", max_length=200)
    set_at = models.DateTimeField("核定时间")
    decided_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="确认人")
    decided_label = models.CharField("确认人（记录）", max_length=200, blank=True)
    decided_at = models.DateTimeField("确认时间", null=True)
    decision_note = models.TextField("确认意见", blank=True)

    objects = DeterminationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "人工核定"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(fact__in=Fact.values), name="determination_fact_known"),
            models.CheckConstraint(
                condition=Q(status__in=DeterminationStatus.values), name="determination_status_known"
            ),
            models.CheckConstraint(
                condition=Q(fact=Fact.UNIT_TYPE, value__in=UnitType.values)
                | Q(fact=Fact.SIZE, value__in=Size.values)
                | Q(fact__in=[Fact.OPENING_HEADCOUNT, Fact.CLOSING_HEADCOUNT], value__regex=r"^(0|[1-9][0-9]{0,6})$"),
                name="determination_value_fits_its_fact",
            ),
            models.CheckConstraint(condition=~Q(source="") & ~Q(evidence=""), name="determination_names_its_evidence"),
            models.CheckConstraint(
                condition=Q(status=DeterminationStatus.SET, decided_at__isnull=True, decided_label="")
                | (~Q(status=DeterminationStatus.SET) & Q(decided_at__isnull=False) & ~Q(decided_label="")),
                name="determination_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=(Q(set_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(set_by=F("decided_by")))
                & ~Q(set_label=F("decided_label")),
                name="determination_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status=DeterminationStatus.REFUSED) | ~Q(decision_note=""),
                name="determination_refused_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["uscc", "year", "fact"],
                condition=Q(status=DeterminationStatus.SET),
                name="determination_one_waiting",
            ),
            models.UniqueConstraint(
                fields=["uscc", "year", "fact"],
                condition=Q(status=DeterminationStatus.CONFIRMED),
                name="determination_one_standing",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "city_office", "id"], name="determination_queue"),
            models.Index(fields=["year", "status"], name="determination_year"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="determination_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="determination_frozen",
                fields=[
                    "uscc",
                    "year",
                    "fact",
                    "value",
                    "source",
                    "evidence",
                    "file",
                    "file_sha256",
                    "set_by",
                    "set_label",
                    "set_at",
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.get_fact_display()} {self.value}"

    @property
    def value_label(self) -> str:
        """The value as a caseworker reads it."""
        labels = dict(UnitType.choices) | dict(Size.choices)
        return str(labels.get(self.value, f"{self.value} 人"))
