"""Payments: from a cleared case to money on an account (N5.2, N6.2, N6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from django.db import models
from django.db.models import F, Q

from caseworks.base.enums import PaidTo
from caseworks.base.sealed import HashField, SealedField
from caseworks.cases.enums import Scheme
from caseworks.cases.models import Case
from caseworks.money.enums import LIVE, PaymentStatus
from caseworks.money.models.batches import Batch
from caseworks.money.models.signing import signed
from caseworks.money.triggers import PAYMENT_GUARDS
from caseworks.people.models import Office
from caseworks.registry.models import Account, AccountDeclaration

if TYPE_CHECKING:
    from datetime import date

    import pgtrigger

    from caseworks.people.models import Person


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Words about payments."""

    def visible_to(self, person: Person, on: date) -> PaymentQuerySet:
        """The payments of the offices that a person serves, and of those below them (J1)."""
        from caseworks.people.scope import scope_of

        return cast("PaymentQuerySet", scope_of(person, on).limit(self))

    def live(self) -> PaymentQuerySet:
        """On their way or arrived: no second one of the same case may stand beside them."""
        return self.filter(status__in=LIVE)

    def attempts(self) -> PaymentQuerySet:
        """All that were not taken out before they left the bureau."""
        return self.exclude(status=PaymentStatus.CANCELLED)


class Payment(models.Model):
    """支付: one attempt to pay a case, with the account as it was when it was drawn up (N5.2, N6.5).

    Attempts are counted by scheme, year and subject. Once the bank returned one, another may be made to a mended
    account; the old one stays.
    """

    payment_no = models.CharField("支付编号", max_length=24, unique=True)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="payments", verbose_name="批次", db_index=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="payments", verbose_name="业务件")
    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    subject = models.CharField("对象", max_length=64)
    share = models.CharField("份额", max_length=40, blank=True, default="")
    attempt = models.PositiveSmallIntegerField("次")
    name = models.CharField("名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="账户")
    account_kind = models.CharField("账户类型", max_length=10, choices=PaidTo.choices)
    account_no = SealedField("银行账号")
    account_hash = HashField("银行账号检索码", of="account_no")
    account_tail = models.CharField("账号末四位", max_length=4)
    account_name = models.CharField("户名", max_length=200)
    bank_name = models.CharField("开户银行", max_length=200, blank=True)
    bank_code = models.CharField("联行号", max_length=40, blank=True)
    account_source = models.CharField("账户来源", max_length=200, blank=True, default="")
    account_on = models.DateField("账户登记日期", null=True, blank=True)
    declaration = models.ForeignKey(
        AccountDeclaration, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="无对公账户声明"
    )
    status = models.CharField("状态", max_length=10, choices=PaymentStatus.choices)
    sent_on = models.DateField("送银行日期", null=True, blank=True)
    paid_on = models.DateField("到账日期", null=True, blank=True)
    returned_on = models.DateField("退回日期", null=True, blank=True)
    result_file = models.ForeignKey(
        "money.ResultFile", models.PROTECT, null=True, blank=True, related_name="payments", verbose_name="回盘文件"
    )
    reason = models.CharField("退回或移出原因", max_length=300, blank=True, default="")
    kept_because = models.CharField("账户无误的核实说明", max_length=300, blank=True, default="")
    kept_by = signed("核实人")
    kept_at = models.DateTimeField("核实时间", null=True, blank=True)
    resent_by = signed("重新支付确认人")
    resent_at = models.DateTimeField("重新支付确认时间", null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "支付"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case"], condition=Q(status__in=LIVE), name="payment_one_live_a_case"),
            models.UniqueConstraint(
                fields=["scheme", "year", "subject", "share", "attempt"],
                condition=~Q(status=PaymentStatus.CANCELLED),
                name="payment_attempt_once",
            ),
            models.CheckConstraint(condition=Q(status__in=PaymentStatus.values), name="payment_status_known"),
            models.CheckConstraint(condition=Q(account_kind__in=PaidTo.values), name="payment_account_kind_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_above_nought"),
            models.CheckConstraint(
                condition=Q(status__in=[PaymentStatus.DRAWN, PaymentStatus.CANCELLED]) | Q(sent_on__isnull=False),
                name="payment_sent_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status=PaymentStatus.PAID) | Q(paid_on__isnull=False, returned_on__isnull=True),
                name="payment_paid_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(status=PaymentStatus.RETURNED, returned_on__isnull=False)
                | (~Q(status=PaymentStatus.RETURNED) & Q(returned_on__isnull=True)),
                name="payment_returned_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True) | Q(returned_on__isnull=True) | Q(returned_on__gt=F("paid_on")),
                name="payment_returned_after_it_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(kept_by__isnull=True) | Q(resent_by__isnull=True) | ~Q(kept_by=F("resent_by")),
                name="payment_account_kept_by_two",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["batch", "status"], include=["amount"], name="payment_batch"),
            models.Index(fields=["year", "office", "id"], name="payment_office"),
            models.Index(fields=["year", "city_office", "id"], name="payment_city"),
            models.Index(fields=["year", "subject", "attempt"], name="payment_subject"),
            models.Index(fields=["year", "status", "id"], name="payment_status"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = PAYMENT_GUARDS

    def __str__(self) -> str:
        return self.payment_no
