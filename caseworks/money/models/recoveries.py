"""Money that was wrongly paid and is claimed back: the claim, each entry in its account, each repayment (N6.2, J2.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import Document, StoredFile
from caseworks.cases.enums import Scheme
from caseworks.cases.models import Case
from caseworks.money.enums import OWING, EntryKind, RecoveryKind, RecoveryOrigin, RecoveryStatus, RepaymentStatus
from caseworks.money.models.payments import Payment
from caseworks.money.models.signing import signed
from caseworks.money.triggers import RECOVERY_GUARDS, append_only
from caseworks.people.models import Office

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

TONES = {"proposed": "grey", "open": "amber", "handed_over": "red", "closed": "green", "withdrawn": "grey"}


class RecoveryQuerySet(models.QuerySet["Recovery"]):
    """Words about recoveries."""

    def visible_to(self, person: Person, on: date) -> RecoveryQuerySet:
        """The recoveries of the offices that a person serves, and of those below them (J1)."""
        from caseworks.people.scope import scope_of

        return cast("RecoveryQuerySet", scope_of(person, on).limit(self))

    def owing(self) -> RecoveryQuerySet:
        """Claimed and not yet given back; one that is only proposed counts, and so does one handed over."""
        return self.filter(status__in=OWING)

    def overdue(self, on: date) -> RecoveryQuerySet:
        """Whose term has ended and of which something is still owed."""
        return self.filter(status=RecoveryStatus.OPEN, due_on__lt=on)


class Recovery(models.Model):
    """追回: an amount that a subject is to give back, under a key that makes it one, however often it is found.

    `reduced` is what turned out not to be owed, `repaid` the sum of the confirmed repayments; the rest is owed.
    """

    key = models.CharField("标识", max_length=120, unique=True)
    kind = models.CharField("类别", max_length=12, choices=RecoveryKind.choices)
    origin = models.CharField("发现方式", max_length=16, choices=RecoveryOrigin.choices)
    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    subject = models.CharField("对象", max_length=64, help_text="单位为统一社会信用代码，个人为证件号码的散列值")
    name = models.CharField("名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="recoveries", verbose_name="业务件"
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="recoveries", verbose_name="支付"
    )
    amount = models.DecimalField("应追回金额", max_digits=14, decimal_places=2)
    reduced = models.DecimalField("冲减", max_digits=14, decimal_places=2, default=0)
    repaid = models.DecimalField("已退还", max_digits=14, decimal_places=2, default=0)
    status = models.CharField("状态", max_length=12, choices=RecoveryStatus.choices)
    reason = models.TextField("事实")
    basis = models.CharField("依据", max_length=500)
    found_on = models.DateField("发现日期")
    found_at = models.DateTimeField("登记时间")
    found_by = signed("登记人")
    found_label = models.CharField("登记人（记录）", max_length=200)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = signed("确认人")
    confirmed_label = models.CharField("确认人（记录）", max_length=200, blank=True, default="")
    due_on = models.DateField("退还期限", null=True, blank=True)
    ended_on = models.DateField("结案或移交日期", null=True, blank=True)

    objects = RecoveryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "追回"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(kind__in=RecoveryKind.values), name="recovery_kind_known"),
            models.CheckConstraint(condition=Q(origin__in=RecoveryOrigin.values), name="recovery_origin_known"),
            models.CheckConstraint(condition=Q(status__in=RecoveryStatus.values), name="recovery_status_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="recovery_amount_above_nought"),
            models.CheckConstraint(condition=Q(reduced__gte=0), name="recovery_reduced_not_negative"),
            models.CheckConstraint(condition=Q(repaid__gte=0), name="recovery_repaid_not_negative"),
            models.CheckConstraint(
                condition=(
                    Q(status=RecoveryStatus.CLOSED, amount=F("reduced") + F("repaid"))
                    | Q(status=RecoveryStatus.WITHDRAWN, amount=F("reduced"))
                    | (Q(status__in=OWING) & Q(amount__gt=F("reduced") + F("repaid")))
                ),
                name="recovery_ends_when_nothing_is_owed",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(basis=""), name="recovery_explained"),
            models.CheckConstraint(
                condition=Q(found_by__isnull=True) | Q(confirmed_by__isnull=True) | ~Q(found_by=F("confirmed_by")),
                name="recovery_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=False)
                | Q(status__in=[RecoveryStatus.PROPOSED, RecoveryStatus.WITHDRAWN]),
                name="recovery_confirmed_by_somebody",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["office", "id"], name="recovery_office"),
            models.Index(fields=["city_office", "id"], name="recovery_city"),
            models.Index(fields=["subject", "year"], name="recovery_subject"),
            models.Index(fields=["due_on", "id"], condition=Q(status=RecoveryStatus.OPEN), name="recovery_open"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = RECOVERY_GUARDS

    def __str__(self) -> str:
        return f"{self.name} {self.year} {self.get_kind_display()} {self.amount}"

    @property
    def number(self) -> str:
        """追回编号, to be written on the transfer that pays it back."""
        return f"ZH{self.year}{self.pk:06d}"

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES[self.status]

    @property
    def owed(self) -> Decimal:
        """What is still to be given back."""
        return Decimal(self.amount - self.reduced - self.repaid)


class RecoveryEntry(models.Model):
    """追回台账: one line of a recovery's account. Written once; `ref` makes one of a kind come once only."""

    recovery = models.ForeignKey(Recovery, models.PROTECT, related_name="entries", verbose_name="追回")
    kind = models.CharField("事项", max_length=12, choices=EntryKind.choices)
    ref = models.CharField("凭据", max_length=120, blank=True, default="")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2, default=0, help_text="应追回为正，其余为负")
    on = models.DateField("日期")
    note = models.TextField("说明", blank=True, default="")
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="文书")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="附件")
    at = models.DateTimeField("登记时间")
    person = signed("办理人")
    label = models.CharField("办理人（记录）", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "追回台账"
        ordering: ClassVar[list[str]] = ["recovery_id", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["recovery", "kind", "ref"], condition=~Q(ref=""), name="recoveryentry_ref_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="recoveryentry_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.FOUND, amount__gt=0)
                | Q(kind__in=[EntryKind.REDUCED, EntryKind.REPAID], amount__lt=0)
                | (~Q(kind__in=[EntryKind.FOUND, EntryKind.REDUCED, EntryKind.REPAID]) & Q(amount=0)),
                name="recoveryentry_signed_by_kind",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("recoveryentry_append_only")]

    def __str__(self) -> str:
        return f"{self.recovery_id} {self.get_kind_display()} {self.amount}"


