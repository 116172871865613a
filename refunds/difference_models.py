"""What a judgement made anew says of money that stands already: 应补 and 应退, and the runs that found them (N2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from caseworks.base.enums import Size, UnitType
from caseworks.base.models import Run
from caseworks.cases.models import Case
from caseworks.law.models import Policy
from caseworks.people.models import Office
from caseworks.people.scope import scope_of
from refunds.enums import DifferenceKind, DifferenceStatus, Outcome
from refunds.reach import Reach

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person


class Recalculation(models.Model):
    """重新核算: all that was approved for a year, judged again on what is known and in force on a day."""

    run = models.OneToOneField(Run, models.PROTECT, related_name="recalculation", verbose_name="运行")
    year = models.PositiveSmallIntegerField("政策年度")
    region = models.CharField("行政区划前缀", max_length=6, blank=True)
    offices = ArrayField(models.BigIntegerField(), verbose_name="经办机构", null=True, blank=True)
    as_of = models.DateField("核算日", help_text="按这一天有效的政策")
    totals = models.JSONField("结果", default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "重新核算"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["year", "-id"], name="recalculation_year")]

    def __str__(self) -> str:
        return f"{self.year} 年度重新核算（{self.as_of}）"

    @property
    def reach(self) -> Reach:
        """Which units it reaches."""
        return Reach(self.region, None if self.offices is None else tuple(self.offices))


class DifferenceQuerySet(models.QuerySet["Difference"]):
    """Words about differences."""

    def visible_to(self, person: Person, on: date) -> DifferenceQuerySet:
        """Those of the offices that a person serves, and of those below them (J1)."""
        return cast("DifferenceQuerySet", scope_of(person, on).limit(self))

    def waiting(self) -> DifferenceQuerySet:
        """Those that nobody has decided."""
        return self.filter(status=DifferenceStatus.PROPOSED)

    def from_policy(self) -> DifferenceQuerySet:
        """Granted by another policy row than that of the first judgement."""
        return self.exclude(policy=F("policy_before"))

    def from_data(self) -> DifferenceQuerySet:
        """By the same row: the data is another."""
        return self.filter(policy=F("policy_before"))


class Difference(models.Model):
    """差额: what a unit is to get or give back beside what stands, once a person says so.

    `granted` is what it gets by the judgement made anew, `standing` what it has or will have of all rounds. The case of
    an accepted 应补 is of `round`; an accepted 应退 became a recovery of `recovered`, and `stopped` cases were not paid.
    """

    recalculation = models.ForeignKey(
        Recalculation, models.PROTECT, related_name="differences", verbose_name="重新核算"
    )
    year = models.PositiveSmallIntegerField("政策年度")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    kind = models.CharField("差额", max_length=10, choices=DifferenceKind.choices)
    status = models.CharField("状态", max_length=10, choices=DifferenceStatus.choices)
    granted = models.DecimalField("现核定金额", max_digits=14, decimal_places=2)
    standing = models.DecimalField(
        "已核定金额", max_digits=14, decimal_places=2, help_text="各次已拨付和待拨付之和，减应追回"
    )
    paid = models.DecimalField("其中已拨付", max_digits=14, decimal_places=2)
    amount = models.DecimalField("差额（元）", max_digits=14, decimal_places=2)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策")
    policy_before = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="原政策")
    region = models.CharField("行政区划代码", max_length=6)
    unit_type = models.CharField("单位类型", max_length=24, choices=UnitType.choices)
    size = models.CharField("企业划型", max_length=8, choices=Size.choices, blank=True)
    outcome = models.CharField("结论", max_length=12, choices=Outcome.choices)
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="原因", default=list)
    flags = ArrayField(models.CharField(max_length=40), verbose_name="提示", default=list)
    premium = models.DecimalField("上年度实缴失业保险费", max_digits=14, decimal_places=2)
    layoff_rate = models.DecimalField("裁员率", max_digits=9, decimal_places=4, null=True)
    ratio = models.DecimalField("返还比例", max_digits=6, decimal_places=4, null=True)
    changes = models.JSONField("变化", default=dict, blank=True, help_text="与原核算不同的各项：原来、现在")
    found_at = models.DateTimeField("核算时间")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    because = models.CharField("理由", max_length=300, blank=True, default="")
    round = models.PositiveSmallIntegerField("次", null=True, blank=True)
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="differences", verbose_name="补发业务件"
    )
    recovered = models.DecimalField("提出追回", max_digits=14, decimal_places=2, default=0)
    stopped = ArrayField(models.BigIntegerField(), verbose_name="不再支付的业务件", default=list)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "差额"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["year", "uscc"], condition=Q(status=DifferenceStatus.PROPOSED), name="difference_one_waiting"
            ),
            models.UniqueConstraint(
                fields=["year", "uscc", "round"], condition=Q(round__isnull=False), name="difference_once_a_round"
            ),
            models.CheckConstraint(condition=Q(kind__in=DifferenceKind.values), name="difference_kind_known"),
            models.CheckConstraint(condition=Q(status__in=DifferenceStatus.values), name="difference_status_known"),
            models.CheckConstraint(condition=Q(amount__gte=0, granted__gte=0), name="difference_not_negative"),
            models.CheckConstraint(
                condition=Q(kind=DifferenceKind.OVERPAID, amount=F("standing") - F("granted"))
                | Q(kind=DifferenceKind.TOPUP, amount__gte=F("granted") - F("standing")),
                name="difference_is_what_is_granted_less_what_stands",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[DifferenceStatus.PROPOSED, DifferenceStatus.LAPSED], decided_at__isnull=True)
                | Q(status__in=[DifferenceStatus.ACCEPTED, DifferenceStatus.DECLINED], decided_at__isnull=False),
                name="difference_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=DifferenceStatus.DECLINED) | ~Q(because=""), name="difference_declined_in_words"
            ),
            models.CheckConstraint(
                condition=Q(round__isnull=True, case__isnull=True)
                | Q(round__gt=1, kind=DifferenceKind.TOPUP, status=DifferenceStatus.ACCEPTED),
                name="difference_of_a_later_round",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["year", "status", "id"], name="difference_status"),
            models.Index(fields=["year", "city_office", "id"], name="difference_city"),
            models.Index(fields=["year", "office", "id"], name="difference_office"),
            models.Index(fields=["uscc", "year"], name="difference_unit"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="difference_kept", operation=pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name} {self.get_kind_display()} {self.amount}"

    @property
    def of_policy(self) -> bool:
        """Does it come from another policy row?"""
        return self.policy_id != self.policy_before_id
