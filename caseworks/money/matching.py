"""Taking lines of bank statements and movements to be the same, set by set; joins the transaction of the caller.

Surest first: the payment's number in the reference, the sum of a batch under its number, the bank's own number of a
repayment, and amount, last digits of the account and day where they name one on each side. What is doubtful is a person's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from caseworks.money.enums import MatchedBy
from caseworks.people.models import Office

# What no statement holds yet, of one city's account; a note in words does not keep a later statement from holding it.
_OURS = """
    SELECT m.id, m.kind, m.amount, m."on", CASE WHEN m.bank_ref = '' THEN p.payment_no END AS payment_no,
           CASE WHEN m.bank_ref = '' THEN p.account_tail END AS account_tail, b.batch_no,
           coalesce(r.bank_ref, nullif(m.bank_ref, '')) AS bank_ref
    FROM money_movement m
    LEFT JOIN money_payment p ON p.id = m.payment_id
    LEFT JOIN money_batch b ON b.id = p.batch_id
    LEFT JOIN money_repayment r ON r.id = m.repayment_id
    LEFT JOIN money_recovery v ON v.id = r.recovery_id
    WHERE coalesce(p.city_office_id, v.city_office_id) = %(office)s
      AND NOT EXISTS (SELECT FROM money_match x WHERE x.movement_id = m.id)
"""
_BANKS = """
    SELECT l.id, l.amount, l."on", l.serial, l.reference, l.account_tail, l.payment_no, l.batch_no
    FROM money_statementline l
    WHERE l.office_id = %(office)s AND l.settled_at IS NULL
      AND NOT EXISTS (SELECT FROM money_match x WHERE x.line_id = l.id)
      AND NOT EXISTS (SELECT FROM money_reconciledmonth c
                      WHERE c.office_id = l.office_id AND c.month = l.month AND c.status = 'closed')
"""
_INSERT = f"""
    WITH ours AS MATERIALIZED ({_OURS}), banks AS MATERIALIZED ({_BANKS}), pairs AS ({{pairs}})
    INSERT INTO money_match (movement_id, line_id, by, label, at)
    SELECT movement, line, %(by)s, %(label)s, %(at)s FROM pairs ORDER BY movement
"""
# One payment moves once each way: number, way and amount name one movement. A line stands for it once.
_BY_NUMBER = """
    SELECT o.id AS movement, min(b.id) AS line FROM ours o
    JOIN banks b ON b.payment_no = o.payment_no AND b.amount = o.amount
    WHERE b.payment_no <> '' GROUP BY o.id
"""
# A bank that books a batch as one sum: all that was paid of it on a day.
_BY_BATCH = """
    SELECT o.id AS movement, s.line FROM (
        SELECT o.batch_no, o."on", sum(o.amount) AS amount, min(b.id) AS line, min(b.amount) AS told
        FROM ours o JOIN banks b ON b.batch_no = o.batch_no AND b."on" = o."on" AND b.payment_no = '' AND b.amount > 0
        WHERE o.kind = 'paid' GROUP BY o.batch_no, o."on" HAVING count(DISTINCT b.id) = 1
    ) s JOIN ours o ON o.batch_no = s.batch_no AND o."on" = s."on" AND o.kind = 'paid'
    WHERE s.amount = s.told
"""
_BY_REPAYMENT = """
    SELECT o.id AS movement, min(b.id) AS line FROM ours o
    JOIN banks b ON b.amount = o.amount AND o.bank_ref IN (b.serial, b.reference)
    WHERE o.kind IN ('repaid', 'given_back') GROUP BY o.id HAVING count(*) = 1
"""
_BY_ACCOUNT = """
    SELECT min(o.id) AS movement, min(b.id) AS line FROM ours o
    JOIN banks b ON b.amount = o.amount AND b.account_tail = o.account_tail AND b."on" = o."on" AND b.payment_no = ''
    WHERE b.account_tail <> '' GROUP BY o.amount, o.account_tail, o."on" HAVING count(*) = 1
"""
_RULES = (
    (MatchedBy.NUMBER, _BY_NUMBER),
    (MatchedBy.BATCH, _BY_BATCH),
    (MatchedBy.REPAYMENT, _BY_REPAYMENT),
    (MatchedBy.ACCOUNT, _BY_ACCOUNT),
)
# Returned without having arrived: out and in again under one number, and no movement of ours. Both are explained.
_BOUNCED = f"""
    WITH banks AS MATERIALIZED ({_BANKS}), pairs AS (
        SELECT b.payment_no, array_agg(b.id) AS lines FROM banks b
        JOIN money_payment p ON p.payment_no = b.payment_no AND p.status = 'returned' AND p.paid_on IS NULL
        GROUP BY b.payment_no HAVING sum(b.amount) = 0 AND count(*) = 2
    )
    UPDATE money_statementline l
    SET settled_because = '银行退回，未入账：同一支付一出一进', settled_label = %(label)s, settled_at = %(at)s
    FROM pairs WHERE l.id = ANY(pairs.lines)
"""


def match(office: Office, *, label: str, at: datetime) -> int:
    """Match what can be matched of a city's account; returns how many movements were found in statements."""
    found = 0
    with connection.cursor() as cursor:
        for by, pairs in _RULES:
            given: dict[str, Any] = {"office": office.pk, "by": by.value, "label": label, "at": at}
            cursor.execute(_INSERT.format(pairs=pairs), given)
            found += cursor.rowcount
        cursor.execute(_BOUNCED, {"office": office.pk, "label": label, "at": at})
    return found


_LINES = """
    INSERT INTO money_statementline (statement_id, office_id, month, key, "on", amount, serial, reference, counterparty,
                                     account_tail, payment_no, batch_no, settled_because, settled_label)
    SELECT %(statement)s, %(office)s, to_char(w.day, 'YYYY-MM'), w.key, w.day, w.amount, w.serial, w.reference,
           w.counterparty, w.tail, w.payment, w.batch, '', ''
    FROM unnest(%(keys)s::text[], %(days)s::date[], %(amounts)s::numeric[], %(serials)s::text[], %(references)s::text[],
                %(counterparties)s::text[], %(tails)s::text[], %(payments)s::text[], %(batches)s::text[])
         AS w(key, day, amount, serial, reference, counterparty, tail, payment, batch)
    ON CONFLICT (office_id, key) DO NOTHING
"""
LINE_COLUMNS = {
    "keys": "key",
    "days": "on",
    "amounts": "amount",
    "serials": "serial",
    "references": "reference",
    "counterparties": "counterparty",
    "tails": "account_tail",
    "payments": "payment_no",
    "batches": "batch_no",
}


def insert_lines(statement: int, office: Office, rows: list[object]) -> int:
    """The lines of a statement that are not known yet; returns how many those were."""
    given: dict[str, Any] = {name: [getattr(row, column) for row in rows] for name, column in LINE_COLUMNS.items()}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {**given, "statement": statement, "office": office.pk})
        return int(cursor.rowcount)
