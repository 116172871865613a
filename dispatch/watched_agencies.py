"""What supervisors watch of agencies: who holds most of the hosts' money, counted ahead like every figure. (J2.8, J2.10)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max, Sum

from caseworks.oversight.dashboard import Cell
from caseworks.oversight.figures import Board
from caseworks.oversight.kernel import listed
from caseworks.oversight.measures import Measure, Place
from dispatch.models import Obligation

MOST = 10  # agencies of an office


def _holding(year: int) -> Iterator[tuple[Any, ...]]:
    """What each agency has still to forward, by office; a key is its code and its name."""
    open_parts: Any = Obligation.objects.of_year(year).open().left()
    rows = list(
        open_parts.filter(to_do__gt=0)
        .order_by()
        .values_list("office", "city_office", "uscc")
        .annotate(called=Max("name"), parts=Count("pk"), held=Sum("to_do"))
    )
    names = {uscc: called for _, _, uscc, called, _, _ in sorted(rows, key=lambda row: row[3])}
    for office, city, uscc, _, parts, held in rows:
        yield office, city, f"{uscc} {names[uscc]}", None, parts, held


def _address(key: str, place: Place) -> str:
    return listed("obligations", place, state="open", has="to_do", agency=key.partition(" ")[0])


def measure(year: int) -> Measure:
    """The agencies of each office that hold most."""
    return Measure("agencies", "尚未转付最多的派遣单位", lambda: _holding(year), _address, most=MOST)


def cells(found: Board, place: Place) -> list[Cell]:
    """Them, each with what it holds; its parts are the list behind it."""
    rows = sorted(found.of("agencies").values(), key=lambda row: (-row.amount, row.key))
    return [Cell(row.key.partition(" ")[2], row.units, _address(row.key, place), row.amount) for row in rows]
