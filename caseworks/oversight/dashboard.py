"""What the dashboard of an office shows: figures with the lists behind them, and what to look at first. (N7.2, J2.10)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.base.panels import Panel, functions_of
from caseworks.cases.enums import BarStatus, ObjectionStatus, Status
from caseworks.cases.lifecycle import FINAL, UNFINISHED
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.law.schemes import modules_by_name
from caseworks.money import uses
from caseworks.oversight import figures
from caseworks.oversight.enums import BANDS, GROUPS, REACHED
from caseworks.oversight.figures import Board
from caseworks.oversight.kernel import listed, whatever
from caseworks.oversight.measures import Alert, Measure, Place
from caseworks.oversight.models import Figure
from caseworks.people.models import Office, OfficeRegion, Person

SOON, VERY_SOON = 60, 30  # days before the policy's end
CAUSES = 10  # causes of returns that are named
HANDS = 12  # people that are named


@dataclass(frozen=True)
class Cell:
    """A number that leads to the list of what it counts."""

    label: str
    units: int
    url: str = ""
    amount: Decimal | None = None
    tone: str = ""
    share: int | None = None


@dataclass(frozen=True)
class Waiting:
    """Work at one step: how much, by how long it waits, since when the slowest quarter and the oldest wait."""

    cell: Cell
    bands: list[Cell]
    slowest: int | None
    oldest: int | None
    person: str = ""


@dataclass(frozen=True)
class Lapse:
    """The end of the policy, and what would lapse with it."""

    policy: Policy | None
    days: int | None
    cells: list[Cell]
    tone: str


@dataclass(frozen=True)
class Child:
    """An office below, with its figures; `direct` is the office's own rows without those below it."""

    office: Office
    direct: bool
    cells: list[Cell]


@dataclass
class Dashboard:
    """All of it."""

    office: Office
    path: list[Office]
    scheme: str
    year: int
    at: dt.datetime | None
    alerts: list[Alert] = field(default_factory=list)
    funnel: list[Cell] = field(default_factory=list)
    left: list[Cell] = field(default_factory=list)
    outcomes: list[Cell] = field(default_factory=list)
    reasons: list[Cell] = field(default_factory=list)
    open: list[Waiting] = field(default_factory=list)
    hands: list[Waiting] = field(default_factory=list)
    returns: list[Cell] = field(default_factory=list)
    causes: list[Cell] = field(default_factory=list)
    paid: list[Cell] = field(default_factory=list)
    objections: list[Cell] = field(default_factory=list)
    holds: list[Cell] = field(default_factory=list)
    bars: list[Cell] = field(default_factory=list)
    uses: list[Cell] = field(default_factory=list)
    spent: list[Cell] = field(default_factory=list)
    reported: bool = False  # whether units report on what they use this scheme's money for
    lapse: Lapse | None = None
    children: list[Child] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)

    def cells(self) -> Iterator[Cell]:
        """Every number that leads to a list; a test compares each with its list."""
        for cells in (
            self.funnel, self.left, self.outcomes, self.reasons, self.returns, self.causes, self.paid,
            self.objections, self.holds, self.bars, self.uses, self.spent, self.lapse.cells if self.lapse else [],
        ):  # fmt: skip
            yield from cells
        for row in (*self.open, *self.hands):
            yield row.cell
            yield from row.bands
        for child in self.children:
            yield from child.cells


def of(person: Person, office: Office, scheme: str, year: int, on: dt.date) -> Dashboard:
    """The dashboard of an office (within the person's scope) for a scheme and year."""
    found = figures.board(scheme, year, office.pk)
    measures = figures.measures_of(scheme, year)
    place = Place(scheme, year, office.pk)
    page = Dashboard(office, path_of(office), scheme, year, found.at)
    page.outcomes = _cells(measures.get("judged"), found, place)
    page.reasons = sorted(_cells(measures.get("reason"), found, place), key=lambda cell: -cell.units)
    page.funnel = _funnel(measures.get("judged"), found, place)
    page.left = [
        Cell(str(status.label), found.units("status", status), measures["status"].address(status, place),
             found.amount("status", status))
        for status in FINAL
        if found.units("status", status)
    ]  # fmt: skip
    page.open = [_waiting(status, found, place, on) for status in UNFINISHED if found.units("open", status)]
    page.hands = _hands(found, place, on)
    page.returns = _returns(found, place)
    page.causes = sorted(_cells(measures["returns"], found, place), key=lambda cell: -cell.units)[:CAUSES]
    page.paid = _cells(measures["paid"], found, place)
    page.objections = _cells(measures["objections"], found, place)
    page.holds = _cells(measures["holds"], found, place)
    page.bars = _cells(measures["bars"], found, place)
    page.reported = scheme in uses.reported()
    page.uses = [*_cells(measures["uses_late"], found, place), *_cells(measures["uses"], found, place)]
    page.spent = _cells(measures["spent"], found, place)
    page.lapse = _lapse(measures, found, place, office, on)
    page.children = _children(measures, found, place, office)
    for panels in functions_of([modules_by_name()[scheme].__name__], "dashboard_panels"):
        page.panels += list(panels(person, office, year, on))
    alerts = [*_alerts(page, found, place, on), *_fund_alerts(office), *scheme_alerts(person, office, year, on)]
    once = {
        (alert.label, alert.url): alert for alert in alerts
    }  # a scheme tells its own on the boards of the others too
    page.alerts = sorted(once.values(), key=lambda alert: alert.tone != "red")
    return page


