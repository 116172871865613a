"""The one writer of judgements: COPY, then a set-based merge that writes what differs and is not in review.

A city of which nothing is stored yet takes the lines straight into the table; otherwise they are staged and compared.
Both happen inside the caller's transaction.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from django.db import connection

from refunds.enums import ChangeKind
from refunds.facts import COLUMNS, read
from refunds.parameters import Parameters
from refunds.policy import Judgement, judge
from refunds.reach import Reach
from refunds.rulebook import Rulebook

JUDGED = ("outcome", "reasons", "flags", "net_reduction", "layoff_rate", "ratio", "amount")
STORED = (*COLUMNS, *JUDGED, "year", "policy_id", "screening_id", "judged_on")
COMPARED = tuple(name for name in STORED if name not in ("year", "uscc", "screening_id", "judged_on"))
# What a change shows before and after: the columns of the export and what they hang on.
SHOWN = (
    "outcome", "reasons", "flags", "name", "region", "unit_type", "size", "status", "dispatch_licence", "lists", "bar",
    "determined", "months_paid", "arrears_months", "opening_headcount", "closing_headcount", "deaths", "retirements",
    "net_reduction", "layoff_rate", "premium", "ratio", "amount",
)  # fmt: skip
_BLOCK = 512  # lines a write
NULL = "\\N"


@dataclass
class Written:
    """What became of the judged units."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    in_review: int = 0
    in_review_differing: int = 0

    def add(self, other: Written) -> None:
        """Sum up over cities."""
        for name in fields(self):
            setattr(self, name.name, getattr(self, name.name) + getattr(other, name.name))


@dataclass(frozen=True)
class Cause:
    """By what the judgements are written: a screening, or a determination that was confirmed."""

    year: int
    at: datetime.datetime
    screening_id: int | None = None
    determination_id: int | None = None
    case_id: int | None = None  # the one case whose judgement is written though it is in review
    first: bool = False  # the first screening of its year: that a unit is new is no news


def as_text(judgement: Judgement) -> str:
    """A judgement as COPY's text, in the order of JUDGED."""
    outcome, reasons, flags, net, rate, ratio, amount = judgement
    return "\t".join(
        (
            outcome,
            "{" + ",".join([reason.code for reason in reasons]) + "}" if reasons else "{}",
            "{" + ",".join(flags) + "}" if flags else "{}",
            NULL if net is None else str(net),
            NULL if rate is None else str(rate),
            NULL if ratio is None else str(ratio),
            str(amount),
        )
    )


def judged(lines: Iterable[str], rulebook: Rulebook, cause: Cause) -> Iterator[str]:
    """Lines of facts in, lines of judgements out."""
    as_of = rulebook.question.as_of.isoformat()
    screening = NULL if cause.screening_id is None else str(cause.screening_id)
    known: dict[str, tuple[Parameters, str]] = {}
    for line in lines:
        facts, columns = read(line)
        region = columns[-1]
        if region not in known:
            policy_id, parameters = rulebook.for_region(region.rstrip("\n"))
            known[region] = parameters, f"\t{cause.year}\t{policy_id}\t{screening}\t{as_of}\n"
        parameters, tail = known[region]
        yield line[:-1] + "\t" + as_text(judge(facts, parameters)) + tail


def write(
    lines: Iterable[str], cause: Cause, *, fresh: bool, tell: Callable[[int], None] = lambda rows: None
) -> Written:
    """Write the lines of one city and tell how many came; `fresh`: nothing is stored of its units yet."""
    if fresh:
        return Written(new=copy_into("refunds_assessment", lines, tell))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE staged ON COMMIT DROP AS "
            f"SELECT {', '.join(STORED)} FROM refunds_assessment WITH NO DATA"
        )
    staged = copy_into("staged", lines, tell)
    written = _merge(cause, staged)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE staged, differing")
    return written


def copy_into(table: str, lines: Iterable[str], tell: Callable[[int], None] = lambda rows: None) -> int:
    """COPY lines of judgements into a table with the columns STORED; returns how many."""
    block: list[str] = []
    rows = 0
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(STORED)}) FROM STDIN") as sink:
        for line in lines:
            block.append(line)
            if len(block) == _BLOCK:
                rows += _BLOCK
                sink.write("".join(block))
                block.clear()
                tell(rows)
        sink.write("".join(block))
    return rows + len(block)


