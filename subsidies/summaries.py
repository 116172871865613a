"""Sums over claims: by level, occupation, issuer, month and channel in one query; by reason and sign in one each."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Q, Sum

from caseworks.base.money import ZERO
from subsidies.enums import Channel, Level, Outcome, Sign
from subsidies.models import ClaimQuerySet
from subsidies.parameters import REASONS

OTHERS = "其他，含查不到证书的"
TOP = 20  # occupations and issuers that have a line of their own
GRANTED, PAID = Q(outcome=Outcome.GRANTED), Q(outcome=Outcome.GRANTED, case__status="paid")
_SUMS: Mapping[str, Any] = {
    "claims": Count("pk"),
    "people": Count("id_hash", distinct=True),
    "granted": Count("pk", filter=GRANTED),
    "granted_sum": Sum("amount", filter=GRANTED, default=ZERO),
    "paid": Count("pk", filter=PAID),
    "paid_sum": Sum("amount", filter=PAID, default=ZERO),
}
_COLUMNS = (
    "level", "occupation_code", "occupation", "issuer", "applied_on", "channel", "id_hash", "outcome", "amount",
)  # fmt: skip
_TABLES = """
    WITH c AS MATERIALIZED ({rows}),
    codes AS (SELECT occupation_code AS code, max(occupation) AS words FROM c WHERE occupation_code <> ''
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {top}),
    issuers AS (SELECT issuer FROM c WHERE issuer <> '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {top}),
    k AS (
        SELECT c.id_hash, c.outcome = 'granted' AS granted, c.outcome = 'granted' AND c.status = 'paid' AS paid, c.amount,
               coalesce(c.level, 0)::text AS level, coalesce(o.code, '') AS code, o.words, coalesce(i.issuer, '') AS issuer,
               to_char(c.applied_on, 'YYYY-MM') AS month, c.channel
        FROM c LEFT JOIN codes o ON o.code = c.occupation_code LEFT JOIN issuers i ON i.issuer = c.issuer)
    SELECT CASE 0 WHEN grouping(level) THEN 'level' WHEN grouping(code) THEN 'occupation'
               WHEN grouping(issuer) THEN 'issuer' WHEN grouping(month) THEN 'month'
               WHEN grouping(channel) THEN 'channel' ELSE '' END,
           coalesce(level, code, issuer, month, channel), max(words), count(*), count(DISTINCT id_hash),
           count(*) FILTER (WHERE granted), coalesce(sum(amount) FILTER (WHERE granted), 0),
           count(*) FILTER (WHERE paid), coalesce(sum(amount) FILTER (WHERE paid), 0)
    FROM k GROUP BY GROUPING SETS ((), (level), (code), (issuer), (month), (channel))
"""


@dataclass(frozen=True)
class Line:
    """One line of a table: what is counted, the sums, and the query of the list with just these claims."""

    label: str
    claims: int
    people: int
    granted: int
    amount: Decimal
    paid: int
    paid_amount: Decimal
    query: str = ""

    @property
    def refused(self) -> int:
        """Claims that the rules refuse."""
        return self.claims - self.granted


@dataclass(frozen=True)
class Tables:
    """All tables over some claims, each with every one of them, and their total."""

    total: Line
    level: list[Line]
    occupation: list[Line]
    issuer: list[Line]
    month: list[Line]
    channel: list[Line]


def total(rows: ClaimQuerySet) -> Line:
    """All of them."""
    found = rows.aggregate(**_SUMS)
    return Line("合计", *(found[name] for name in _SUMS))


def tables(rows: ClaimQuerySet) -> Tables:
    """Every table at once; occupations and issuers beyond the first TOP are one line."""
    by: dict[str, list[_Row]] = {}
    for of, key, words, *sums in _grouped(rows):
        by.setdefault(of, []).append(_Row(key or "", words or "", tuple(sums)))
    return Tables(
        total=_line("合计", by[""][0]) if "" in by else Line("合计", 0, 0, 0, ZERO, 0, ZERO),
        level=[
            _line(str(Level(int(row.key)).label) if row.key != "0" else "查不到证书", row, level=row.key)
            for row in sorted(by.get("level", []), reverse=True)
        ],
        occupation=[
            _line(f"{row.words or '—'}（{row.key}）", row, occupation=row.key) if row.key else _line(OTHERS, row)
            for row in _most_first(by.get("occupation", []))
        ],
        issuer=[
            _line(row.key, row, issuer=row.key) if row.key else _line(OTHERS, row)
            for row in _most_first(by.get("issuer", []))
        ],
        month=[_line(row.key, row, **_days(row.key)) for row in sorted(by.get("month", []))],
        channel=[
            _line(str(Channel(row.key).label), row, channel=row.key) for row in _most_first(by.get("channel", []))
        ],
    )


class _Row(NamedTuple):
    key: str
    words: str
    sums: tuple[Any, ...]


def _line(label: str, row: _Row, **conditions: str) -> Line:
    claims, people, granted, amount, paid, paid_amount = row.sums
    return Line(label, claims, people, granted, amount, paid, paid_amount, urlencode(conditions))


def _grouped(rows: ClaimQuerySet) -> list[tuple[Any, ...]]:
    try:
        sql, params = rows.order_by().values(*_COLUMNS, status=F("case__status")).query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_TABLES.format(rows=sql, top=TOP), params)
        return list(cursor.fetchall())


def _most_first(rows: list[_Row]) -> list[_Row]:
    """Those with most claims first; what has no name of its own stands last."""
    return sorted(rows, key=lambda row: (not row.key, -row.sums[0], row.key))


def _days(month: str) -> dict[str, str]:
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return {"applied_from": f"{month}-01", "applied_to": f"{month}-{last:02d}"}


def reasons(rows: ClaimQuerySet) -> list[tuple[str, str, int]]:
    """Code, words and number of each reason, in the contract's order; a claim may have several."""
    return _unnested(rows, "reasons", REASONS)


def signs(rows: ClaimQuerySet) -> list[tuple[str, str, int]]:
    """Code, words and number of each sign that claims were marked with when their case was opened."""
    return _unnested(rows, "signs", {code: str(label) for code, label in Sign.choices})


def _unnested(rows: ClaimQuerySet, column: str, words: Mapping[str, str]) -> list[tuple[str, str, int]]:
    try:
        sql, params = rows.order_by().exclude(**{column: []}).values(column).query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT u, count(*) FROM ({sql}) c, unnest(c.{column}) u GROUP BY 1", params)
        found = dict(cursor.fetchall())
    return [(code, label, found[code]) for code, label in words.items() if code in found]
