"""A verified voucher that turns out to be worth nothing: forged, or paid back (J2.9, J2.10)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from dispatch import barring, enforcement, obligations, rights
from dispatch.enums import Cause, VoucherReason, VoucherStatus
from dispatch.models import Obligation, Voucher

ORIGINS = {"audit": "audit", "objection": "objection", "host": "objection"}  # found by whom → origin of the recovery


def annul(
    voucher: Voucher, *, code: VoucherReason, words: str, found_by: str, by: Actor, at: dt.datetime, on: dt.date
) -> Voucher:
    """Let a verified voucher count no more, by a supervisor's decision; its number is spent.

    Once the deadline is over the remainder becomes a recovery at once, without a sweep, and the agency is barred;
    before it, the part is open again. `found_by`: audit, objection or host.
    """
    person = rights.named(by)
    if not words.strip():
        raise Refusal("撤销核实须写明理由和依据，未作任何更改。请填写后重试。")
    if found_by not in ORIGINS:
        raise Refusal("请选择发现方式，未作任何更改。")
    with transaction.atomic():
        obligations.lock("dispatch.sweep")
        part = Obligation.objects.select_for_update().get(pk=voucher.obligation_id)
        row = Voucher.objects.select_for_update().get(pk=voucher.pk)
        rights.require(by, "dispatch.supervise", row.office_id)
        if row.status != VoucherStatus.VERIFIED:
            raise Refusal(f"凭证 {row.receipt_no} {row.get_status_display()}，不能撤销核实，未作任何更改。")
        if row.decided_by_id == person:
            raise Refusal("核对人不能自己撤销核实，未作任何更改。请由另一人办理。")
        row.status, row.annulled_because = VoucherStatus.ANNULLED, words.strip()[:300]
        row.reason_code, row.forged = code, code == VoucherReason.FORGED
        row.annulled_by, row.annulled_label, row.annulled_at = by.person, by.label[:200], at
        row.save(
            update_fields=[
                "status", "annulled_because", "reason_code", "forged", "annulled_by", "annulled_label", "annulled_at",
            ]
        )  # fmt: skip
        obligations.tally([part.pk])
        obligations.tell(part, "撤销核实", by=by, at=at, note=words, data={"voucher": row.pk, "found_by": found_by})
        found = enforcement.find(
            on, by=by, at=at, cause=f"'{Cause.ANNULLED.value}'", origin=ORIGINS[found_by], only=part.pk
        )
        if found:
            barring.tell_proposed(enforcement.propose_bars(on, by=by, at=at), on=on, by=by, at=at)
    row.refresh_from_db()
    return row
