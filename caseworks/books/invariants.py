"""An invariant: a name and SQL that gives the rows that offend it. Pure.

The SQL gives three columns: the row as people name it, what is wrong in words, and its number (`Of` says of what). The
number must be a plain column of a table, so that a look at some cases is a look by key and not over everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from caseworks.books.enums import Of

# Which rows of a kind belong to the cases looked at (`looked_at`, one column `id`). A kind that is not here is looked
# at whole each time: it is small, or it follows no case.
WITHIN = {
    Of.CASE: "SELECT id FROM looked_at",
    Of.PAYMENT: "SELECT p.id FROM money_payment p WHERE p.case_id IN (SELECT id FROM looked_at)",
    Of.BATCH: "SELECT p.batch_id FROM money_payment p WHERE p.case_id IN (SELECT id FROM looked_at)",
    Of.ANNOUNCEMENT: (
        "SELECT l.announcement_id FROM cases_announcementline l WHERE l.case_id IN (SELECT id FROM looked_at)"
    ),
    Of.OBJECTION: (
        "SELECT o.id FROM cases_objection o JOIN cases_announcementline l ON l.id = o.line_id"
        " WHERE l.case_id IN (SELECT id FROM looked_at)"
    ),
}


@dataclass(frozen=True, slots=True)
class Invariant:
    """The SQL of the offending rows, and what their numbers name.

    `near` is SQL of the numbers that an operation on the cases `looked_at` can have to do with. Of a kind that follows no
    case, a look around an operation is at these alone; hourly and nightly it is looked at whole.
    """

    sql: str
    of: Of = Of.CASE
    near: str = ""


def invariant(given: Invariant | str) -> Invariant:
    """As an invariant; SQL of two columns alone (row, words) is looked at whole each time, and names no number."""
    if isinstance(given, Invariant):
        return given
    return Invariant(f'SELECT told."row", told.words, NULL::bigint FROM ({given}) AS told("row", words)', Of.OTHER)


@dataclass(frozen=True, slots=True)
class Offence:
    """One offending row."""

    invariant: str
    row: str
    words: str
    of: str
    number: int | None

    def __str__(self) -> str:
        return f"{self.invariant}: {self.row}: {self.words}"


def union(found: Iterable[tuple[str, Invariant]], *, some: bool, listed: bool = True, near: bool = False) -> str:
    """One query over all of them, `%(limit)s` rows each; with `some` of the cases `%(cases)s` only.

    Unless they are `listed` in the query itself, the cases stand in a table `looked_at`.
    """
    parts = []
    for name, each in found:
        numbers = WITHIN.get(each.of, each.near if near else "") if some else ""
        within = f"WHERE number IN ({numbers})" if numbers else ""
        parts.append(
            f"(SELECT '{name}'::text, \"row\", words, '{each.of.value}'::text, number"
            f' FROM ({each.sql}) AS offending("row", words, number) {within} ORDER BY 2, 3 LIMIT %(limit)s)'
        )
    listed = some and listed
    looked_at = "WITH looked_at AS MATERIALIZED (SELECT unnest(%(cases)s::bigint[]) AS id) " if listed else ""
    return looked_at + " UNION ALL ".join(parts)
