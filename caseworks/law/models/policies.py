"""Policy rows with their typed figures: drafted, put in force, superseded, never edited (N2.7, J2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Floor

from caseworks.law.enums import FigureKind, PolicyStatus, Scheme
from caseworks.law.figures import Figure

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STAFF = settings.AUTH_USER_MODEL

# Of a row that is no draft only these columns may still change, and the status only from in_force to superseded.
_FROZEN_POLICY = """
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'policy_frozen: policy % is not a draft', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status = 'superseded' OR NEW.status = 'draft'
        OR (to_jsonb(NEW) - 'status' - 'superseded_at') <> (to_jsonb(OLD) - 'status' - 'superseded_at') THEN
        RAISE EXCEPTION 'policy_frozen: policy % is not a draft', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_FROZEN_FIGURE = """
    IF EXISTS (SELECT 1 FROM law_policy p WHERE p.status <> 'draft'
            AND p.id IN (COALESCE(NEW.policy_id, OLD.policy_id), COALESCE(OLD.policy_id, NEW.policy_id))) THEN
        RAISE EXCEPTION 'policy_frozen: the figures of a policy that is not a draft do not change'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""
_TRAINING_ONLY = """
    IF NOT EXISTS (SELECT 1 FROM law_trainingmark) THEN
        RAISE EXCEPTION 'policy_training: this is not a training database' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class PolicyQuerySet(models.QuerySet["Policy"]):
    def drafts(self) -> PolicyQuerySet:
        return self.filter(status=PolicyStatus.DRAFT)

    def in_force(self) -> PolicyQuerySet:
        return self.filter(status=PolicyStatus.IN_FORCE)

    def of(self, scheme: str, year: int) -> PolicyQuerySet:
        return self.filter(scheme=scheme, year=year)


class Policy(models.Model):
    """One version of a scheme's policy for a region and a policy year; superseded, never edited (N2.7)."""

    scheme = models.CharField("业务", max_length=20, choices=Scheme.choices)
    region = models.CharField("行政区划前缀", max_length=6, blank=True, help_text="留空为全国；22 为吉林省")
    year = models.PositiveSmallIntegerField("政策年度")
    version = models.PositiveSmallIntegerField("版本", default=1)
    title = models.CharField("名称", max_length=200)
    documents = models.JSONField("文件", default=list, blank=True)
    effective_from = models.DateField("施行起")
    effective_to = models.DateField("受理止", null=True, blank=True, help_text="申请截止日，不限制筛查")
    note = models.TextField("说明", blank=True)
    status = models.CharField("状态", max_length=12, choices=PolicyStatus.choices, default=PolicyStatus.DRAFT)
    drafted_by = models.ForeignKey(
        STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="起草人"
    )
    drafted_label = models.CharField("起草", max_length=200)
    drafted_at = models.DateTimeField("起草时间")
    in_force_by = models.ForeignKey(
        STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="生效人"
    )
    in_force_label = models.CharField("生效", max_length=200, blank=True)
    in_force_at = models.DateTimeField("生效时间", null=True, blank=True)
    training = models.BooleanField("训练库直接生效", default=False)
    supersedes = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", verbose_name="前一版本"
    )
    superseded_at = models.DateTimeField("被替代时间", null=True, blank=True)

    objects = PolicyQuerySet.as_manager()
    figures: RelatedManager[PolicyFigure]

    class Meta:
        verbose_name = "政策"
        verbose_name_plural = "政策"
        ordering = ["scheme", "-year", "region", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "region", "year", "version"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["scheme", "region", "year", "effective_from"],
                condition=Q(status="in_force"),
                name="policy_one_in_force_from_a_day",
            ),
            models.CheckConstraint(condition=Q(scheme__in=Scheme.values), name="policy_scheme_known"),
            models.CheckConstraint(condition=Q(status__in=PolicyStatus.values), name="policy_status_known"),
            models.CheckConstraint(condition=Q(region__regex=r"^([0-9]{2}){0,3}$"), name="policy_region_is_a_prefix"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="policy_year_sane"),
            models.CheckConstraint(condition=~Q(drafted_label=""), name="policy_drafter_named"),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="policy_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", in_force_at__isnull=True, in_force_by__isnull=True, in_force_label="")
                | (~Q(status="draft") & Q(in_force_at__isnull=False) & ~Q(in_force_label="")),
                name="policy_draft_or_signed",
            ),
            # Four eyes: another person than the drafter, known by name; only a training database goes without.
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(training=True)
                | (Q(in_force_by__isnull=False) & (Q(drafted_by__isnull=True) | ~Q(drafted_by=F("in_force_by")))),
                name="policy_four_eyes",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="policy_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status__in=["in_force", "superseded"]),
                func=_FROZEN_POLICY,
            ),
            pgtrigger.Trigger(
                name="policy_training_insert",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__training=True),
                func=_TRAINING_ONLY,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.region_label} {self.year} 第{self.version}版"

    @property
    def region_label(self) -> str:
        return f"地区 {self.region}" if self.region else "全国"

    def figures_dict(self) -> dict[str, Figure]:
        """The figures by name, as the schemes' Parameters take them."""
        return {row.name: row.figure for row in self.figures.all()}

    @property
    def document_numbers(self) -> list[str]:
        return [d["number"] for d in self.documents if d.get("number")]


class PolicyFigure(models.Model):
    """One figure of a policy row with its clause: a ratio, an amount, a day count, a word, a rule's switch."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="figures", verbose_name="政策")
    name = models.CharField("参数", max_length=60)
    kind = models.CharField("类型", max_length=10, choices=FigureKind.choices)
    number = models.DecimalField("数值", max_digits=18, decimal_places=6, null=True, blank=True)
    text = models.CharField("文字", max_length=500, blank=True)
    clause = models.CharField("依据", max_length=200)
    note = models.CharField("说明", max_length=300, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = "政策参数"
        verbose_name_plural = "政策参数"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "name"], name="policyfigure_once"),
            models.CheckConstraint(condition=Q(kind__in=FigureKind.values), name="policyfigure_kind_known"),
            models.CheckConstraint(condition=Q(name__regex=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$"), name="policyfigure_name"),
            models.CheckConstraint(condition=~Q(clause=""), name="policyfigure_cites_a_clause"),
            models.CheckConstraint(
                condition=~Q(kind="ratio") | Q(number__isnull=False, number__gte=0, number__lte=1, text=""),
                name="policyfigure_ratio_between_0_and_1",
            ),
            models.CheckConstraint(
                condition=~Q(kind="amount") | Q(number__isnull=True, text="") | Q(number__gte=0, text=""),
                name="policyfigure_amount_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["count", "days", "months"])
                | Q(number__isnull=True, text="")
                | Q(number__gte=0, number__lte=100000, number=Floor("number"), text=""),
                name="policyfigure_whole_number",
            ),
            models.CheckConstraint(
                condition=~Q(kind="switch") | Q(number__isnull=False, number__in=[0, 1], text=""),
                name="policyfigure_switch_on_or_off",
            ),
            models.CheckConstraint(
                condition=~Q(kind="text") | Q(number__isnull=True), name="policyfigure_text_has_no_number"
            ),
            models.CheckConstraint(
                condition=~Q(kind="date") | Q(number__isnull=True, text__regex=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"),
                name="policyfigure_date",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="policyfigure_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=_FROZEN_FIGURE,
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} = {self.figure.shown}"

    @property
    def figure(self) -> Figure:
        return Figure(self.name, self.kind, self.number, self.text, self.clause, self.note)
