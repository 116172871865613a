"""What an agency owes to a host once the bank has credited it: obligations, and money given back to the fund (J2.7, J2.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.law.models import Deadline
from caseworks.money.models import Payment
from dispatch.enums import Closure, ObligationStatus
from dispatch.models.applications import Share
from dispatch.models.pieces import APPEND_ONLY, ScopedQuerySet, placed, signed, yuan

if TYPE_CHECKING:
    from datetime import date

# What is still to be forwarded or given back, as SQL of the alias `o`: in time, not claimed, not waiting for a clerk.
LEFT = "(o.amount - o.verified - o.pending - o.returned - o.claimed)"


class ObligationQuerySet(ScopedQuerySet["Obligation"]):
    """Words about obligations."""

    def of_year(self, year: int) -> ObligationQuerySet:
        """Of one policy year."""
        return self.filter(year=year)

    def of_agency(self, uscc: str) -> ObligationQuerySet:
        """An agency's own."""
        return self.filter(uscc=uscc)

    def standing(self) -> ObligationQuerySet:
        """Not closed: of money that is with the agency, for a part that counts."""
        return self.exclude(status=ObligationStatus.CLOSED)

    def open(self) -> ObligationQuerySet:
        """Neither settled nor claimed back."""
        return self.filter(status=ObligationStatus.OPEN)

    def overdue(self, on: date) -> ObligationQuerySet:
        """Open, the deadline is before the day, and waiting vouchers do not cover it; a provisional one never is."""
        covered = F("verified") + F("pending") + F("returned") + F("claimed")
        return self.open().filter(provisional=False, due_on__lt=on, amount__gt=covered)

    def left(self) -> ObligationQuerySet:
        """With what is left to do as `to_do` (vouchers that wait are not taken off)."""
        return self.annotate(to_do=F("amount") - F("verified") - F("returned") - F("claimed"))


