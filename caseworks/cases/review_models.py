"""What reviewing writes down: the sheet of a case, flags cleared, cases opened, signatures, notes (N6.2)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from caseworks.cases.enums import Decision, Stage
from caseworks.cases.triggers import REVIEW_ONLY_LAPSES

_APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


def _person() -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人")


class ReviewSheet(models.Model):
    """审核单: what makes a case an exception to bulk passing, as its scheme said when it was opened or judged again.

    A case without one has no flags, is not in the sample and needs no further approver.
    """

    case = models.OneToOneField(
        "cases.Case", models.PROTECT, primary_key=True, related_name="sheet", verbose_name="业务件"
    )
    flags = ArrayField(models.CharField(max_length=40), verbose_name="提示", default=list)
    sampled = models.BooleanField("抽查", default=False)
    further = models.BooleanField("须再审批", default=False)
    payable = models.BooleanField("仍可支付", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "审核单"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["case"], condition=~Q(flags=[]) | Q(sampled=True) | Q(payable=False), name="sheet_exceptions"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {'、'.join(self.flags)}"


class Review(models.Model):
    """A signature under a case at a stage, or its refusal; it stands until the case is sent back or changes.

    Three people: nobody signs two stages of a case (`review_nobody_signs_twice`), whatever door is used; the history
    itself is guarded too (trigger `event_signed_by_different_people`).
    """

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="reviews", verbose_name="业务件")
    stage = models.CharField("环节", max_length=10, choices=Stage.choices)
    decision = models.CharField("结论", max_length=10, choices=Decision.choices)
    person = _person()
    actor = models.CharField("办理人（记录）", max_length=200)
    reasons = ArrayField(models.CharField(max_length=24), verbose_name="退回原因", default=list, blank=True)
    opinion = models.TextField("意见", blank=True)
    fingerprint = models.BinaryField("所审内容摘要", max_length=32)
    amount = models.DecimalField("所审金额", max_digits=14, decimal_places=2)
    bulk = models.BooleanField("批量办理", default=False)
    standing = models.BooleanField("有效", default=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "审核记录"
        ordering: ClassVar[list[str]] = ["case_id", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="review_stage_known"),
            models.CheckConstraint(condition=Q(decision__in=Decision.values), name="review_decision_known"),
            models.CheckConstraint(
                condition=Q(decision=Decision.PASSED) | (~Q(reasons=[]) & ~Q(opinion="")),
                name="review_sent_back_with_reasons",
            ),
            models.CheckConstraint(
                condition=Q(decision=Decision.PASSED) | Q(standing=False), name="review_sent_back_does_not_stand"
            ),
            models.UniqueConstraint(
                fields=["case", "person"], condition=Q(standing=True), name="review_nobody_signs_twice"
            ),
            models.UniqueConstraint(fields=["case", "stage"], condition=Q(standing=True), name="review_stage_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "stage", "-at"], name="review_opinions")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="review_kept", operation=pgtrigger.Delete),
            REVIEW_ONLY_LAPSES,
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_stage_display()} {self.get_decision_display()}"


class FlagClearing(models.Model):
    """One flag of a case cleared in words by the one who reviews it first; it counts for what was then judged."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="clearings", verbose_name="业务件")
    flag = models.CharField("提示", max_length=40)
    words = models.TextField("核实情况")
    fingerprint = models.BinaryField("所审内容摘要", max_length=32)
    person = _person()
    actor = models.CharField("办理人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "提示核实"
        ordering: ClassVar[list[str]] = ["case_id", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "flag", "fingerprint"], name="flag_cleared_once"),
            models.CheckConstraint(condition=~Q(words=""), name="flag_cleared_in_words"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="flagclearing_append_only", operation=_APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.flag}"


class Examination(models.Model):
    """A sampled case opened by the one who passes it, one by one (批量复核抽查)."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="examinations", verbose_name="业务件")
    person = _person()
    fingerprint = models.BinaryField("所审内容摘要", max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "抽查记录"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "person", "fingerprint"], name="examined_once")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="examination_append_only", operation=_APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.person_id}"


class CaseNote(models.Model):
    """A note beside a case, for the colleagues; it decides nothing."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="notes", verbose_name="业务件")
    text = models.TextField("备注")
    person = _person()
    actor = models.CharField("记录人", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "备注"
        ordering: ClassVar[list[str]] = ["case_id", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(text=""), name="casenote_not_empty")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="casenote_append_only", operation=_APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.text[:20]}"
