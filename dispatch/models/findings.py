"""What the sweep found: a part neither forwarded nor given back becomes a recovery, and the agency is barred (J2.8, J2.9)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import Document, StoredFile
from caseworks.cases.models import Bar
from caseworks.law.models import Deadline
from caseworks.money.models import Recovery
from dispatch.enums import Cause
from dispatch.models.obligations import Obligation
from dispatch.models.pieces import APPEND_ONLY, signed, yuan


class Finding(models.Model):
    """查实事项: the n-th time that a part was found wanting, with exactly what was then missing.

    `reduced` is what timely returns, confirmed later, took off it. What is repaid stands in the recovery's account.
    """

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="findings", verbose_name="转付义务")
    nth = models.PositiveSmallIntegerField("次")
    cause = models.CharField("原因", max_length=8, choices=Cause.choices)
    as_of = models.DateField("清查日")
    due_on = models.DateField("期限")
    bar_year = models.PositiveSmallIntegerField("取消资格年度")
    amount = yuan("应追回金额", default=None)
    reduced = yuan("冲减")
    evidence = models.JSONField("证据", default=dict)
    recovery = models.OneToOneField(
        Recovery, models.PROTECT, null=True, blank=True, related_name="finding", verbose_name="追回"
    )
    bar = models.ForeignKey(
        Bar, models.PROTECT, null=True, blank=True, related_name="findings", verbose_name="取消资格"
    )
    at = models.DateTimeField("时间")
    label = models.CharField("记录人", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "查实事项"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["obligation", "nth"], name="finding_once"),
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="finding_cause_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="finding_amount_above_nought"),
            models.CheckConstraint(
                condition=Q(reduced__gte=0, amount__gte=F("reduced")), name="finding_not_reduced_below_nought"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], condition=Q(bar__isnull=True), name="finding_without_bar"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="finding_stays_itself",
                operation=pgtrigger.Delete
                | pgtrigger.UpdateOf(
                    "nth", "cause", "as_of", "due_on", "bar_year", "amount", "evidence", "at", "label"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id}#{self.nth} {self.amount}"


class BarPaper(models.Model):
    """拟取消资格告知书 and what the agency answered within its days (J2.9)."""

    bar = models.OneToOneField(Bar, models.PROTECT, related_name="paper", verbose_name="取消资格")
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="告知书"
    )
    deadline = models.ForeignKey(Deadline, models.PROTECT, null=True, related_name="+", verbose_name="申辩期限")

    class Meta:
        verbose_name = verbose_name_plural = "拟取消资格告知"

    def __str__(self) -> str:
        return str(self.bar)


class BarAnswer(models.Model):
    """申辩: what the agency says to a proposed bar; written once."""

    bar = models.ForeignKey(Bar, models.PROTECT, related_name="answers", verbose_name="取消资格")
    text = models.TextField("申辩内容")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="材料")
    on = models.DateField("日期")
    late = models.BooleanField("超过期限", default=False)
    at = models.DateTimeField("时间")
    person = signed("提交人")
    label = models.CharField("提交人（记录）", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "申辩"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(text=""), name="baranswer_says_something")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="baranswer_append_only", operation=APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.bar_id} {self.on}"
