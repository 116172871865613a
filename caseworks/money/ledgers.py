"""往来台账: what a subject got and gave back, in the order of its days, with both balances running (N6.2).

`held` is what it keeps (paid less returned, repaid and given back), `owed` what it is to give back and has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from caseworks.cases.enums import Scheme
from caseworks.money.enums import EntryKind, MovementKind

_LEDGER = """
    WITH line AS (
        SELECT m.on, 0 AS rank, m.id, m.kind, p.scheme, p.year, coalesce(nullif(m.bank_ref, ''), p.payment_no) AS ref,
               m.amount, 0.00 AS claim, p.office_id, p.city_office_id, p.subject, p.name, '' AS note, p.id AS payment, NULL::bigint AS recovery
        FROM money_movement m JOIN money_payment p ON p.id = m.payment_id WHERE {payments}
        UNION ALL
        SELECT e.on, 1, e.id, e.kind, r.scheme, r.year, e.ref, CASE e.kind WHEN 'repaid' THEN e.amount ELSE 0.00 END,
               e.amount, r.office_id, r.city_office_id, r.subject, r.name, e.note, NULL, r.id
        FROM money_recoveryentry e JOIN money_recovery r ON r.id = e.recovery_id
        WHERE e.kind IN ('found', 'reduced', 'repaid') AND {recoveries}
    )
    SELECT l.on, l.kind, l.scheme, l.year, l.ref, l.amount, l.claim,
           sum(l.amount) OVER running AS held, sum(l.claim) OVER running AS owed, l.subject, l.name, l.note, l.payment,
           l.recovery
    FROM line l
    WINDOW running AS (PARTITION BY l.subject ORDER BY l.on, l.rank, l.id)
    ORDER BY l.subject, l.on, l.rank, l.id
"""
LABELS = {**dict(MovementKind.choices), **dict(EntryKind.choices)}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: money that moved (signed), or a claim on it (signed), with the balances after it."""

    on: date
    kind: str
    scheme: str
    year: int
    ref: str
    amount: Decimal
    claim: Decimal
    held: Decimal
    owed: Decimal
    subject: str
    name: str
    note: str
    payment: int | None
    recovery: int | None

    @property
    def label(self) -> str:
        """What happened."""
        return str(LABELS[self.kind])

    @property
    def scheme_label(self) -> str:
        """Of which scheme."""
        return str(Scheme(self.scheme).label)


def of(subject: str) -> list[Line]:
    """The ledger of one subject over all schemes and years."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LEDGER.format(payments="p.subject = %(subject)s", recoveries="r.subject = %(subject)s"),
            {"subject": subject},
        )
        return [Line(*row) for row in cursor.fetchall()]


def lines(*, cities: list[int] | None, offices: list[int] | None, year: int) -> Iterator[Line]:
    """The ledgers of all subjects of some offices (None: the province) for a policy year, one after the other."""
    within = "" if cities is None else " AND ({0}.city_office_id = ANY(%(cities)s) OR {0}.office_id = ANY(%(offices)s))"
    sql = _LEDGER.format(
        payments="p.year = %(year)s" + within.format("p"), recoveries="r.year = %(year)s" + within.format("r")
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"year": year, "cities": cities, "offices": offices})
        while rows := cursor.fetchmany(2000):
            yield from (Line(*row) for row in rows)
