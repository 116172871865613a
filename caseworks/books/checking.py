"""The books: every invariant of the rooms and of the schemes, in one query over all rows or over some cases. (N6.2)

A scheme adds its own by the function `invariants()` of its module (settings.SCHEMES): name → `Invariant`. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from django.conf import settings
from django.db import connection, transaction

from caseworks.base.panels import scheme_functions
from caseworks.books import cases, money, notices
from caseworks.books.invariants import Invariant, Offence, invariant, union

LIMIT = 100  # offending rows named an invariant
# From so many cases on they stand in a table with a key and statistics: the rows that an operation wrote in this very
# transaction have none, and a list without a key is then gone through once for each of them.
MANY = 500
_LOOKED_AT = """
    CREATE TEMPORARY TABLE looked_at (id bigint PRIMARY KEY) ON COMMIT DROP;
    INSERT INTO looked_at SELECT unnest(%(cases)s::bigint[]);
    ANALYZE looked_at
"""


def invariants() -> dict[str, Invariant]:
    """Name → invariant, from the rooms and the schemes."""
    found = {**cases.CHECKS, **money.CHECKS, **notices.CHECKS}
    for own in scheme_functions("invariants"):
        for name, each in own().items():
            if name in found:
                raise ValueError(f"two invariants are called {name}")
            found[name] = invariant(each)
    return found


def offences(
    limit: int = LIMIT,
    *,
    of_cases: Iterable[int] | None = None,
    names: Iterable[str] | None = None,
    around: bool = False,
) -> list[Offence]:
    """The offending rows, so many an invariant; none where the books are clean.

    With `of_cases` only what belongs to these cases is looked at, with `names` only these invariants. `around` an
    operation on them nothing else is: neither what follows no case, but for what they have to do with, nor what the
    schemes of no such case ask.
    """
    known = invariants()
    ids = None if of_cases is None else sorted(set(of_cases))
    if around and ids is not None:
        elsewhere = _of_other_schemes(ids)
        known = {name: each for name, each in known.items() if name not in elsewhere}
    wanted = sorted(known if names is None else names)
    if not wanted:
        return []
    many = ids is not None and len(ids) > MANY
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # forty small queries: compiling them costs more than running them
        if many:
            cursor.execute(_LOOKED_AT, {"cases": ids})
        cursor.execute(
            union([(name, known[name]) for name in wanted], some=ids is not None, listed=not many, near=around),
            {"limit": limit, "cases": ids},
        )
        rows = [Offence(*row) for row in cursor.fetchall()]
        if many:
            cursor.execute("DROP TABLE pg_temp.looked_at")
    return rows


def _of_other_schemes(ids: list[int]) -> set[str]:
    """The invariants of the schemes that none of these cases is of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT scheme FROM cases_case WHERE id = ANY(%s)", [ids])
        there = {scheme for (scheme,) in cursor.fetchall()}
    modules = [import_module(path) for path in settings.SCHEMES]
    return {
        name
        for module in modules
        if module.NAME not in there and hasattr(module, "invariants")
        for name in module.invariants()
    }