def scheme_alerts(person: Person, office: Office, year: int, on: dt.date) -> Iterator[Alert]:
    """What the schemes want looked at (`dashboard_alerts(person, office, year, on)` of their modules)."""
    for module in modules_by_name().values():
        for alerts in functions_of([module.__name__], "dashboard_alerts"):
            yield from alerts(person, office, year, on)


def _fund_alerts(office: Office) -> Iterator[Alert]:
    """The regions whose reserve is below what is asked for, or near it. (N6.1)"""
    for row in figures.fund_warnings(Office.objects.within(office).values_list("pk", flat=True)):
        region, _, required = row.key.partition(":")
        words = "低于" if row.code == "red" else "接近"
        yield Alert(
            row.code,
            f"{row.office.name}基金备付期限 {row.units / 100:.2f} 个月，{words}要求的 {required} 个月",
            None,
            f"{reverse('admin:oversight_fund')}?region={region}",
        )


def path_of(office: Office) -> list[Office]:
    """From the province down to the office."""
    path = [office]
    while path[0].parent is not None:
        path.insert(0, path[0].parent)
    return path


def _cell(measure: Measure, row: Figure, place: Place) -> Cell:
    return Cell(measure.word(row.key), row.units, measure.address(row.key, place), row.amount)


def _cells(measure: Measure | None, found: Board, place: Place) -> list[Cell]:
    """A measure's figures, in the order of its words, or of their keys."""
    if measure is None:
        return []
    rows = found.of(measure.code)
    keys = [key for key in measure.words if key in rows] if measure.words is not None else sorted(rows)
    return [_cell(measure, rows[key], place) for key in keys]


def _share(part: int, whole: int) -> int | None:
    return round(part * 100 / whole) if whole else None


def _funnel(judged: Measure | None, found: Board, place: Place) -> list[Cell]:
    """From what was judged payable to what is paid, each as a share of the first."""
    steps: list[tuple[str, int, Decimal, str]] = []
    if judged is not None:
        first = judged.granted[0] if judged.granted else ""
        granted = found.units("judged", *judged.granted), found.amount("judged", *judged.granted)
        steps.append(("判定符合", *granted, judged.address(first, place)))
    for name, (label, states) in REACHED.items():
        units, amount = found.units("status", *states), found.amount("status", *states)
        steps.append((label, units, amount, listed("cases", place, stage=name)))
    whole = steps[0][1]
    return [Cell(label, units, url, amount, share=_share(units, whole)) for label, units, amount, url in steps]


def _days(since: dt.date | None, on: dt.date) -> int | None:
    return None if since is None else max((on - since).days, 0)


def _bands(code: str, key: str, found: Board, address: Any) -> list[Cell]:
    cells = []
    for band, (label, _, _, tone) in BANDS.items():
        units = found.units(f"{code}.waited", f"{key}:{band}")
        cells.append(Cell(label, units, address(band) if units else "", tone=tone if units else ""))
    return cells


def _waiting(status: Status, found: Board, place: Place, on: dt.date) -> Waiting:
    row = found.of("open")[status.value]
    return Waiting(
        Cell(str(status.label), row.units, listed("cases", place, status=status.value), row.amount),
        _bands("open", status.value, found, lambda band: listed("cases", place, status=status.value, waited=band)),
        _days(row.slowest, on), _days(row.oldest, on),
    )  # fmt: skip


def _hands(found: Board, place: Place, on: dt.date) -> list[Waiting]:
    """Open work by the people who may take its next step, the slowest first."""
    rows = found.of("hands")
    names = dict(Person.objects.filter(pk__in={key.partition(":")[2] for key in rows}).values_list("pk", "full_name"))
    lines = []
    for key, row in rows.items():
        status, _, person = key.partition(":")
        cell = Cell(
            str(Status(status).label), row.units, listed("cases", place, status=status, hands=person), row.amount
        )
        lines.append(
            Waiting(cell, [], _days(row.slowest, on), _days(row.oldest, on), names.get(int(person), f"#{person}"))
        )
    return sorted(lines, key=lambda line: (-(line.slowest or 0), -line.cell.units))[:HANDS]


