"""The account of what is claimed back: found, reduced, repaid, ended. Each is written once, whoever calls how often.

Joins the transaction of the operation that calls, which has checked who may; pages go through `claims` and `repayments`.
(N6.2, J2.8)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction

from caseworks.base.errors import Refusal
from caseworks.base.models import Document, StoredFile
from caseworks.base.money import ZERO
from caseworks.cases.sources import Source
from caseworks.money.enums import (
    OWING,
    EntryKind,
    MovementKind,
    RecoveryKind,
    RecoveryOrigin,
    RecoveryStatus,
    RepaymentStatus,
)
from caseworks.money.models import Movement, Recovery, RecoveryEntry, RecoveryQuerySet, Repayment
from caseworks.people.actors import Actor


@dataclass(frozen=True, slots=True)
class Found:
    """An amount to be given back; `key` makes it one, however often it is found."""

    key: str
    kind: RecoveryKind
    origin: RecoveryOrigin
    scheme: str
    year: int
    subject: str
    name: str
    office: int
    city_office: int
    amount: Decimal
    reason: str
    basis: str
    case: int | None = None
    payment: int | None = None
    due_on: date | None = None


_GIVEN = {
    "key": "text",
    "kind": "text",
    "origin": "text",
    "scheme": "text",
    "year": "int",
    "subject": "text",
    "name": "text",
    "office": "bigint",
    "city_office": "bigint",
    "amount": "numeric",
    "reason": "text",
    "basis": "text",
    "case": "bigint",
    "payment": "bigint",
    "due_on": "date",
}
_UNNEST = "SELECT * FROM unnest({}) AS given({})".format(
    ", ".join(f"%(f_{name})s::{kind}[]" for name, kind in _GIVEN.items()), ", ".join(f'"{name}"' for name in _GIVEN)
)
_FIND = """
    WITH given AS MATERIALIZED ({select}),
    fresh AS (
        INSERT INTO money_recovery (key, kind, origin, scheme, year, subject, name, office_id, city_office_id, case_id,
                                    payment_id, amount, reduced, repaid, status, reason, basis, found_on, found_at,
                                    found_by_id, found_label, confirmed_at, confirmed_label, due_on)
        SELECT g.key, g.kind, g.origin, g.scheme, g.year, g.subject, g.name, g.office, g.city_office, g."case",
               g.payment, g.amount, 0, 0, %(r_status)s, g.reason, g.basis, %(r_on)s::date, %(r_at)s::timestamptz,
               %(r_person)s::bigint, %(r_label)s, %(r_confirmed)s::timestamptz, %(r_confirmed_label)s, g.due_on
        FROM given g ORDER BY g.key
        ON CONFLICT (key) DO NOTHING
        RETURNING id, key, amount, reason
    ), written AS (
        INSERT INTO money_recoveryentry (recovery_id, kind, ref, amount, "on", note, at, person_id, label)
        SELECT f.id, 'found', f.key, f.amount, %(r_on)s::date, f.reason, %(r_at)s::timestamptz, %(r_person)s::bigint,
               %(r_label)s
        FROM fresh f ORDER BY f.id
    )
    SELECT key FROM fresh ORDER BY id
"""
# Every reason for which nothing is paid to somebody who owes: subject and words (N6.5, second check).
_OBSTACLES = """
    SELECT r.subject, '有未退还的追回款 ' || to_char(sum(r.amount - r.reduced - r.repaid), 'FM999,999,999,990.00') || ' 元'
        AS reason
    FROM money_recovery r WHERE r.status IN ('proposed', 'open', 'handed_over') GROUP BY r.subject
"""


def open_of(subject: str) -> RecoveryQuerySet:
    """What a subject still owes, whatever the scheme; proposed and handed over included."""
    return Recovery.objects.filter(subject=subject).owing()


def obstacles() -> Source:
    """SQL of those who owe: subject and reason, a row a subject."""
    return Source(_OBSTACLES, {})


def find(rows: Iterable[Found], *, by: Actor, at: datetime, on: date, proposed: bool = False) -> list[str]:
    """Put these on the account; one whose key is known stays as it is. Returns the keys that are new.

    `proposed` ones wait for a second person (`confirm`); the others are claimed at once.
    """
    wanted = list(rows)
    if not wanted:
        return []
    params = {f"f_{name}": [getattr(row, name) for row in wanted] for name in _GIVEN}
    return find_select(_UNNEST, params, by=by, at=at, on=on, proposed=proposed)


def find_select(
    select: str, params: Mapping[str, Any], *, by: Actor, at: datetime, on: date, proposed: bool = False
) -> list[str]:
    """The same from SQL that gives the columns of `Found`, one row a key; it joins the caller's transaction."""
    values = {
        **params,
        "r_status": RecoveryStatus.PROPOSED if proposed else RecoveryStatus.OPEN,
        "r_on": on,
        "r_at": at,
        "r_person": by.person.pk if by.person else None,
        "r_label": by.label,
        "r_confirmed": None if proposed else at,
        "r_confirmed_label": "" if proposed else by.label,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(select=select), values)
        return [key for (key,) in cursor.fetchall()]


