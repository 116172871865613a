"""The table of figures: counted set by set, one scheme and year after the other, and read by office. (N7.2)

Only what a page shows is read from it; the lists behind the figures are asked of the rows themselves.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.panels import functions_of
from caseworks.cases.models import Case
from caseworks.law.schemes import modules_by_name
from caseworks.oversight import fund, kernel
from caseworks.oversight.enums import band_of
from caseworks.oversight.hands import Hands
from caseworks.oversight.measures import Line, Measure, largest, rolled_up
from caseworks.oversight.models import Figure, Refresh
from caseworks.people import offices
from caseworks.people.actors import Actor

KIND = "figures"
LOCK = "figures"
FUND = "fund"  # stands for a scheme where the figures are the fund's
YEARS = 2  # the newest years that the clock counts again and again
BLOCK = 2000


def measures_of(scheme: str, year: int) -> dict[str, Measure]:
    """All measures of a scheme by their code: the kernel's, and its own."""
    own = [
        measure
        for found in functions_of([modules_by_name()[scheme].__name__], "dashboard_measures")
        for measure in found(year)
    ]
    return kernel.BY_CODE | {measure.code: measure for measure in own}


def schemes() -> list[str]:
    """The schemes that have something to count, in the order of the settings."""
    return [
        name
        for name, module in modules_by_name().items()
        if hasattr(module, "case_source") or hasattr(module, "dashboard_measures")
    ]


def years_of(scheme: str) -> list[int]:
    """The policy years of a scheme that have cases or something of which cases are opened, the newest first."""
    found = set(Case.objects.filter(scheme=scheme).order_by("year").values_list("year", flat=True).distinct())
    for years in functions_of([modules_by_name()[scheme].__name__], "case_years"):
        found |= set(years())
    return sorted(found, reverse=True)


# -- counting


def refresh(scheme: str, year: int, *, at: dt.datetime) -> int:
    """Count a scheme's year and put the figures in place of the old ones; returns how many there are."""
    started, on, root = time.monotonic(), timezone.localdate(at), offices.root().pk
    rows: list[Figure] = []
    for measure in measures_of(scheme, year).values():
        lines = list(_lines(measure, {"scheme": scheme, "year": year, "root": root, "on": on}))
        for code, counted in _counted(measure, lines, on):
            sums = rolled_up(counted, root)
            rows += [
                Figure(
                    year=year, scheme=scheme, office_id=office, code=code, key=key, units=found.units,
                    amount=found.amount, oldest=found.oldest, slowest=found.slowest,
                )
                for (office, key), found in (largest(sums, measure.most) if measure.most else sums).items()
            ]  # fmt: skip
    with transaction.atomic():
        Figure.objects.filter(scheme=scheme, year=year).delete()
        Figure.objects.bulk_create(rows, batch_size=BLOCK)
        seconds = time.monotonic() - started
        Refresh.objects.update_or_create(
            scheme=scheme, year=year, defaults={"at": at, "on": on, "seconds": round(seconds, 3)}
        )
    return len(rows)


def _lines(measure: Measure, params: dict[str, Any]) -> Iterator[Line]:
    if not isinstance(measure.select, str):
        yield from (Line(*row) for row in measure.select())
        return
    with connection.cursor() as cursor:
        cursor.execute(measure.select, {**params, **measure.params})
        while block := cursor.fetchmany(BLOCK):
            yield from (Line(*row) for row in block)


def _counted(measure: Measure, lines: list[Line], on: dt.date) -> Iterator[tuple[str, Iterable[Line]]]:
    """A measure's lines; those that tell since when also by how long that is, and by who may take the next step."""
    yield measure.code, lines
    waiting = [line for line in lines if line.since is not None]
    if waiting:
        yield (
            f"{measure.code}.waited",
            [line._replace(key=f"{line.key}:{band_of(line.since, on)}") for line in waiting if line.since],
        )
    if measure.code == "open":
        hands = Hands(on)
        yield (
            "hands",
            [
                line._replace(key=f"{line.key}:{person}")
                for line in lines
                for person in hands.of(line.key, line.office, line.city)
            ],
        )


def refresh_all(*, at: dt.datetime, newest: int | None = YEARS) -> int:
    """Count every scheme's newest years; another count at the same time is refused."""
    with runs.exclusive(LOCK, "看板数字的更新"):
        found = sum(refresh(scheme, year, at=at) for scheme in schemes() for year in years_of(scheme)[:newest])
        return found + refresh_fund(at=at)


