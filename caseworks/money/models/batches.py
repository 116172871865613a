"""Batches: composed by one person, released by another, sent to the bank (N6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from django.db import models
from django.db.models import F, Q

from caseworks.cases.enums import Scheme
from caseworks.law.models import Policy
from caseworks.money.enums import BatchStatus, FiscalStep
from caseworks.money.models.signing import signed
from caseworks.money.triggers import BATCH_GUARDS
from caseworks.people.models import Office

if TYPE_CHECKING:
    from datetime import date

    import pgtrigger

    from caseworks.people.models import Person


class BatchQuerySet(models.QuerySet["Batch"]):
    """Words about batches."""

    def visible_to(self, person: Person, on: date) -> BatchQuerySet:
        """The batches of the offices that a person serves, and of those below them (J1)."""
        from caseworks.people.scope import scope_of

        return cast("BatchQuerySet", scope_of(person, on).limit(self))

    def standing(self) -> BatchQuerySet:
        """Those that were not dissolved."""
        return self.exclude(status=BatchStatus.DISSOLVED)


class Batch(models.Model):
    """拨付批次: drawn up by one person, released by another, then sent to the bank. (N6.2)

    `lines` and `amount` are those of the payments that still are in it.
    """

    batch_no = models.CharField("批次号", max_length=24, unique=True)
    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="政策")
    status = models.CharField("状态", max_length=10, choices=BatchStatus.choices)
    lines = models.PositiveIntegerField("笔数")
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    bank = models.CharField("开户银行", max_length=100, blank=True, default="", help_text="按银行拆分的批次")
    gate = models.JSONField("基金备付（记录）", default=dict, help_text="组批时所依据的基金数据")
    drawn_by = signed("制单人", null=False)
    drawn_at = models.DateTimeField("制单时间")
    drawn_on = models.DateField("制单日期")
    released_by = signed("放行人")
    released_at = models.DateTimeField("放行时间", null=True, blank=True)
    fiscal_steps = models.CharField(
        "财政环节", max_length=40, blank=True, default="", help_text="组批时政策参数要求的环节"
    )
    reported_no = models.CharField("报财政文号", max_length=80, blank=True, default="")
    reported_on = models.DateField("报财政日期", null=True, blank=True)
    reported_by = signed("报财政登记人")
    reported_at = models.DateTimeField("报财政登记时间", null=True, blank=True)
    funded_amount = models.DecimalField("财政到账金额", max_digits=16, decimal_places=2, null=True, blank=True)
    funded_on = models.DateField("财政到账日期", null=True, blank=True)
    voucher_no = models.CharField("财政到账凭证号", max_length=80, blank=True, default="")
    funded_by = signed("财政到账登记人")
    funded_at = models.DateTimeField("财政到账登记时间", null=True, blank=True)
    sent_by = signed("送银行人")
    sent_at = models.DateTimeField("送银行时间", null=True, blank=True)
    sent_on = models.DateField("送银行日期", null=True, blank=True)
    dissolved_because = models.CharField("撤销理由", max_length=300, blank=True, default="")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "拨付批次"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(status__in=BatchStatus.values), name="batch_status_known"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="batch_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("drawn_by")), name="batch_four_eyes"
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=[BatchStatus.RELEASED, BatchStatus.REPORTED, BatchStatus.FUNDED, BatchStatus.SENT]
                )
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="batch_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=BatchStatus.SENT)
                | Q(sent_by__isnull=False, sent_at__isnull=False, sent_on__isnull=False),
                name="batch_sent_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(reported_on__isnull=True, reported_no="")
                | (Q(reported_on__isnull=False) & ~Q(reported_no="")),
                name="batch_reported_with_a_number",
            ),
            models.CheckConstraint(
                condition=Q(funded_on__isnull=True, funded_amount__isnull=True, voucher_no="")
                | (Q(funded_on__isnull=False, funded_amount__gte=F("amount")) & ~Q(voucher_no="")),
                name="batch_funded_with_a_voucher",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[BatchStatus.SENT, BatchStatus.FUNDED])
                | ~Q(fiscal_steps__contains=FiscalStep.REPORT)
                | Q(reported_on__isnull=False),
                name="batch_reported_before_it_goes",
            ),
            models.CheckConstraint(
                condition=~Q(status=BatchStatus.SENT)
                | ~Q(fiscal_steps__contains=FiscalStep.RECEIPT)
                | Q(funded_on__isnull=False),
                name="batch_funded_before_it_goes",
            ),
            models.CheckConstraint(
                condition=~Q(status=BatchStatus.DISSOLVED) | ~Q(dissolved_because=""), name="batch_dissolved_in_words"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["office", "id"], name="batch_office"),
            models.Index(fields=["city_office", "id"], name="batch_city"),
            models.Index(fields=["status", "id"], name="batch_status"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = BATCH_GUARDS

    def __str__(self) -> str:
        return self.batch_no

    @property
    def next_step(self) -> str:
        """What is next: release, report, receipt, send; blank once it went or was dissolved."""
        if self.status == BatchStatus.DRAWN:
            return "release"
        if self.status in (BatchStatus.SENT, BatchStatus.DISSOLVED):
            return ""
        steps = self.fiscal_steps.split(";")
        if FiscalStep.REPORT in steps and self.reported_on is None:
            return FiscalStep.REPORT.value
        if FiscalStep.RECEIPT in steps and self.funded_on is None:
            return FiscalStep.RECEIPT.value
        return "send"

    @property
    def state(self) -> str:
        """Where it stands and what is next, in words."""
        words = {"report": "待报财政", "receipt": "待财政到账", "send": "待送银行"}
        return words.get(self.next_step) or str(self.get_status_display())