def confirm(key: str, *, by: Actor, at: datetime, on: date, note: str = "") -> Recovery:
    """Another person than the one who proposed it says that it is owed."""
    with transaction.atomic():
        row = _locked(key)
        if row.status != RecoveryStatus.PROPOSED:
            raise Refusal(f"“{row}”{row.get_status_display()}，不能再确认，未作任何更改。请刷新后查看。")
        if by.person is None or row.found_by_id == by.person.pk:
            raise Refusal("追回须由提出人以外的人确认，未作任何更改。请由另一人办理。")
        row.status, row.confirmed_at, row.confirmed_by, row.confirmed_label = (
            RecoveryStatus.OPEN,
            at,
            by.person,
            by.label,
        )
        row.save(update_fields=["status", "confirmed_at", "confirmed_by", "confirmed_label"])
        _enter(row, EntryKind.CONFIRMED, on=on, note=note, by=by, at=at)
    return row


def record(
    key: str,
    kind: EntryKind,
    *,
    on: date,
    by: Actor,
    at: datetime,
    ref: str = "",
    note: str = "",
    due_on: date | None = None,
    document: Document | None = None,
    file: StoredFile | None = None,
) -> Recovery:
    """Write down that a notice was made, delivered, or urged, and until when the money is to come back."""
    with transaction.atomic():
        row = _locked(key)
        _owing(row)
        if due_on is not None:
            row.due_on = due_on
            row.save(update_fields=["due_on"])
        _enter(row, kind, ref=ref, on=on, note=note, by=by, at=at, document=document, file=file)
    return row


def reduce(key: str, amount: Decimal, *, ref: str, on: date, because: str, by: Actor, at: datetime) -> Recovery:
    """So much turned out not to be owed, on this reference; the same again changes nothing. Never more than is owed."""
    with transaction.atomic():
        row = _locked(key)
        if _known(row, EntryKind.REDUCED, ref, amount):
            return row
        _owing(row)
        if not ZERO < amount <= row.owed:
            raise Refusal(f"冲减金额应大于 0 且不超过尚欠的 {row.owed:,.2f} 元，未作任何更改。")
        row.reduced += amount
        _enter(row, EntryKind.REDUCED, ref=ref, amount=-amount, on=on, note=because, by=by, at=at)
        _settle(row, on, by, at)
    return row


def repay(
    key: str,
    *,
    amount: Decimal,
    on: date,
    bank_ref: str,
    by: Actor,
    at: datetime,
    payer: str = "",
    note: str = "",
    confirmed: bool = False,
    moved: bool = False,
) -> Repayment:
    """Money came back, on this bank reference; the same again changes nothing.

    It counts once another person has confirmed it (`decide`), or at once where two have looked at it already. `moved`:
    the money is in the movements already, as given back.
    """
    with transaction.atomic():
        row = _locked(key)
        before = row.repayments.exclude(status=RepaymentStatus.REJECTED).filter(bank_ref=bank_ref).first()
        if before is not None and (before.amount, before.on) == (amount, on):
            return before
        _owing(row)
        waiting = sum(row.repayments.filter(status=RepaymentStatus.ENTERED).values_list("amount", flat=True), ZERO)
        if not ZERO < amount <= row.owed - waiting:
            raise Refusal(
                f"退还金额应大于 0 且不超过尚欠的 {row.owed:,.2f} 元（其中待确认 {waiting:,.2f} 元），未作任何更改。"
            )
        try:
            with transaction.atomic():
                found = Repayment.objects.create(
                    recovery=row,
                    amount=amount,
                    on=on,
                    bank_ref=bank_ref.strip(),
                    payer=payer[:200],
                    note=note[:300],
                    status=RepaymentStatus.ENTERED,
                    entered_at=at,
                    entered_by=None if confirmed else by.person,
                    entered_label=by.label,
                )
        except IntegrityError as problem:
            if "repayment_bank_ref_once" in str(problem):
                raise Refusal(f"银行流水号 {bank_ref} 已登记过，未作任何更改。请核对流水号。") from problem
            if "repayment_has_its_bank_ref" in str(problem):
                raise Refusal("须填写银行流水号，未作任何更改。") from problem
            raise
        return decide(found, confirm=True, by=by, at=at, moved=moved) if confirmed else found


