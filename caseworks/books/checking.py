"""The books: every invariant of the rooms and of the schemes, in one query over all rows. Reads only. (N6.2)

An invariant is a name and the SQL of the rows that offend it: which row, and in what. A scheme adds its own by the
function `invariants()` of its module (settings.SCHEMES).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from caseworks.base.panels import scheme_functions
from caseworks.books import cases, money


@dataclass(frozen=True, slots=True)
class Offence:
    """One offending row."""

    invariant: str
    row: str
    words: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.row}: {self.words}"


def invariants() -> dict[str, str]:
    """Name → SQL of the offending rows, from the rooms and the schemes."""
    found = {**cases.CHECKS, **money.CHECKS}
    for own in scheme_functions("invariants"):
        for name, sql in own().items():
            if name in found:
                raise ValueError(f"two invariants are called {name}")
            found[name] = sql
    return found


def offences(limit: int = 100) -> list[Offence]:
    """The offending rows, so many an invariant; none where the books are clean."""
    parts = [
        f"(SELECT '{name}'::text, * FROM ({sql}) AS offending(\"row\", words) ORDER BY 2, 3 LIMIT %(limit)s)"
        for name, sql in sorted(invariants().items())
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"limit": limit})
        return [Offence(*row) for row in cursor.fetchall()]
