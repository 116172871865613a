"""The facts of contract section 2, gathered by one query: a unit for a page, a city after the other for a province.

The ledger of a unit is read through the key (uscc, period), which stands in the order of both, so that nothing is
sorted or held: the first unit comes out at once, and what comes out is judged while the next is read.

A unit that took over another (承继) is counted with it as one: contributions, leavers, bars and rejected rows of all its
predecessors are its own, and nothing is left to them. These few units are a part of the query of their own; where there
are none, the query is what it was.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from refunds.models import Assessment
from refunds.policy import Facts

# What a judgement carries beside the facts, in the order of the query.
CARRIED = ("unit_id", "office_id", "city_office_id", "joined", "region")
COLUMNS = (*Facts._fields, *CARRIED)
# The tables that are joined to the units as a whole; the ledger is read through its key, whatever is known of it.
SOURCES = ("registry_unit", "registry_separation", "registry_listing", "registry_rejectedrow", "registry_account")

_SQL = """
SELECT u.uscc, u.name, coalesce(d.unit_type, u.unit_type) AS unit_type, coalesce(d.size, u.size) AS size, u.status,
       u.dispatch_licence, coalesce(l.lists, '') AS lists, coalesce(b.bar, '') AS bar,
       coalesce(c.first_arrears, '') AS first_arrears, coalesce(d.determined, '') AS determined,
       c.months_paid, c.arrears_months,
       coalesce(d.opening_headcount, c.opening_headcount, 0) AS opening_headcount,
       coalesce(d.closing_headcount, c.closing_headcount) AS closing_headcount,
       coalesce(s.deaths, 0) AS deaths, coalesce(s.retirements, 0) AS retirements,
       coalesce(r.rejected_rows, 0) AS rejected_rows, c.late_months, a.uscc IS NOT NULL AS account_proposed,
       coalesce(c.premium, 0.00) AS premium,
       u.id AS unit_id, u.office_id, u.city_office_id, {joined} AS joined, u.region
FROM registry_unit u
LEFT JOIN (
    SELECT {heir} AS uscc, count(*) FILTER (WHERE reason = 'death') AS deaths,
           count(*) FILTER (WHERE reason = 'retirement') AS retirements
    FROM registry_separation
    WHERE separated_on BETWEEN %(first_day)s AND %(last_day)s AND reason IN ('death', 'retirement') {members}
    GROUP BY 1) s ON s.uscc = u.uscc
LEFT JOIN (
    SELECT uscc, string_agg(list || ':' || listed_on::text, ';' ORDER BY list, listed_on) AS lists
    FROM registry_listing
    WHERE listed_on <= %(as_of)s AND (removed_on IS NULL OR removed_on > %(as_of)s) {one}
    GROUP BY uscc) l ON l.uscc = u.uscc
LEFT JOIN (
    SELECT {heir} AS uscc, min(status) AS bar FROM cases_bar
    WHERE year = %(year)s AND status <> 'revoked' {members}
    GROUP BY 1) b ON b.uscc = u.uscc
LEFT JOIN (
    SELECT uscc, max(value) FILTER (WHERE fact = 'unit_type') AS unit_type,
           max(value) FILTER (WHERE fact = 'size') AS size,
           max(value) FILTER (WHERE fact = 'opening_headcount')::int AS opening_headcount,
           max(value) FILTER (WHERE fact = 'closing_headcount')::int AS closing_headcount,
           string_agg(fact, ';' ORDER BY fact) AS determined
    FROM refunds_determination WHERE year = %(premium_year)s AND status = 'confirmed' {one}
    GROUP BY uscc) d ON d.uscc = u.uscc
LEFT JOIN (
    SELECT {heir} AS uscc, count(*) AS rejected_rows FROM registry_rejectedrow
    WHERE mended_by_id IS NULL AND settled_at IS NULL AND uscc <> '' {members}
    GROUP BY 1) r ON r.uscc = u.uscc