def _list(alias: str, names: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


def as_json(alias: str) -> str:
    """What a judgement shows, as an object of SQL."""
    return "jsonb_build_object(" + ", ".join(f"'{name}', {alias}.{name}" for name in SHOWN) + ")"


_CHANGE = (
    "INSERT INTO refunds_assessmentchange (screening_id, determination_id, year, uscc, name, office_id, city_office_id,"
    " kind, before, after, at)"
)


def _merge(cause: Cause, staged: int) -> Written:
    """Write what differs from the staged lines and is not in review, and record each change."""
    of: dict[str, Any] = {
        "year": cause.year,
        "at": cause.at,
        "screening": cause.screening_id,
        "determination": cause.determination_id,
        "case": cause.case_id,
    }
    writable = "(a.case_id IS NULL OR a.case_id = %(case)s::bigint)"
    head = "%(screening)s::bigint, %(determination)s::bigint, %(year)s"
    written = Written()
    with connection.cursor() as cursor:
        # One look by key a unit: a hash of the whole year would be built again for every city.
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        cursor.execute(
            f"""CREATE TEMP TABLE differing ON COMMIT DROP AS
            SELECT s.uscc, a.id FROM staged s
            LEFT JOIN refunds_assessment a ON a.year = %(year)s AND a.uscc = s.uscc
            WHERE a.id IS NULL OR ({_list("a", COMPARED)}) IS DISTINCT FROM ({_list("s", COMPARED)})""",
            of,
        )
        cursor.execute("RESET enable_hashjoin; RESET enable_mergejoin; ANALYZE staged (uscc); ANALYZE differing")
        cursor.execute(
            "SELECT id FROM refunds_assessment WHERE id IN (SELECT id FROM differing) ORDER BY id FOR UPDATE"
        )
        cursor.execute(
            f"""{_CHANGE}
            SELECT {head}, a.uscc, s.name, s.office_id, s.city_office_id, '{ChangeKind.CHANGED.value}',
                   {as_json("a")}, {as_json("s")}, %(at)s
            FROM differing d JOIN refunds_assessment a ON a.id = d.id JOIN staged s ON s.uscc = a.uscc
            WHERE {writable} AND ({_list("a", SHOWN)}) IS DISTINCT FROM ({_list("s", SHOWN)})""",
            of,
        )
        assignments = ", ".join(f"{name} = s.{name}" for name in STORED if name not in ("year", "uscc"))
        cursor.execute(
            f"""UPDATE refunds_assessment a SET {assignments} FROM staged s, differing d
            WHERE d.id = a.id AND a.year = %(year)s AND s.uscc = a.uscc AND {writable}""",
            of,
        )
        written.changed = cursor.rowcount
        unknown = "FROM staged s JOIN differing d ON d.uscc = s.uscc WHERE d.id IS NULL"
        if not cause.first:
            cursor.execute(
                f"""{_CHANGE}
                SELECT {head}, s.uscc, s.name, s.office_id, s.city_office_id, '{ChangeKind.NEW.value}', NULL,
                       {as_json("s")}, %(at)s {unknown}""",
                of,
            )
        cursor.execute(f"INSERT INTO refunds_assessment ({', '.join(STORED)}) SELECT {_list('s', STORED)} {unknown}")
        written.new = cursor.rowcount
        cursor.execute(
            """SELECT count(*), count(d.id) FROM refunds_assessment a JOIN staged s ON s.uscc = a.uscc
            LEFT JOIN differing d ON d.id = a.id WHERE a.year = %(year)s AND a.case_id IS NOT NULL""",
            of,
        )
        written.in_review, written.in_review_differing = cursor.fetchone()
    written.unchanged = staged - written.new - written.changed - written.in_review
    return written


def remove(usccs: list[str], cause: Cause) -> int:
    """Take away the judgements of units that are in no file any more, and record it; those in review stay."""
    of: dict[str, Any] = {"year": cause.year, "at": cause.at, "screening": cause.screening_id, "usccs": usccs}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH gone AS (
                DELETE FROM refunds_assessment a
                WHERE a.year = %(year)s AND a.uscc = ANY(%(usccs)s) AND a.case_id IS NULL RETURNING a.*)
            {_CHANGE}
            SELECT %(screening)s, NULL, %(year)s, a.uscc, a.name, a.office_id, a.city_office_id,
                   '{ChangeKind.GONE.value}', {as_json("a")}, NULL, %(at)s FROM gone a""",
            of,
        )
        return cursor.rowcount


def elsewhere(year: int, reach: Reach) -> tuple[list[str], list[str]]:
    """Stored units that a region no longer has: those that moved to another, and those in no file any more.

    One that moved out of the offices of a person's screening waits for the office that has it now.
    """
    offices = Reach(offices=reach.offices)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT a.uscc, u.uscc IS NOT NULL, {offices.sql("u")}
            FROM refunds_assessment a LEFT JOIN registry_unit u ON u.uscc = a.uscc
            WHERE a.year = %(year)s AND {reach.sql("a")} AND (u.uscc IS NULL OR NOT ({reach.sql("u")}))""",
            reach.parameters | {"year": year},
        )
        rows = cursor.fetchall()
    moved = [uscc for uscc, exists, within in rows if exists and within]
    return moved, [uscc for uscc, exists, _ in rows if not exists]


def is_empty(year: int) -> bool:
    """Is nothing stored yet of the year?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM refunds_assessment WHERE year = %s)", [year])
        return bool(cursor.fetchone()[0])


def is_fresh(year: int, city_office_id: int) -> bool:
    """Is nothing stored yet of any unit of this city, wherever it was judged?"""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT NOT EXISTS (
                SELECT FROM registry_unit u JOIN refunds_assessment a ON a.year = %(year)s AND a.uscc = u.uscc
                WHERE u.city_office_id = %(city)s)""",
            {"year": year, "city": city_office_id},
        )
        return bool(cursor.fetchone()[0])
