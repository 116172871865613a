"""How the money was used: who owes a report, what each report says line by line, what came of looking at it (N2.4, J2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import StoredFile
from caseworks.cases.enums import Scheme
from caseworks.money.enums import UseCategory, UseStatus, UseWhy
from caseworks.money.models.recoveries import Recovery
from caseworks.money.models.signing import signed
from caseworks.money.triggers import append_only
from caseworks.people.models import Office

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person


class UseLineQuerySet(models.QuerySet["UseLine"]):
    """Words about lines."""

    def current(self) -> UseLineQuerySet:
        """Those of the last handing-in: the ones that count."""
        return self.filter(handing=F("report__handing"))


class UseReportQuerySet(models.QuerySet["UseReport"]):
    """Words about reports."""

    def visible_to(self, person: Person, on: date) -> UseReportQuerySet:
        """Those of the offices that a person serves, and of those below them (J1)."""
        from caseworks.people.scope import scope_of

        return cast("UseReportQuerySet", scope_of(person, on).limit(self))

    def owing(self) -> UseReportQuerySet:
        """Asked for and not handed in, or sent back."""
        return self.filter(status__in=[UseStatus.ASKED, UseStatus.SENT_BACK])

    def overdue(self, on: date) -> UseReportQuerySet:
        """Owed beyond their day."""
        return self.owing().filter(due_on__lt=on)


class UseReport(models.Model):
    """资金使用情况报告 of a unit for a scheme and year. The lines of a later handing-in take the place of the earlier.

    `received` is what the unit was paid of its own; `total`, the sum of the lines that count, never exceeds it.
    """

    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    subject = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    why = models.CharField("缘由", max_length=10, choices=UseWhy.choices)
    status = models.CharField("状态", max_length=10, choices=UseStatus.choices)
    received = models.DecimalField("收到金额", max_digits=14, decimal_places=2)
    total = models.DecimalField("已使用金额", max_digits=14, decimal_places=2, default=0)
    handing = models.PositiveSmallIntegerField("第几次提交", default=0)
    due_on = models.DateField("提交期限", null=True, blank=True)
    asked_at = models.DateTimeField("通知时间", null=True, blank=True)
    asked_label = models.CharField("通知人（记录）", max_length=200, blank=True, default="")
    handed_at = models.DateTimeField("提交时间", null=True, blank=True)
    handed_by = signed("提交人")
    handed_label = models.CharField("提交人（记录）", max_length=200, blank=True, default="")
    checked_at = models.DateTimeField("核对时间", null=True, blank=True)
    checked_by = signed("核对人")
    checked_label = models.CharField("核对人（记录）", max_length=200, blank=True, default="")
    opinion = models.CharField("核对意见", max_length=500, blank=True, default="")
    recovery = models.ForeignKey(
        Recovery, models.PROTECT, null=True, blank=True, related_name="use_reports", verbose_name="追回"
    )

    objects = UseReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资金使用情况报告"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "year", "subject"], name="usereport_once_a_year"),
            models.CheckConstraint(condition=Q(status__in=UseStatus.values), name="usereport_status_known"),
            models.CheckConstraint(condition=Q(why__in=UseWhy.values), name="usereport_why_known"),
            models.CheckConstraint(
                condition=Q(total__gte=0, total__lte=F("received")), name="usereport_no_more_than_received"
            ),
            models.CheckConstraint(
                condition=Q(handed_by__isnull=True) | Q(checked_by__isnull=True) | ~Q(handed_by=F("checked_by")),
                name="usereport_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[UseStatus.CHECKED, UseStatus.MISUSED]) | Q(checked_at__isnull=False),
                name="usereport_checked_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=UseStatus.MISUSED) | Q(recovery__isnull=False), name="usereport_misuse_is_claimed"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["office", "id"], name="usereport_office"),
            models.Index(fields=["city_office", "id"], name="usereport_city"),
            models.Index(fields=["year", "status", "id"], name="usereport_status"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="usereport_stays_itself",
                operation=pgtrigger.Delete | pgtrigger.UpdateOf("scheme", "year", "subject"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.year} 资金使用情况报告"


class UseLine(models.Model):
    """One use of money, with its voucher."""

    report = models.ForeignKey(UseReport, models.PROTECT, related_name="lines", verbose_name="报告")
    handing = models.PositiveSmallIntegerField("第几次提交")
    position = models.PositiveSmallIntegerField("序号")
    category = models.CharField("用途", max_length=12, choices=UseCategory.choices)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    on = models.DateField("支出日期")
    note = models.CharField("说明", max_length=200, blank=True, default="")
    voucher = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="凭证"
    )

    objects = UseLineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资金使用明细"
        ordering: ClassVar[list[str]] = ["report_id", "handing", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["report", "handing", "position"], name="useline_position"),
            models.CheckConstraint(condition=Q(category__in=UseCategory.values), name="useline_category_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="useline_amount_above_nought"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("useline_append_only")]

    def __str__(self) -> str:
        return f"{self.get_category_display()} {self.amount}"
