"""The bank file of a batch: issued once; a repeat needs a reason and is marked 重复件 (N6.2)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.base.money import half_up
from caseworks.money import bank_formats
from caseworks.money.bank_formats import Head, Line
from caseworks.money.enums import BatchStatus
from caseworks.money.models import BankFile, Batch, Payment
from caseworks.people.actors import Actor


def issue(batch: Batch, *, by: Actor, at: datetime, reason: str = "") -> tuple[BankFile, bytes]:
    """Issue the file of a batch that was sent; its content is made anew and not kept, its digest is."""
    reason = reason.strip()
    with transaction.atomic():
        taken = Batch.objects.select_for_update(of=("self",)).select_related("office").get(pk=batch.pk)
        if not by.may("payment.make", taken.office):
            raise Refusal(f"您没有出具{taken.office}银行文件的权限，没有出具。")
        if taken.status != BatchStatus.SENT:
            raise Refusal(f"批次 {taken} {taken.get_status_display()}，没有出具银行文件。请先送银行。")
        before = BankFile.objects.filter(batch=taken).count()
        if before and not reason:
            raise Refusal(f"批次 {taken} 的银行文件已出具过 {before} 次。再次出具须写明理由，并标明“重复件”。")
        lines = _lines(taken)
        total = sum((line.amount for line in lines), Decimal(0))
        head = Head(taken.batch_no, before + 1, len(lines), half_up(total), bank_formats.digest(lines))
        issued = BankFile.objects.create(
            batch=taken,
            issue=head.issue,
            lines=head.lines,
            amount=head.amount,
            digest=head.digest,
            reason=reason[:300],
            person=by.person,
            label=by.label,
            at=at,
        )
        return issued, bank_formats.chosen()(head, lines)


def _lines(batch: Batch) -> list[Line]:
    purpose = f"{batch.year}年度{batch.get_scheme_display()}"
    rows = Payment.objects.filter(batch=batch).attempts().order_by("pk")
    wanted = ("payment_no", "account_name", "account_no", "bank_name", "bank_code", "amount")
    return [Line._make((*row, purpose)) for row in rows.values_list(*wanted)]
