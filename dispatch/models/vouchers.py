"""Vouchers: an agency's proof that it paid a host (J2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import StoredFile
from dispatch.enums import Channel, VoucherReason, VoucherStatus
from dispatch.models.obligations import Obligation
from dispatch.models.pieces import ScopedQuerySet, placed, signed, yuan

if TYPE_CHECKING:
    from datetime import date

GONE = (VoucherStatus.REJECTED,)
# A receipt number and a file belong to one part for good; one that was forged is spent (contract 3).
_ONCE_EVER = """
    IF EXISTS (
        SELECT FROM dispatch_voucher v
        WHERE (v.receipt_no = NEW.receipt_no OR (NEW.sha256 <> '' AND v.sha256 = NEW.sha256)) AND v.id <> NEW.id
          AND ((v.uscc, v.year, v.host_uscc) <> (NEW.uscc, NEW.year, NEW.host_uscc) OR v.forged)
    ) THEN
        RAISE EXCEPTION 'voucher_once_ever' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
"""


class VoucherQuerySet(ScopedQuerySet["Voucher"]):
    """Words about vouchers."""

    def of_agency(self, uscc: str) -> VoucherQuerySet:
        """An agency's own."""
        return self.filter(uscc=uscc)

    def waiting(self) -> VoucherQuerySet:
        """To be looked at by a clerk, or by a second person."""
        return self.filter(status=VoucherStatus.PENDING)

    def waiting_for_second(self) -> VoucherQuerySet:
        """With a first opinion, above the amount band."""
        return self.waiting().exclude(first_decision="")

    def waiting_since(self, before: date) -> VoucherQuerySet:
        """Handed in before a day and not decided: red on the desk."""
        return self.waiting().filter(entered_on__lt=before)


class Voucher(models.Model):
    """凭证: a bank receipt for a host's part, decided once. Counts by `paid_on` (contract 3)."""

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="vouchers", verbose_name="转付义务")
    uscc = models.CharField("派遣单位", max_length=18)
    year = models.PositiveSmallIntegerField("政策年度")
    host_uscc = models.CharField("用工单位代码", max_length=18)
    region = models.CharField("行政区划代码", max_length=6)
    office = placed()
    city_office = placed("所属市级机构")
    amount = yuan("金额", default=None)
    paid_on = models.DateField("付款日期")
    receipt_no = models.CharField("回单号", max_length=80)
    payer_name = models.CharField("付款户名", max_length=200, blank=True, default="")
    payer_tail = models.CharField("付款账号末四位", max_length=4, blank=True, default="")
    payee_name = models.CharField("收款户名", max_length=200, blank=True, default="")
    payee_tail = models.CharField("收款账号末四位", max_length=4, blank=True, default="")
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="凭证文件"
    )
    sha256 = models.CharField("文件摘要", max_length=64, blank=True, default="")
    channel = models.CharField("方式", max_length=8, choices=Channel.choices)
    entered_on = models.DateField("提交日期")
    entered_at = models.DateTimeField("提交时间")
    entered_by = signed("提交人")
    entered_label = models.CharField("提交人（记录）", max_length=200)
    status = models.CharField("状态", max_length=9, choices=VoucherStatus.choices, default=VoucherStatus.PENDING)
    first_decision = models.CharField("第一人意见", max_length=9, choices=VoucherStatus.choices, blank=True, default="")
    first_reason = models.CharField("第一人理由", max_length=300, blank=True, default="")
    first_on = models.DateField("第一人日期", null=True, blank=True)
    first_by = signed("第一人")
    first_label = models.CharField("第一人（记录）", max_length=200, blank=True, default="")
    first_at = models.DateTimeField("第一人时间", null=True, blank=True)
    reason_code = models.CharField("原因", max_length=12, choices=VoucherReason.choices, blank=True, default="")
    reason = models.CharField("说明", max_length=300, blank=True, default="")
    forged = models.BooleanField("伪造", default=False)
    decided_on = models.DateField("决定日期", null=True, blank=True)
    decided_by = signed("决定人")
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    annulled_at = models.DateTimeField("撤销核实时间", null=True, blank=True)
    annulled_by = signed("撤销决定人")
    annulled_label = models.CharField("撤销决定人（记录）", max_length=200, blank=True, default="")
    annulled_because = models.CharField("撤销理由", max_length=300, blank=True, default="")

    objects = VoucherQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "转付凭证"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["receipt_no"], condition=~Q(status__in=GONE), name="voucher_receipt_once"),
            models.UniqueConstraint(
                fields=["sha256"], condition=~Q(status__in=GONE) & ~Q(sha256=""), name="voucher_file_once"
            ),
            models.CheckConstraint(condition=Q(status__in=VoucherStatus.values), name="voucher_status_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="voucher_amount_above_nought"),
            models.CheckConstraint(condition=~Q(receipt_no=""), name="voucher_has_its_number"),
            models.CheckConstraint(
                condition=Q(status=VoucherStatus.PENDING, decided_at__isnull=True)
                | (~Q(status=VoucherStatus.PENDING) & Q(decided_at__isnull=False)),
                name="voucher_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=VoucherStatus.ANNULLED) | (Q(annulled_at__isnull=False) & ~Q(annulled_because="")),
                name="voucher_annulled_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=VoucherStatus.REJECTED) | ~Q(reason="") | ~Q(reason_code=""),
                name="voucher_rejected_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(first_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(first_by=F("decided_by")),
                name="voucher_four_eyes",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["office", "entered_on", "id"], condition=Q(status=VoucherStatus.PENDING), name="voucher_queue"
            ),
            models.Index(
                fields=["city_office", "entered_on", "id"],
                condition=Q(status=VoucherStatus.PENDING),
                name="voucher_queue_city",
            ),
            models.Index(fields=["uscc", "year", "host_uscc"], name="voucher_agency"),
            models.Index(fields=["receipt_no"], name="voucher_receipt"),
            models.Index(fields=["sha256"], condition=~Q(sha256=""), name="voucher_digest"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="voucher_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="voucher_once_ever", operation=pgtrigger.Insert, when=pgtrigger.Before, func=_ONCE_EVER
            ),
            pgtrigger.ReadOnly(
                name="voucher_stays_itself",
                fields=["uscc", "year", "host_uscc", "amount", "paid_on", "receipt_no", "file", "sha256", "entered_at"],
            ),
            pgtrigger.Protect(
                name="voucher_decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=[VoucherStatus.REJECTED, VoucherStatus.ANNULLED])
                | (
                    pgtrigger.Q(old__status=VoucherStatus.VERIFIED)
                    & ~pgtrigger.Q(new__status__in=[VoucherStatus.VERIFIED, VoucherStatus.ANNULLED])
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_no} {self.amount}"
