"""The fund as supervisors watch it: how it stands, month by month, what planned batches would leave. (N6.1, J4.3)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings

from caseworks.base.money import ZERO
from caseworks.law.models import PolicyFigure
from caseworks.money import priority, reserve
from caseworks.money.enums import GOING, BatchStatus
from caseworks.money.models import Batch
from caseworks.money.reserve import Position
from caseworks.people import offices
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope
from caseworks.registry.models import FundYear

SHOWN = 24  # months of the trend


@dataclass(frozen=True)
class Pool:
    """A region of the fund with the office that looks after it."""

    region: str
    name: str
    position: Position


@dataclass(frozen=True)
class Planned:
    """What would go, and what it would leave: by itself, and with all before it."""

    label: str
    amount: Decimal
    left: Decimal | None
    months: Decimal | None
    because: str
    batch: Batch | None = None


@dataclass(frozen=True)
class Month:
    """One month of the trend; what finance has not recorded is None."""

    period: str
    balance: Decimal | None
    expenditure: Decimal | None
    living: Decimal | None
    paid: Decimal


@dataclass
class Fund:
    """The fund room of a region."""

    pool: Pool
    planned: list[Planned] = field(default_factory=list)
    months: list[Month] = field(default_factory=list)
    years: list[FundYear] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)


def required_months(on: dt.date) -> int:
    """The reserve that the policies in force ask for, of the newest year of each scheme; the strictest counts."""
    rows = PolicyFigure.objects.filter(
        name="reserve_months", policy__status="in_force", policy__effective_from__lte=on, number__isnull=False
    )
    newest: dict[str, int] = {}
    for scheme, number in rows.order_by("policy__year", "policy__effective_from").values_list(
        "policy__scheme", "number"
    ):
        newest[scheme] = int(number or 0)
    return max(newest.values(), default=0)


def standings(on: dt.date) -> dict[str, Position]:
    """How the fund of every region stands."""
    required = required_months(on)
    return {region: reserve.look(region, on, required=required) for region in reserve.regions()}


def regions_for(person: Person, on: dt.date) -> dict[str, str]:
    """The regions of the fund that a person may look at: the province's, and the pools of the offices in scope."""
    mine = set(offices_in_scope(person, on, "dashboard.view").values_list("pk", flat=True))
    found = {}
    for region in reserve.regions():
        place = offices.place(region)
        if region.endswith("0000") or place.city_office_id in mine:
            found[region] = place.office_id
    names = dict(Office.objects.filter(pk__in=found.values()).values_list("pk", "name"))
    return {region: names[office] for region, office in found.items()}


def of(region: str, names: dict[str, str], on: dt.date) -> Fund:
    """How a region's fund stands, with all that is planned."""
    required = required_months(on)
    pools = [Pool(each, name, reserve.look(each, on, required=required)) for each, name in names.items()]
    pool = next(each for each in pools if each.region == region)
    return Fund(
        pool,
        _planned(pool.position, on),
        _months(pool.position),
        list(FundYear.objects.filter(region=region).order_by("-year")[:5]),
        pools,
    )


def _planned(position: Position, on: dt.date) -> list[Planned]:
    """Batches that have not gone, living benefits first, then what is cleared and in none; each after those before."""
    waiting = Batch.objects.filter(status__in=(BatchStatus.DRAWN, *GOING)).select_related("office")
    rows = sorted(reserve.of_region(waiting, position.region), key=lambda row: (reserve.priority(row.scheme), row.pk))
    lines, gone = [], ZERO
    for row in rows:
        gone += row.amount
        because = priority.waits_because(row, on)
        label = f"{row.batch_no}（{row.get_status_display()}）"
        lines.append(Planned(label, row.amount, position.after(gone), position.months_after(gone), because, row))
    if position.cleared:
        gone += position.cleared
        because = position.because(position.cleared) if position.short(position.cleared) else ""
        lines.append(Planned("待组批", position.cleared, position.after(gone), position.months_after(gone), because))
    return lines


def _months(position: Position) -> list[Month]:
    """The trend, the oldest first: what finance recorded beside what this system paid."""
    years = {position.on.year, position.on.year - 1} | {int(row.period[:4]) for row in position.months}
    paid = reserve.paid_by_month(position.region, years)
    recorded = {row.period: row for row in position.months}
    periods = sorted(set(paid) | set(recorded))[-SHOWN:]
    return [
        Month(
            period,
            row.balance if (row := recorded.get(period)) else None,
            row.expenditure if row else None,
            row.living if row else None,
            paid.get(period, ZERO),
        )
        for period in periods
    ]


def in_tens_of_thousands(yuan: Decimal | None) -> float | None:
    """万元 for the axis of a chart; the table beside it has the yuan to the cent."""
    return None if yuan is None else float(yuan / 10_000)


def chart(months: list[Month]) -> dict[str, Any] | None:
    """The trend as data for the page's chart."""
    if not months:
        return None

    def numbers(name: str) -> list[float | None]:
        return [in_tens_of_thousands(getattr(month, name)) for month in months]

    return {
        "unit": "万元",
        "categories": [month.period for month in months],
        "series": [
            {"name": "月末滚存结余", "values": numbers("balance"), "kind": "line"},
            {"name": "当月基金支出", "values": numbers("expenditure")},
            {"name": "其中保生活", "values": numbers("living")},
            {"name": "本系统拨付到账", "values": numbers("paid")},
        ],
    }


def warning_months(position: Position) -> int:
    """Below so many months a fund is near what is asked for."""
    return position.required + settings.FUND_WARNING_MONTHS