class Obligation(models.Model):
    """转付义务: a host's part of a credited payment, due at the end of the 30th working day after the credit (J2.7).

    The sums repeat the vouchers, returns and findings that count (`obligations.tally` is their only writer, the books
    compare them); `due_on` and `provisional` repeat the deadline, or the extension.
    """

    share = models.ForeignKey(Share, models.PROTECT, related_name="obligations", verbose_name="份额")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="obligations", verbose_name="支付")
    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="+", verbose_name="期限")
    uscc = models.CharField("派遣单位", max_length=18)
    name = models.CharField("单位名称", max_length=200)
    year = models.PositiveSmallIntegerField("政策年度")
    host_uscc = models.CharField("用工单位代码", max_length=18)
    host_name = models.CharField("用工单位名称", max_length=200, blank=True)
    region = models.CharField("行政区划代码", max_length=6)
    office = placed()
    city_office = placed("所属市级机构")
    amount = yuan("应转付金额", default=None)
    credited_on = models.DateField("到账日期")
    due_on = models.DateField("期限")
    provisional = models.BooleanField("预计", default=False)
    status = models.CharField("状态", max_length=8, choices=ObligationStatus.choices, default=ObligationStatus.OPEN)
    verified = yuan("已核实转付")
    pending = yuan("待核对")
    returned = yuan("按期退回")
    returned_late = yuan("期限后退回")
    claimed = yuan("责令退回")
    extended_to = models.DateField("延至", null=True, blank=True)
    extended_because = models.CharField("延期理由", max_length=300, blank=True, default="")
    extended_label = models.CharField("延期决定人", max_length=200, blank=True, default="")
    extended_at = models.DateTimeField("延期时间", null=True, blank=True)
    opened_at = models.DateTimeField("建立时间")
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    closed_because = models.CharField("关闭原因", max_length=10, choices=Closure.choices, blank=True, default="")
    excused_at = models.DateTimeField("免除时间", null=True, blank=True)
    excused_because = models.CharField("免除理由", max_length=300, blank=True, default="")
    excused_label = models.CharField("免除决定人", max_length=200, blank=True, default="")

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "转付义务"
        ordering: ClassVar[list[str]] = ["due_on", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["share", "payment"], name="obligation_once_a_payment"),
            models.CheckConstraint(condition=Q(status__in=ObligationStatus.values), name="obligation_status_known"),
            models.CheckConstraint(
                condition=Q(
                    amount__gte=0, verified__gte=0, pending__gte=0, returned__gte=0, returned_late__gte=0,
                    claimed__gte=0,
                ),
                name="obligation_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=F("verified") + F("pending") + F("returned") + F("claimed"))
                | Q(status=ObligationStatus.CLOSED),
                name="obligation_not_more_than_the_part",
            ),
            models.CheckConstraint(
                condition=Q(status=ObligationStatus.CLOSED, closed_at__isnull=False)
                | (~Q(status=ObligationStatus.CLOSED) & Q(closed_at__isnull=True)),
                name="obligation_closed_some_time",
            ),
            models.CheckConstraint(
                condition=Q(extended_to__isnull=True) | ~Q(extended_because=""), name="obligation_extended_with_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(status=ObligationStatus.EXCUSED) | ~Q(excused_because=""),
                name="obligation_excused_with_a_reason",
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_on", "id"], condition=Q(status=ObligationStatus.OPEN), name="obligation_open"),
            models.Index(fields=["office", "due_on", "id"], name="obligation_office"),
            models.Index(fields=["city_office", "due_on", "id"], name="obligation_city"),
            models.Index(fields=["uscc", "year", "host_uscc"], name="obligation_agency"),
            models.Index(fields=["host_uscc", "id"], name="obligation_host"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="obligation_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="obligation_stays_itself",
                fields=["share", "payment", "deadline", "uscc", "year", "host_uscc", "amount", "credited_on"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.host_name or self.host_uscc} {self.amount}"

    @property
    def remaining(self) -> Decimal:
        """What is neither proved, given back nor claimed back yet; vouchers that wait are not taken off."""
        return self.amount - self.verified - self.returned - self.claimed

    @property
    def covered(self) -> bool:
        """Do vouchers that wait for a clerk cover all that is left? Then the agency has nothing to do for now."""
        return self.status == ObligationStatus.OPEN and self.pending >= self.remaining > 0


class FundReturn(models.Model):
    """退回: money that an agency gave back to the fund for a host's part, by the fund's bank receipt (J2.8).

    One that came up to the deadline settles the part; a later one repays what is claimed back. `reduced` is how much of
    a timely one, booked late, took off a recovery; `repaid` how much of a late one was put to recoveries.
    """

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="fund_returns", verbose_name="转付义务")
    amount = yuan("金额", default=None)
    returned_on = models.DateField("退回日期")
    bank_ref = models.CharField("银行流水号", max_length=80, unique=True)
    confirmed_on = models.DateField("确认日期")
    reduced = yuan("冲减追回")
    repaid = yuan("抵作退还")
    person = signed("确认人")
    label = models.CharField("确认人（记录）", max_length=200)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "退回基金"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="fundreturn_amount_above_nought"),
            models.CheckConstraint(condition=~Q(bank_ref=""), name="fundreturn_has_its_bank_ref"),
            models.CheckConstraint(
                condition=Q(reduced__gte=0, repaid__gte=0, amount__gte=F("reduced") + F("repaid")),
                name="fundreturn_used_once",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="fundreturn_stays_itself",
                operation=pgtrigger.Delete
                | pgtrigger.UpdateOf("amount", "returned_on", "bank_ref", "confirmed_on", "person_id", "label"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.bank_ref} {self.amount}"


class ObligationLine(models.Model):
    """What people decided about an obligation, in words: an extension, an excuse, a change of shares. Written once."""

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="lines", verbose_name="转付义务")
    what = models.CharField("事项", max_length=40)
    note = models.TextField("说明", blank=True, default="")
    data = models.JSONField("附记", default=dict, blank=True)
    at = models.DateTimeField("时间")
    person = signed("办理人")
    label = models.CharField("办理人（记录）", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "转付经过"
        ordering: ClassVar[list[str]] = ["obligation_id", "id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="obligationline_append_only", operation=APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.what}"
