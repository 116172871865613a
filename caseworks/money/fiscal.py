"""报财政 and 财政到账: what a released batch goes through at the finance bureau, where the policy row asks for it (N6.2)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.money import batches
from caseworks.money.enums import BatchStatus, FiscalStep
from caseworks.money.models import Batch
from caseworks.people.actors import Actor


def report(batch: Batch, *, number: str, on: date, by: Actor, at: datetime) -> Batch:
    """The application for the money went to the finance bureau, under this document number and on this day."""
    number, person = number.strip(), batches.signer(by)
    if not number:
        raise Refusal("请填写报财政的文号，未作任何更改。")
    with transaction.atomic():
        taken = _take(batch, FiscalStep.REPORT, by)
        _dated(on, taken.drawn_on, "制单日期", at)
        taken.status, taken.reported_no, taken.reported_on = BatchStatus.REPORTED, number[:80], on
        taken.reported_by, taken.reported_at = person, at
        taken.save(update_fields=["status", "reported_no", "reported_on", "reported_by", "reported_at"])
    return taken


def receive(batch: Batch, *, amount: Decimal, voucher: str, on: date, by: Actor, at: datetime) -> Batch:
    """The finance bureau's money arrived: exactly that of the batch, on this day and by this voucher."""
    voucher, person = voucher.strip(), batches.signer(by)
    if not voucher:
        raise Refusal("请填写财政到账的凭证号，未作任何更改。")
    with transaction.atomic():
        taken = _take(batch, FiscalStep.RECEIPT, by)
        _dated(on, taken.reported_on or taken.drawn_on, "报财政日期" if taken.reported_on else "制单日期", at)
        if amount != taken.amount:
            raise Refusal(
                f"财政到账 {amount:,.2f} 元，批次为 {taken.amount:,.2f} 元，未作任何更改。"
                "请与财政核对；金额确有变化的，撤销批次后重新组批。"
            )
        taken.status, taken.funded_amount, taken.funded_on = BatchStatus.FUNDED, amount, on
        taken.voucher_no, taken.funded_by, taken.funded_at = voucher[:80], person, at
        taken.save(update_fields=["status", "funded_amount", "funded_on", "voucher_no", "funded_by", "funded_at"])
    return taken


def _take(batch: Batch, step: FiscalStep, by: Actor) -> Batch:
    taken = batches.take(batch, "payment.make", step.label, by, (BatchStatus.RELEASED, BatchStatus.REPORTED))
    if taken.next_step != step:
        raise Refusal(f"批次 {taken} {taken.state}，现在不办“{step.label}”，未作任何更改。请刷新后查看。")
    return taken


def _dated(on: date, since: date, name: str, at: datetime) -> None:
    if on < since:
        raise Refusal(f"日期 {on} 早于{name} {since}，未作任何更改。请改正日期。")
    if on > timezone.localdate(at):
        raise Refusal(f"日期 {on} 在今天之后，未作任何更改。请改正日期。")
