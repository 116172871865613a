"""The bank's own statements beside our movements: lines, what was taken to be the same, and closed months (N6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.money.enums import MatchedBy, MonthStatus
from caseworks.money.models.movements import Movement
from caseworks.money.models.signing import signed
from caseworks.money.triggers import CLOSED_MONTH_GUARDS, append_only
from caseworks.people.models import Office

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person


class OfPool(models.QuerySet["models.Model"]):
    """Words about rows of a city's account."""

    def visible_to(self, person: Person, on: date) -> OfPool:
        """Those of the cities that a person serves; a county's office has no account of its own (J1)."""
        from caseworks.people.scope import scope_of

        scope = scope_of(person, on)
        return self if scope.province else self.filter(office__in=scope.cities | scope.offices)


class Statement(models.Model):
    """银行对账单: a file of the bank's, taken as a whole."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="账户机构")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    read = models.PositiveIntegerField("行数")
    fresh = models.PositiveIntegerField("新增")
    person = signed("导入人")
    label = models.CharField("导入人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    objects = OfPool.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "银行对账单"
        ordering: ClassVar[list[str]] = ["-id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("statement_append_only")]

    def __str__(self) -> str:
        return self.name


class StatementLine(models.Model):
    """A line of a statement. Out is positive, in negative, as movements are; `key` is what makes it the same line."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="rows", verbose_name="对账单")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="账户机构")
    month = models.CharField("月份", max_length=7)
    key = models.CharField("标识", max_length=64)
    on = models.DateField("日期")
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2, help_text="支出为正，收入为负")
    serial = models.CharField("银行流水号", max_length=80, blank=True, default="")
    reference = models.CharField("摘要附言", max_length=300, blank=True, default="")
    counterparty = models.CharField("对方户名", max_length=200, blank=True, default="")
    account_tail = models.CharField("对方账号末四位", max_length=4, blank=True, default="")
    payment_no = models.CharField("支付编号", max_length=24, blank=True, default="", help_text="摘要附言中的")
    batch_no = models.CharField("批次号", max_length=24, blank=True, default="", help_text="摘要附言中的")
    settled_because = models.CharField("核实说明", max_length=300, blank=True, default="")
    settled_by = signed("核实人")
    settled_label = models.CharField("核实人（记录）", max_length=200, blank=True, default="")
    settled_at = models.DateTimeField("核实时间", null=True, blank=True)

    objects = OfPool.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "对账单明细"
        ordering: ClassVar[list[str]] = ["on", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["office", "key"], name="statementline_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="statementline_is_some_money"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_because="")
                | (Q(settled_at__isnull=False) & ~Q(settled_because="")),
                name="statementline_settled_in_words",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["office", "month", "id"], name="statementline_month"),
            models.Index(fields=["payment_no"], condition=~Q(payment_no=""), name="statementline_payment"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="statementline_stays_itself",
                operation=pgtrigger.UpdateOf(
                    "statement_id", "office_id", "month", "key", "on", "amount", "serial", "reference", "counterparty",
                    "account_tail", "payment_no", "batch_no",
                ),
            ),
            pgtrigger.Protect(name="statementline_kept", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.on} {self.amount}"


class Match(models.Model):
    """勾对: a movement that a line of a statement holds. A line may hold many (one sum for a batch), never the reverse."""

    movement = models.OneToOneField(Movement, models.PROTECT, related_name="match", verbose_name="流水")
    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="matches", verbose_name="对账单明细")
    by = models.CharField("依据", max_length=10, choices=MatchedBy.choices)
    label = models.CharField("勾对人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "勾对"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(by__in=MatchedBy.values), name="match_by_known")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = CLOSED_MONTH_GUARDS

    def __str__(self) -> str:
        return f"{self.movement_id} {self.get_by_display()}"


class MovementNote(models.Model):
    """A movement that no statement holds, settled in words; a later statement may still hold it."""

    movement = models.OneToOneField(Movement, models.PROTECT, related_name="note", verbose_name="流水")
    because = models.CharField("核实说明", max_length=300)
    person = signed("核实人")
    label = models.CharField("核实人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "未达账说明"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(because=""), name="movementnote_in_words")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("movementnote_append_only")]

    def __str__(self) -> str:
        return f"{self.movement_id} {self.because}"


class ReconciledMonth(models.Model):
    """月度对账: the sums of a month on both sides, handed over by one person and closed by another.

    `ours` are the movements of the month, `banks` the lines; `ours_apart` and `banks_apart` what stands on one side alone
    (settled in words, or matched across months). ours − ours_apart = banks − banks_apart.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="账户机构")
    month = models.CharField("月份", max_length=7)
    status = models.CharField("状态", max_length=10, choices=MonthStatus.choices)
    ours_count = models.PositiveIntegerField("流水笔数")
    ours = models.DecimalField("流水合计", max_digits=16, decimal_places=2)
    ours_apart = models.DecimalField("只在流水", max_digits=16, decimal_places=2)
    banks_count = models.PositiveIntegerField("对账单笔数")
    banks = models.DecimalField("对账单合计", max_digits=16, decimal_places=2)
    banks_apart = models.DecimalField("只在对账单", max_digits=16, decimal_places=2)
    proposed_by = signed("提请人", null=False)
    proposed_label = models.CharField("提请人（记录）", max_length=200)
    proposed_at = models.DateTimeField("提请时间")
    closed_by = signed("关账人")
    closed_label = models.CharField("关账人（记录）", max_length=200, blank=True, default="")
    closed_at = models.DateTimeField("关账时间", null=True, blank=True)
    reopened_because = models.CharField("重开理由", max_length=300, blank=True, default="")
    reopened_by = signed("重开人")
    reopened_at = models.DateTimeField("重开时间", null=True, blank=True)

    objects = OfPool.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "月度对账"
        ordering: ClassVar[list[str]] = ["-month", "office"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["office", "month"],
                condition=Q(status__in=[MonthStatus.PROPOSED, MonthStatus.CLOSED]),
                name="reconciledmonth_once",
            ),
            models.CheckConstraint(condition=Q(status__in=MonthStatus.values), name="reconciledmonth_status_known"),
            models.CheckConstraint(
                condition=Q(ours=F("banks") + F("ours_apart") - F("banks_apart")), name="reconciledmonth_balances"
            ),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True) | ~Q(closed_by=F("proposed_by")), name="reconciledmonth_four_eyes"
            ),
            models.CheckConstraint(
                condition=~Q(status=MonthStatus.CLOSED) | Q(closed_by__isnull=False, closed_at__isnull=False),
                name="reconciledmonth_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=MonthStatus.REOPENED) | ~Q(reopened_because=""),
                name="reconciledmonth_reopened_in_words",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="reconciledmonth_kept", operation=pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.month}"
