"""What the dashboards count: a measure is SQL over the rows of a year, and the address of the list of these rows.

A scheme adds its own by functions of its module (settings.SCHEMES):

- `dashboard_measures(year) -> Iterable[Measure]`: counted by the clock, shown from the table of figures,
- `dashboard_panels(person, office, year, on) -> Iterable[Panel]`: cards of its own on the dashboard, quick to ask,
- `dashboard_alerts(person, office, year, on) -> Iterable[Alert]`: what has to be looked at first,
- `dashboard_lists() -> Iterable[ListSpec]`: lists of its own rows, for its figures to lead to (`oversight.lists`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

ZERO = Decimal(0)
QUARTER = 4


@dataclass(frozen=True)
class Place:
    """Of which rows a figure tells: a scheme's, of a year, of an office and those below it."""

    scheme: str
    year: int
    office: int | None = None
    direct: bool = False  # the office's own rows only, without those of offices below it

    def query(self, **more: str) -> dict[str, str]:
        """As a list's address says it."""
        where = {"office": str(self.office)} if self.office is not None else {}
        return {"year": str(self.year), **where, **({"direct": "1"} if self.direct else {}), **more}


@dataclass(frozen=True)
class Measure:
    """One kind of figure, by key.

    `select` (SQL, or rows as tuples) gives office_id, city_office_id, key (text), since (date or NULL), units, amount:
    one line for each that is found, grouped; SQL is given %(scheme)s, %(year)s, %(root)s (the province's office) and
    %(on)s (the day of the count). `words` are the keys' names in the order in which they are shown; without it a key is its own.
    `address` is the list of the rows that a figure counts.
    """

    code: str
    title: str
    select: str | Callable[[], Iterable[tuple[Any, ...]]]
    address: Callable[[str, Place], str]
    params: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] | None = None
    #: keys that count as the beginning of the funnel (of the measure `judged`)
    granted: tuple[str, ...] = ()
    #: so many of an office are kept, those with the largest amounts; without it all
    most: int | None = None

    def word(self, key: str) -> str:
        """A key in the bureau's words."""
        return key if self.words is None else self.words.get(key, key)


@dataclass(frozen=True)
class Alert:
    """Something to look at (red: has to be done; amber: keep an eye on it), with where to do so."""

    tone: str
    label: str
    count: int | None = None
    url: str = ""
    hint: str = ""


class Line(NamedTuple):
    """One line of a measure's SELECT."""

    office: int
    city: int
    key: str
    since: dt.date | None
    units: int
    amount: Decimal


@dataclass
class Sum:
    """Lines of one office and key, summed up."""

    units: int = 0
    amount: Decimal = ZERO
    days: dict[dt.date, int] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        """Take one more line in."""
        self.units += line.units
        self.amount += line.amount or ZERO
        if line.since is not None:
            self.days[line.since] = self.days.get(line.since, 0) + line.units

    @property
    def oldest(self) -> dt.date | None:
        """Since when the longest waits."""
        return min(self.days, default=None)

    @property
    def slowest(self) -> dt.date | None:
        """Since when the slowest quarter waits, at the least."""
        wanted = -(-sum(self.days.values()) // QUARTER)
        for day, units in sorted(self.days.items()):
            wanted -= units
            if wanted <= 0:
                return day
        return None


def rolled_up(lines: Iterable[Line], root: int) -> dict[tuple[int, str], Sum]:
    """The sums by office and key: a row counts for its office, for the city's and for the province's."""
    found: dict[tuple[int, str], Sum] = defaultdict(Sum)
    for line in lines:
        for office in {line.office, line.city, root}:
            found[office, line.key].add(line)
    return found


def largest(found: dict[tuple[int, str], Sum], most: int) -> dict[tuple[int, str], Sum]:
    """Of each office the keys with the largest amounts."""
    ranked = sorted(found.items(), key=lambda item: (-item[1].amount, item[0]))
    kept: dict[tuple[int, str], Sum] = {}
    seen: dict[int, int] = defaultdict(int)
    for (office, key), each in ranked:
        seen[office] += 1
        if seen[office] <= most:
            kept[office, key] = each
    return kept