class Repayment(models.Model):
    """退还: money that came back for a recovery; it counts once a second person has confirmed it on the bank's word.

    A bank reference is used once, ever, but by one that was rejected.
    """

    recovery = models.ForeignKey(Recovery, models.PROTECT, related_name="repayments", verbose_name="追回")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    on = models.DateField("到账日期")
    bank_ref = models.CharField("银行流水号", max_length=80)
    payer = models.CharField("付款人", max_length=200, blank=True, default="")
    note = models.CharField("说明", max_length=300, blank=True, default="")
    status = models.CharField("状态", max_length=10, choices=RepaymentStatus.choices)
    entered_at = models.DateTimeField("登记时间")
    entered_by = signed("登记人")
    entered_label = models.CharField("登记人（记录）", max_length=200)
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    decided_by = signed("确认人")
    decided_label = models.CharField("确认人（记录）", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "退还"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["bank_ref"], condition=~Q(status=RepaymentStatus.REJECTED), name="repayment_bank_ref_once"
            ),
            models.CheckConstraint(condition=Q(status__in=RepaymentStatus.values), name="repayment_status_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="repayment_amount_above_nought"),
            models.CheckConstraint(condition=~Q(bank_ref=""), name="repayment_has_its_bank_ref"),
            models.CheckConstraint(
                condition=Q(status=RepaymentStatus.ENTERED, decided_at__isnull=True)
                | (~Q(status=RepaymentStatus.ENTERED) & Q(decided_at__isnull=False)),
                name="repayment_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(entered_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(entered_by=F("decided_by")),
                name="repayment_four_eyes",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], condition=Q(status=RepaymentStatus.ENTERED), name="repayment_waiting")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="repayment_stays_itself",
                operation=pgtrigger.UpdateOf("recovery_id", "amount", "on", "bank_ref", "entered_by_id"),
            ),
            pgtrigger.Protect(name="repayment_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.bank_ref} {self.amount}"