def refresh_fund(*, at: dt.datetime) -> int:
    """Look at the fund of every region: hundredths of months, the balance, and the warning level with its figures."""
    on = timezone.localdate(at)
    rows = [
        Figure(
            year=on.year, scheme=FUND, office_id=offices.place(region).office_id, code=position.tone,
            key=f"{region}:{position.required}", units=max(int((position.lasts or 0) * 100), 0),
            amount=position.balance or 0,
        )
        for region, position in fund.standings(on).items()
    ]  # fmt: skip
    with transaction.atomic():
        Figure.objects.filter(scheme=FUND).delete()
        Figure.objects.bulk_create(rows)
    return len(rows)


def fund_warnings(wanted: Iterable[int]) -> list[Figure]:
    """The regions of offices whose reserve is below what is asked for, or near it; the province's whoever asks."""
    near = Figure.objects.filter(scheme=FUND, code__in=("red", "amber")).select_related("office")
    return list(near.filter(Q(office__in=wanted) | Q(key__contains="0000:")).order_by("key"))


def ask(scheme: str, year: int, *, by: Actor, at: dt.datetime) -> tuple[Run, bool]:
    """Put a refresh on record, or find the one that waits or runs: one at a time. Tells whether it is a new one."""
    if not by.may("dashboard.refresh"):
        raise Refusal("您没有更新看板数字的权限，未作任何更改。数字每隔几分钟自动更新。")
    key = f"{scheme}:{year}"
    for run in Run.objects.open().of(KIND, key):
        if runs.settle(run, at).is_open:
            return run, False
    return runs.create(KIND, key, f"更新看板数字（{year} 年度）", by, at), True


def carry_out(run: Run, *, at: dt.datetime) -> int:
    """Carry a refresh that was asked for to its end."""
    scheme, _, year = run.key.partition(":")
    with runs.running(run), runs.exclusive(LOCK, "看板数字的更新"):
        found = refresh(scheme, int(year), at=at)
        run.message = f"{found} 个数字"
    return found


# -- reading


@dataclass(frozen=True)
class Board:
    """The figures of an office in a year and scheme."""

    at: dt.datetime | None = None
    on: dt.date | None = None
    found: dict[str, dict[str, Figure]] = field(default_factory=dict)

    def of(self, code: str) -> dict[str, Figure]:
        """The figures of a measure by key."""
        return self.found.get(code, {})

    def units(self, code: str, *keys: str) -> int:
        """How many there are of these keys, or of all."""
        rows = self.of(code)
        return sum(row.units for key, row in rows.items() if not keys or key in keys)

    def amount(self, code: str, *keys: str) -> Any:
        """How much money these are about."""
        rows = self.of(code)
        return sum((row.amount for key, row in rows.items() if not keys or key in keys), start=0)


def board(scheme: str, year: int, office: int) -> Board:
    """What was counted last of an office."""
    return boards(scheme, year, [office])[office]


def boards(scheme: str, year: int, wanted: Iterable[int]) -> dict[int, Board]:
    """The same of several offices, in two queries."""
    wanted = list(wanted)
    time_of = Refresh.objects.filter(scheme=scheme, year=year).first()
    found = {pk: Board(time_of.at, time_of.on) if time_of else Board() for pk in wanted}
    for row in Figure.objects.filter(scheme=scheme, year=year, office__in=wanted).order_by("code", "key"):
        found[row.office_id].found.setdefault(row.code, {})[row.key] = row
    return found


def minus(whole: Board, parts: Iterable[Board]) -> Board:
    """What of an office's figures is not those of the offices below it: its own."""
    left: dict[str, dict[str, Figure]] = {}
    for code, rows in whole.found.items():
        for key, row in rows.items():
            units, amount = row.units, row.amount
            for part in parts:
                other = part.of(code).get(key)
                if other is not None:
                    units, amount = units - other.units, amount - other.amount
            if units:
                left.setdefault(code, {})[key] = Figure(
                    year=row.year, scheme=row.scheme, code=code, key=key, units=units, amount=amount
                )
    return Board(whole.at, whole.on, left)


def counted_years() -> list[int]:
    """The years of which there are figures, the newest first."""
    return sorted(set(Refresh.objects.values_list("year", flat=True)), reverse=True)