LEFT JOIN (
    SELECT DISTINCT uscc FROM registry_account WHERE status = 'proposed' {one}) a ON a.uscc = u.uscc
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE m.due > 0 AND m.paid >= m.due AND m.paid > m.refunded) AS months_paid,
           count(*) FILTER (WHERE m.paid < m.due) AS arrears_months,
           min(m.period) FILTER (WHERE m.paid < m.due) AS first_arrears,
           max(m.headcount) FILTER (WHERE m.period = %(january)s) AS opening_headcount,
           max(m.headcount) FILTER (WHERE m.period = %(december)s) AS closing_headcount,
           sum(m.paid - m.refunded) FILTER (WHERE m.period >= %(january)s) AS premium,
           count(*) FILTER (WHERE m.late AND m.period >= %(january)s) AS late_months
    FROM (
        SELECT k.period, sum(k.due) AS due,
               coalesce(sum(k.paid) FILTER (WHERE k.kind IN ('normal', 'supplement', 'arrears'){by}), 0) AS paid,
               coalesce(sum(k.paid) FILTER (WHERE k.kind = 'refund'{by}), 0) AS refunded,
               sum(k.headcount) FILTER (WHERE k.kind = 'normal') AS headcount,
               bool_or(k.paid_on > %(late_after)s AND k.kind IN ('normal', 'supplement', 'arrears')) AS late
        FROM registry_contribution k
        WHERE {ledger} AND k.period <= %(december)s
        GROUP BY k.period) m) c
WHERE {units}
"""


# A predecessor's name for its successor, of the few that %(old)s and %(heirs)s list, and who stands in a joined ledger.
_HEIR = "coalesce((%(heirs)s::text[])[array_position(%(old)s::text[], uscc::text)], uscc)"
_JOINED = """(SELECT string_agg(w.old, ';' ORDER BY w.old)
    FROM unnest(%(old)s::text[], %(heirs)s::text[]) AS w(old, heir) WHERE w.heir = u.uscc)"""
_SUCCEEDED = """(SELECT '>' || min(w.heir) FROM unnest(%(old)s::text[], %(heirs)s::text[]) AS w(old, heir)
    WHERE w.old = u.uscc)"""


@dataclass(frozen=True)
class Question:
    """For which policy year and day the facts are asked, and the figures of the policy that select records.

    `joins` are pairs of a predecessor and the unit whose ledger its own is part of, each predecessor once.
    """

    year: int
    as_of: datetime.date
    paid_by: datetime.date | None = None
    paid_late_months: int = 1
    joins: tuple[tuple[str, str], ...] = ()

    @property
    def premium_year(self) -> int:
        """The year whose premium is paid back: the one before. (N2.3)"""
        return self.year - 1

    @property
    def late_after(self) -> datetime.date:
        """The last day of the month so many months after the premium year. (N2.1)"""
        months = self.premium_year * 12 + 12 + self.paid_late_months  # the month after the last in time, from 0
        return datetime.date(months // 12, months % 12 + 1, 1) - datetime.timedelta(days=1)

    def parameters(self) -> dict[str, Any]:
        """What the query is given."""
        return {
            "year": self.year,
            "premium_year": self.premium_year,
            "as_of": self.as_of,
            "paid_by": self.paid_by,
            "late_after": self.late_after,
            "january": f"{self.premium_year}-01",
            "december": f"{self.premium_year}-12",
            "first_day": datetime.date(self.premium_year, 1, 1),
            "last_day": datetime.date(self.premium_year, 12, 31),
            "old": [old for old, _ in self.joins],
            "heirs": [heir for _, heir in self.joins],
        }

    def sql(self, units: str, *, one: bool = False) -> str:
        """The query for the units that the condition chooses; `one`: only those of `%(usccs)s`."""
        alone = {
            "by": " AND k.paid_on <= %(paid_by)s" if self.paid_by else "",
            "one": "AND uscc = ANY(%(usccs)s)" if one else "",
            "members": "AND uscc = ANY(%(usccs)s)" if one else "",
            "heir": "uscc",
            "ledger": "k.uscc = u.uscc",
            "joined": "''",
            "units": units,
        }
        if not self.joins:
            return _SQL.format(**alone)
        alone["units"] = f"({units}) AND u.uscc <> ALL(%(old)s::text[] || %(heirs)s::text[])"
        heirs = alone | {
            "one": "AND uscc = ANY(%(heirs)s)",
            "members": "AND uscc = ANY(%(old)s::text[] || %(heirs)s::text[])",
            "heir": _HEIR,
            "ledger": f"k.uscc = ANY(ARRAY[u.uscc::text] || string_to_array({_JOINED}, ';'))",
            "joined": _JOINED,
            "units": f"({units}) AND u.uscc = ANY(%(heirs)s)",
        }
        old = alone | {
            "one": "AND uscc = ANY(%(old)s)",
            "members": "AND false",
            "ledger": "false",
            "joined": _SUCCEEDED,
            "units": f"({units}) AND u.uscc = ANY(%(old)s)",
        }
        return " UNION ALL ".join(_SQL.format(**part) for part in (alone, heirs, old))


class Found(NamedTuple):
    """A unit's facts and where the unit belongs."""

    facts: Facts
    unit_id: int
    office_id: int
    city_office_id: int
    joined: str
    region: str


