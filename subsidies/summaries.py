"""Sums over claims: by outcome, level, occupation, issuer, reason, month and sign; one query a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from caseworks.base.money import ZERO
from subsidies.enums import Channel, Level, Outcome, Sign
from subsidies.models import ClaimQuerySet
from subsidies.parameters import REASONS

TOP = 20
GRANTED, PAID = Q(outcome=Outcome.GRANTED), Q(outcome=Outcome.GRANTED, case__status="paid")
_SUMS: Mapping[str, Any] = {
    "claims": Count("pk"),
    "people": Count("id_hash", distinct=True),
    "granted": Count("pk", filter=GRANTED),
    "granted_sum": Sum("amount", filter=GRANTED),
    "paid": Count("pk", filter=PAID),
    "paid_sum": Sum("amount", filter=PAID),
}


@dataclass(frozen=True)
class Line:
    """One line of a table: what is counted, and the sums."""

    label: str
    claims: int
    people: int
    granted: int
    amount: Decimal
    paid: int
    paid_amount: Decimal

    @property
    def refused(self) -> int:
        """Claims that the rules refuse."""
        return self.claims - self.granted


def _line(label: str, row: Mapping[str, Any]) -> Line:
    return Line(
        label, row["claims"], row["people"], row["granted"], row["granted_sum"] or ZERO, row["paid"],
        row["paid_sum"] or ZERO,
    )  # fmt: skip


def total(rows: ClaimQuerySet) -> Line:
    """All of them."""
    return _line("合计", rows.aggregate(**_SUMS))


def by(rows: ClaimQuerySet, *columns: str) -> list[dict[str, Any]]:
    """The sums by columns, those with most claims first."""
    return list(rows.order_by().values(*columns).annotate(**_SUMS).order_by("-claims", *columns))


def by_level(rows: ClaimQuerySet) -> list[Line]:
    """初级, 中级, 高级 and what is not covered; claims without a certificate last."""
    found = {row["level"]: row for row in by(rows, "level")}
    lines = [
        _line(str(Level(level).label), found[level]) for level in sorted(Level.values, reverse=True) if level in found
    ]
    return [*lines, *([_line("查不到证书", found[None])] if None in found else [])]


def by_occupation(rows: ClaimQuerySet) -> list[Line]:
    """The occupations with most claims."""
    found = by(rows.exclude(occupation_code=""), "occupation_code", "occupation")
    return [_line(f"{row['occupation'] or '—'}（{row['occupation_code']}）", row) for row in found[:TOP]]


def by_issuer(rows: ClaimQuerySet) -> list[Line]:
    """The issuers with most claims."""
    return [_line(row["issuer"], row) for row in by(rows.exclude(issuer=""), "issuer")[:TOP]]


def by_month(rows: ClaimQuerySet) -> list[Line]:
    """The months of application in their order."""
    found = rows.order_by().annotate(month=TruncMonth("applied_on")).values("month").annotate(**_SUMS)
    return [_line(f"{row['month']:%Y-%m}", row) for row in found.order_by("month")]


def by_channel(rows: ClaimQuerySet) -> list[Line]:
    """How claims came in."""
    return [_line(str(Channel(row["channel"]).label), row) for row in by(rows, "channel")]


def reasons(rows: ClaimQuerySet) -> list[tuple[str, str, int]]:
    """Code, words and number of each reason, in the contract's order; a claim may have several."""
    return _unnested(rows, "reasons", REASONS)


def signs(rows: ClaimQuerySet) -> list[tuple[str, str, int]]:
    """Code, words and number of each sign."""
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