def decide(
    repayment: Repayment, *, confirm: bool, by: Actor, at: datetime, note: str = "", moved: bool = False
) -> Repayment:
    """Another person than the one who entered it confirms a repayment, or does not let it stand."""
    with transaction.atomic():
        row = _locked(repayment.recovery.key)
        taken = Repayment.objects.select_for_update().get(pk=repayment.pk)
        if taken.status != RepaymentStatus.ENTERED:
            raise Refusal(f"退还 {taken} {taken.get_status_display()}，未作任何更改。请刷新后查看。")
        if by.person is not None and taken.entered_by_id == by.person.pk:
            raise Refusal("退还须由登记人以外的人确认，未作任何更改。请由另一人办理。")
        taken.status = RepaymentStatus.CONFIRMED if confirm else RepaymentStatus.REJECTED
        taken.decided_at, taken.decided_by, taken.decided_label = at, by.person, by.label
        taken.note = note[:300] or taken.note
        taken.save(update_fields=["status", "decided_at", "decided_by", "decided_label", "note"])
        if confirm:
            if taken.amount > row.owed:
                raise Refusal(f"退还 {taken} 超过尚欠的 {row.owed:,.2f} 元，未作任何更改。请核对后另行登记。")
            if not moved:
                Movement.objects.create(
                    repayment=taken, kind=MovementKind.REPAID, amount=-taken.amount, on=taken.on, at=at
                )
            row.repaid += taken.amount
            _enter(
                row, EntryKind.REPAID, ref=taken.bank_ref, amount=-taken.amount, on=taken.on, note=note, by=by, at=at
            )
            _settle(row, taken.on, by, at)
    return taken


def close(key: str, *, on: date, by: Actor, at: datetime, because: str = "") -> Recovery:
    """End one of which nothing is owed any more; one that is owed is not closed by a word."""
    with transaction.atomic():
        row = _locked(key)
        if row.status == RecoveryStatus.CLOSED:
            return row
        if row.owed or row.status == RecoveryStatus.WITHDRAWN:
            raise Refusal(f"“{row}”{row.get_status_display()}，尚欠 {row.owed:,.2f} 元，不能结案，未作任何更改。")
        _settle(row, on, by, at, because)
    return row


def withdraw(key: str, *, on: date, because: str, by: Actor, at: datetime) -> Recovery:
    """It was not owed after all: what is left is struck off, with the reason."""
    if not because.strip():
        raise Refusal("请写明撤销理由，未作任何更改。")
    with transaction.atomic():
        row = _locked(key)
        _owing(row)
        left = row.owed
        row.reduced += left
        _enter(row, EntryKind.REDUCED, amount=-left, on=on, note=because, by=by, at=at)
        row.status = RecoveryStatus.CLOSED if row.repaid else RecoveryStatus.WITHDRAWN
        row.ended_on = on
        row.save(update_fields=["reduced", "status", "ended_on"])
        _enter(row, EntryKind(str(row.status)), on=on, note=because, by=by, at=at)
    return row


def hand_over(
    key: str,
    *,
    to: str,
    on: date,
    because: str,
    by: Actor,
    at: datetime,
    ref: str = "",
    document: Document | None = None,
) -> Recovery:
    """Give the claim to those who can enforce it; what comes back afterwards still counts."""
    if not to.strip() or not because.strip():
        raise Refusal("请写明移交单位和理由，未作任何更改。")
    with transaction.atomic():
        row = _locked(key)
        if row.status != RecoveryStatus.OPEN:
            raise Refusal(f"“{row}”{row.get_status_display()}，不能移交，未作任何更改。请刷新后查看。")
        row.status, row.ended_on = RecoveryStatus.HANDED_OVER, on
        row.save(update_fields=["status", "ended_on"])
        words = f"移交{to.strip()}：{because.strip()}"
        _enter(row, EntryKind.HANDED_OVER, ref=ref, on=on, note=words, by=by, at=at, document=document)
    return row


def _locked(key: str) -> Recovery:
    row = Recovery.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise Refusal(f"没有标识为 {key} 的追回，未作任何更改。")
    return row


def _owing(row: Recovery) -> None:
    if row.status not in OWING:
        raise Refusal(f"“{row}”{row.get_status_display()}，未作任何更改。请刷新后查看。")


def _known(row: Recovery, kind: EntryKind, ref: str, amount: Decimal) -> bool:
    """Was the same written down before? A different amount on the same reference is refused."""
    before = row.entries.filter(kind=kind, ref=ref).first() if ref else None
    if before is not None and before.amount != -amount:
        raise Refusal(f"凭据 {ref} 已登记 {-before.amount:,.2f} 元，与 {amount:,.2f} 元不符，未作任何更改。")
    return before is not None


def _enter(
    row: Recovery,
    kind: EntryKind,
    *,
    on: date,
    by: Actor,
    at: datetime,
    ref: str = "",
    amount: Decimal = ZERO,
    note: str = "",
    document: Document | None = None,
    file: StoredFile | None = None,
) -> None:
    RecoveryEntry.objects.create(
        recovery=row, kind=kind, ref=ref, amount=amount, on=on, note=note, document=document, file=file, at=at,
        person=by.person, label=by.label,
    )  # fmt: skip


def _settle(row: Recovery, on: date, by: Actor, at: datetime, note: str = "") -> None:
    """Save the sums; where nothing is owed any more, that is the end."""
    ends = not row.owed
    if ends:
        if row.confirmed_at is None:  # paid back before anybody had confirmed it
            row.confirmed_at, row.confirmed_label = at, by.label
        row.status, row.ended_on = RecoveryStatus.CLOSED, on
    row.save(update_fields=["reduced", "repaid", "status", "ended_on", "confirmed_at", "confirmed_label"])
    if ends:
        _enter(row, EntryKind.CLOSED, on=on, note=note, by=by, at=at)