def of_units(question: Question, usccs: Sequence[str]) -> list[Found]:
    """The facts of a few units, as they are now."""
    parameters = question.parameters() | {"usccs": list(usccs)}
    with connection.cursor() as cursor:
        cursor.execute(question.sql("u.uscc = ANY(%(usccs)s)", one=True), parameters)
        rows = cursor.fetchall()
    width = len(Facts._fields)
    return [Found(Facts(*row[:width]), *row[width:]) for row in rows]


def of_assessment(row: Assessment) -> Facts:
    """The facts as a stored judgement keeps them: what it stood on then."""
    return Facts(*(getattr(row, name) for name in Facts._fields))


def copied(
    reader: psycopg.Connection[Any], question: Question, units: str, extra: Mapping[str, Any], *, one: bool = False
) -> Iterator[str]:
    """The query's rows as lines of COPY's text, the facts first, streamed over a connection of its own."""
    text = question.sql(units, one=one)
    statement = psycopg.ClientCursor(reader).mogrify(text, question.parameters() | dict(extra))
    with reader.cursor() as cursor, cursor.copy(b"COPY (" + statement.encode() + b") TO STDOUT") as lines:
        for line in lines:
            yield str(line, "utf-8")


def refresh_statistics() -> list[str]:
    """Let the planner know tables that changed much since it last looked: an import may be minutes old."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = ANY(%s)
            AND n_mod_since_analyze > 1000 + n_live_tup / 5 ORDER BY 1""",
            [list(SOURCES)],
        )
        stale = [name for (name,) in cursor.fetchall()]
        for name in stale:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return stale


_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def plain(text: str) -> str:
    """A field of COPY's text as it was stored; almost none carries an escape."""
    if "\\" not in text:
        return text
    out, letters = [], iter(text)
    for letter in letters:
        escaped = next(letters, "") if letter == "\\" else letter
        out.append(_ESCAPES.get(escaped, escaped) if letter == "\\" else letter)
    return "".join(out)


def read(line: str) -> tuple[Facts, list[str]]:
    """One line of `copied`: the facts, typed, and all its fields as text."""
    f = line.split("\t")
    name = f[1]
    return Facts(
        f[0], name if "\\" not in name else plain(name), f[2], f[3], f[4],
        f[5] if "\\" not in f[5] else plain(f[5]), f[6], f[7], f[8], f[9],
        int(f[10]), int(f[11]), int(f[12]), None if f[13] == "\\N" else int(f[13]), int(f[14]), int(f[15]),
        int(f[16]), int(f[17]), f[18] == "t", Decimal(f[19]),
    ), f  # fmt: skip