def _returns(found: Board, place: Place) -> list[Cell]:
    all_of = Cell(
        "银行退回", found.units("returns"), listed("payments", place, status="returned"), found.amount("returns")
    )
    waiting = Cell(
        "其中尚未重新支付", found.units("returns_open"), listed("payments", place, status="returned", mended="no"),
        found.amount("returns_open"), tone="amber" if found.units("returns_open") else "",
    )  # fmt: skip
    return [all_of, waiting]


def region_of(office: Office) -> str:
    """The region prefix that an office looks after, the shortest of several."""
    return min(OfficeRegion.objects.filter(office=office).values_list("prefix", flat=True), key=len, default="")


def _lapse(measures: Mapping[str, Measure], found: Board, place: Place, office: Office, on: dt.date) -> Lapse:
    """What is not paid when the policy ends. (N2.7, N3.4)"""
    try:
        policy = policies.for_screening(place.scheme, place.year, region_of(office), on)
    except Refusal:
        policy = None
    cells = _cells(measures.get("unopened"), found, place)
    for column, name in (("stage", "review"), ("status", "announced"), ("stage", "paying"), ("status", "returned")):
        label, states = GROUPS[name] if column == "stage" else (str(Status(name).label), (Status(name),))
        units, amount = found.units("status", *states), found.amount("status", *states)
        cells.append(Cell(label, units, listed("cases", place, **{column: name}), amount))
    end = policy.effective_to if policy else None
    days = (end - on).days if end else None
    left = sum(cell.units for cell in cells)
    tone = ""
    if days is not None and left:
        tone = "red" if days <= VERY_SOON else "amber" if days <= SOON else ""
    return Lapse(policy, days, cells, tone)


def _row(measures: Mapping[str, Measure], found: Board, place: Place) -> list[Cell]:
    """An office's figures in the table of offices."""
    judged = measures.get("judged")
    cells = []
    if judged is not None and judged.granted:
        units, amount = found.units("judged", *judged.granted), found.amount("judged", *judged.granted)
        cells.append(Cell("判定符合", units, judged.address(judged.granted[0], place), amount))
    for name in ("approved", "paid"):
        label, states = REACHED[name]
        units, amount = found.units("status", *states), found.amount("status", *states)
        cells.append(Cell(label, units, listed("cases", place, stage=name), amount))
    open_units = found.units("status", *GROUPS["open"][1])
    cells.append(Cell("未办结", open_units, listed("cases", place, stage="open")))
    old = sum(row.units for key, row in found.of("open.waited").items() if key.endswith(":old"))
    cells.append(
        Cell("停留 15 天以上", old, listed("cases", place, stage="open", waited="old"), tone="red" if old else "")
    )
    back = found.units("returns_open")
    cells.append(
        Cell(
            "退回待处理", back, listed("payments", place, status="returned", mended="no"), tone="amber" if back else ""
        )
    )
    return cells


def _children(measures: Mapping[str, Measure], found: Board, place: Place, office: Office) -> list[Child]:
    below = list(Office.objects.filter(parent=office).order_by("code"))
    if not below:
        return []
    boards = figures.boards(place.scheme, place.year, [child.pk for child in below])
    children = [  # one that was closed as long as it has figures: the rows below add up
        Child(child, False, _row(measures, boards[child.pk], Place(place.scheme, place.year, child.pk)))
        for child in below
        if child.is_active or boards[child.pk].found
    ]
    own = figures.minus(found, boards.values())
    if own.found:
        children.append(Child(office, True, _row(measures, own, Place(place.scheme, place.year, office.pk, True))))
    return children


def _alerts(page: Dashboard, found: Board, place: Place, on: dt.date) -> Iterator[Alert]:
    """What of the figures has to be looked at."""
    old = sum(row.units for key, row in found.of("open.waited").items() if key.endswith(":old"))
    if old:
        yield Alert("red", "停留 15 天以上的业务件", old, listed("cases", place, stage="open", waited="old"))
    if page.lapse and page.lapse.tone and page.lapse.days is not None:
        left = sum(cell.units for cell in page.lapse.cells)
        words = f"距政策期限还有 {page.lapse.days} 天" if page.lapse.days >= 0 else "政策期限已过"
        yield Alert(page.lapse.tone, f"{words}，尚未拨付", left, "#lapse")
    back = page.returns[1]
    if back.units:
        yield Alert("amber", "银行退回，尚未重新支付", back.units, back.url, "更正账户并经另一人确认后再付")
    waiting = found.units("objections", ObjectionStatus.OPEN)
    if waiting:
        yield Alert("amber", "公示异议待处理", waiting, listed("objections", place, status="open"))
    bars = found.units("bars", BarStatus.PROPOSED)
    if bars:
        url = whatever("bars", place, status=BarStatus.PROPOSED.value)
        yield Alert("red", "拟取消资格，待主管查实", bars, url, "当即生效，由主管查实或者撤销")
    late = found.units("uses_late")
    if late:
        yield Alert("amber", "资金使用情况逾期未报告", late, listed("uses", place, status="late"), "催报，或上门核查")
