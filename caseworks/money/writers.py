"""Writing payments, set by set; joins the transaction of the operation that calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection

from caseworks.money.enums import MovementKind, PaymentStatus
from caseworks.money.models import Movement, Payment

# Attempts are counted by scheme, year and subject; what was taken out before it left is none.
_INSERT = """
    INSERT INTO money_payment (id, payment_no, batch_id, case_id, scheme, year, subject, share, attempt, name,
                               office_id, city_office_id, amount, account_id, account_kind, account_no, account_hash,
                               account_tail, account_name, bank_name, bank_code, account_source, account_on,
                               declaration_id, status, reason, kept_because)
    SELECT n.id, upper(left(c.scheme, 1)) || c.year || lpad(n.id::text, 9, '0'), n.batch_id, c.id, c.scheme, c.year,
           c.subject, '',
           row_number() OVER (PARTITION BY c.subject ORDER BY c.id) + coalesce((
               SELECT max(p.attempt) FROM money_payment p
               WHERE p.scheme = c.scheme AND p.year = c.year AND p.subject = c.subject AND p.share = ''
                 AND p.status <> 'cancelled'), 0),
           c.name, c.office_id, c.city_office_id, c.amount, {columns}, 'drawn', '', ''
    FROM (
        SELECT nextval(pg_get_serial_sequence('money_payment', 'id')) AS id, w.*
        FROM unnest(%(cases)s::bigint[], %(batches)s::bigint[], %(accounts)s::bigint[])
             AS w(case_id, batch_id, account_id)
    ) n
    JOIN cases_case c ON c.id = n.case_id
    JOIN {account}
"""
_OF_A_UNIT = (
    """registry_account a ON a.id = n.account_id
    LEFT JOIN registry_accountdeclaration d ON a.kind = 'tax' AND d.uscc = a.uscc AND d.status = 'confirmed'""",
    """a.id, a.kind, a.account_no, a.account_hash, a.account_tail, a.account_name, a.bank_name, a.bank_code,
           coalesce(nullif(a.source, ''), a.proposed_label), (a.proposed_at AT TIME ZONE %(zone)s)::date, d.id""",
)
_OF_A_PERSON = (
    "registry_worker w ON w.id = n.account_id",
    """NULL::bigint, 'card', w.card_account, w.card_hash, w.card_tail, w.name, w.card_bank, '', '社会保障卡',
           NULL::date, NULL::bigint""",
)
_CANCEL = """
    UPDATE money_payment p SET status = 'cancelled', reason = w.reason
    FROM unnest(%(payments)s::bigint[], %(reasons)s::text[]) AS w(id, reason)
    WHERE p.id = w.id
"""
_RESULTS = """
    UPDATE money_payment p
    SET status = w.status, paid_on = w.paid_on, returned_on = w.returned_on, reason = w.reason,
        result_file_id = %(file)s
    FROM unnest(%(payments)s::bigint[], %(statuses)s::text[], %(paid)s::date[], %(returned)s::date[],
                %(reasons)s::text[]) AS w(id, status, paid_on, returned_on, reason)
    WHERE p.id = w.id
"""


def insert(cases: Sequence[int], batches: Sequence[int], accounts: Sequence[int], *, persons: bool = False) -> int:
    """A payment for each case, in its batch, with the account as it is now: of units, or the cards of persons."""
    account, columns = _OF_A_PERSON if persons else _OF_A_UNIT
    with connection.cursor() as cursor:
        given = {"cases": list(cases), "batches": list(batches), "accounts": list(accounts)}
        cursor.execute(_INSERT.format(account=account, columns=columns), {**given, "zone": settings.TIME_ZONE})
        return int(cursor.rowcount)


def cancel(reasons: Mapping[int, str]) -> int:
    """Take payments out before they leave the bureau."""
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, {"payments": list(reasons), "reasons": [reason[:300] for reason in reasons.values()]})
        return int(cursor.rowcount)


def send(batch_id: int, on: date) -> int:
    """What is still in the batch goes to the bank."""
    standing = Payment.objects.filter(batch=batch_id, status=PaymentStatus.DRAWN)
    return standing.update(status=PaymentStatus.SENT, sent_on=on)


def settle(rows: Sequence[tuple[int, str, date | None, date | None, str]], file: int) -> int:
    """States after a file of the bank's results: payment, status, paid on, returned on, reason."""
    columns: list[list[object]] = [[row[place] for row in rows] for place in range(5)]
    names = ("payments", "statuses", "paid", "returned", "reasons")
    with connection.cursor() as cursor:
        cursor.execute(_RESULTS, {**dict(zip(names, columns, strict=True)), "file": file})
        return int(cursor.rowcount)


def give_back(payment_id: int, *, amount: Decimal, on: date, bank_ref: str, at: datetime) -> Movement:
    """A part of a payment came back to the fund unasked, by the fund's own bank reference (J2.8)."""
    return Movement.objects.create(
        payment_id=payment_id, kind=MovementKind.GIVEN_BACK, amount=-amount, on=on, bank_ref=bank_ref, at=at
    )
