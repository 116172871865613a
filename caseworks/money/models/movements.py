"""What was handed to the bank and what came of it: bank files, result files, movements (N6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Exists, OuterRef, Q

from caseworks.money.enums import MovementKind
from caseworks.money.models.batches import Batch
from caseworks.money.models.payments import Payment
from caseworks.money.models.recoveries import Repayment
from caseworks.money.models.signing import signed
from caseworks.money.triggers import append_only

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Office, Person


class BankFile(models.Model):
    """One issue of a batch's bank file; the first is the original, all others are marked 重复件."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="bank_files", verbose_name="批次")
    issue = models.PositiveSmallIntegerField("第几次")
    lines = models.PositiveIntegerField("笔数")
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    digest = models.CharField("明细摘要", max_length=64)
    reason = models.CharField("重复出具理由", max_length=300, blank=True, default="")
    person = signed("出具人")
    label = models.CharField("出具人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "银行文件"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["batch", "issue"], name="bankfile_issue_once"),
            models.CheckConstraint(condition=Q(issue=1) | ~Q(reason=""), name="bankfile_repeated_with_a_reason"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("bankfile_append_only")]

    def __str__(self) -> str:
        return f"{self.batch_id}#{self.issue}"


class ResultFileQuerySet(models.QuerySet["ResultFile"]):
    """Words about files of results."""

    def visible_to(self, person: Person, on: date) -> ResultFileQuerySet:
        """Those that said something of a payment that the person sees, and those that the person booked (J1)."""
        from caseworks.people.scope import scope_of

        scope = scope_of(person, on)
        if scope.province:
            return self
        seen = scope.limit(Payment.objects.filter(result_file=OuterRef("pk")))
        return self.filter(Exists(seen) | Q(person=person))


class ResultFile(models.Model):
    """A file of bank results that was booked as a whole (contract 5)."""

    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    read = models.PositiveIntegerField("行数")
    paid = models.PositiveIntegerField("成功")
    returned = models.PositiveIntegerField("退回")
    unchanged = models.PositiveIntegerField("已登记过")
    person = signed("登记人")
    label = models.CharField("登记人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    objects = ResultFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "银行回盘"
        ordering: ClassVar[list[str]] = ["-id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("resultfile_append_only")]

    def __str__(self) -> str:
        return self.name


class MovementQuerySet(models.QuerySet["Movement"]):
    """Words about movements."""

    def of_pool(self, office: Office) -> MovementQuerySet:
        """Those of a city's account: payments and repayments of all its offices."""
        return self.filter(Q(payment__city_office=office) | Q(repayment__recovery__city_office=office))

    def open(self) -> MovementQuerySet:
        """Found in no bank statement, and settled by nobody."""
        return self.filter(match__isnull=True, note__isnull=True)


class Movement(models.Model):
    """资金流水: what left the fund for a payment, what the bank brought back, what was repaid or given back. Written once.

    `bank_ref` is the fund's own receipt where somebody gave a part of a payment back unasked (J2.8).
    """

    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="movements", verbose_name="支付"
    )
    repayment = models.OneToOneField(
        Repayment, models.PROTECT, null=True, blank=True, related_name="movement", verbose_name="退还"
    )
    kind = models.CharField("类别", max_length=10, choices=MovementKind.choices)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2, help_text="拨付为正，退汇、退还和退回为负")
    on = models.DateField("日期")
    at = models.DateTimeField("登记时间")
    bank_ref = models.CharField("银行流水号", max_length=80, blank=True, default="")
    result_file = models.ForeignKey(
        ResultFile, models.PROTECT, null=True, blank=True, related_name="movements", verbose_name="回盘文件"
    )

    objects = MovementQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资金流水"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["on", "id"], name="movement_day")]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["payment", "kind"], condition=~Q(kind=MovementKind.GIVEN_BACK), name="movement_once"
            ),
            models.UniqueConstraint(fields=["bank_ref"], condition=~Q(bank_ref=""), name="movement_given_back_once"),
            models.CheckConstraint(
                condition=Q(kind=MovementKind.PAID, amount__gt=0)
                | Q(kind__in=[MovementKind.RETURNED, MovementKind.REPAID, MovementKind.GIVEN_BACK], amount__lt=0),
                name="movement_signed_by_kind",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind=MovementKind.REPAID, repayment__isnull=False, payment__isnull=True, bank_ref="")
                    | (
                        Q(kind=MovementKind.GIVEN_BACK, repayment__isnull=True, payment__isnull=False)
                        & Q(result_file__isnull=True)
                        & ~Q(bank_ref="")
                    )
                    | (
                        ~Q(kind__in=[MovementKind.REPAID, MovementKind.GIVEN_BACK])
                        & Q(repayment__isnull=True, payment__isnull=False, result_file__isnull=False, bank_ref="")
                    )
                ),
                name="movement_has_its_cause",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("movement_append_only")]

    def __str__(self) -> str:
        return f"{self.payment_id or self.repayment_id} {self.get_kind_display()} {self.amount}"
