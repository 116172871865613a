"""The gate before money leaves: the fund's reserve in months, on the figures of the year before (N2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Sum

from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, half_up, rate4, thousands
from caseworks.money.models import Payment
from caseworks.people import offices
from caseworks.registry.models import FundYear

MONTHS = 12  # of a year
PROVINCE, POOL = 2, 4  # digits of a region code


@dataclass(frozen=True)
class Gate:
    """The reserve of a region: closing balance ÷ average monthly expenditure; closed where there are no figures.

    `committed` is what is on its way or paid for the policy year; `taken` what is being drawn up now.
    """

    region: str
    year: int
    required: int
    balance: Decimal | None = None
    expenditure: Decimal | None = None
    committed: Decimal = ZERO
    taken: Decimal = ZERO

    @property
    def months(self) -> Fraction | None:
        """How many months the balance lasts; None where it cannot be told."""
        return None if self.balance is None else self._lasts(self.balance)

    @property
    def is_open(self) -> bool:
        """Compared as an exact fraction, nothing rounded first."""
        return self.months is not None and self.months >= self.required

    @property
    def shown_months(self) -> Decimal | None:
        """As it is shown."""
        return None if self.months is None else rate4(self.months)

    @property
    def monthly(self) -> Decimal | None:
        """The average expenditure of a month, as it is shown."""
        return None if self.expenditure is None else half_up(Fraction(self.expenditure) / MONTHS)

    @property
    def left(self) -> Decimal | None:
        """What the closing balance leaves once all that is on its way or paid for the year is taken off."""
        return None if self.balance is None else self.balance - self.committed

    @property
    def leaves(self) -> Decimal | None:
        """What is left when this has gone as well."""
        return None if self.left is None else self.left - self.taken

    @property
    def leaves_months(self) -> Decimal | None:
        """How long that lasts. It is told and refuses nothing: the clause asks for the end of the year before."""
        lasts = None if self.leaves is None else self._lasts(self.leaves)
        return None if lasts is None else rate4(lasts)

    @property
    def leaves_short(self) -> bool:
        """Would less be left than the months asked for?"""
        lasts = None if self.leaves is None else self._lasts(self.leaves)
        return lasts is not None and lasts < self.required

    def _lasts(self, balance: Decimal) -> Fraction | None:
        return Fraction(balance) * MONTHS / Fraction(self.expenditure) if self.expenditure else None

    @property
    def words(self) -> str:
        """What stands behind it, in a caseworker's words."""
        if self.balance is None:
            return f"缺少地区 {self.region} {self.year} 年基金收支数据，闸门关闭。请先导入 fund.csv。"
        if self.months is None:
            return f"地区 {self.region} {self.year} 年基金支出为零，无法计算备付期限，闸门关闭。请核对 fund.csv。"
        state = "达到" if self.is_open else "低于"
        return (
            f"地区 {self.region} {self.year} 年末滚存结余 {thousands(self.balance)} 元，"
            f"全年支出 {thousands(self.expenditure or ZERO)} 元，"
            f"备付期限 {self.shown_months} 个月，{state}要求的 {self.required} 个月。"
        )

    def as_json(self) -> dict[str, Any]:
        """As a batch keeps it."""
        return {
            "region": self.region,
            "year": self.year,
            "required": self.required,
            "balance": _text(self.balance),
            "expenditure": _text(self.expenditure),
            "months": _text(self.shown_months),
            "committed": str(self.committed),
            "taken": str(self.taken),
            "leaves": _text(self.leaves),
            "leaves_months": _text(self.leaves_months),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Gate:
        """The gate that a batch stood on."""
        balance, expenditure = (
            None if kept.get(name) is None else Decimal(kept[name]) for name in ("balance", "expenditure")
        )
        committed, taken = (Decimal(kept.get(name) or ZERO) for name in ("committed", "taken"))
        where = (str(kept["region"]), int(kept["year"]), int(kept["required"]))
        return cls(*where, balance, expenditure, committed, taken)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def fund_region(region: str, scope: str) -> str:
    """The region whose figures count for a unit's: the province's, or the pool's own."""
    return region[: POOL if scope == "pool" else PROVINCE].ljust(6, "0")


def look(year: int, wanted: Iterable[tuple[str, int]]) -> dict[str, Gate]:
    """The gates of regions with the months each requires, for a policy year: it stands on the year before."""
    required = dict(wanted)
    figures = FundYear.objects.filter(region__in=sorted(required), year=year - 1).order_by("region")
    found = {row.region: row for row in figures}
    return {
        region: Gate(
            region,
            year - 1,
            months,
            found[region].closing_balance if region in found else None,
            found[region].expenditure if region in found else None,
            _committed(region, year),
        )
        for region, months in required.items()
    }


def _committed(region: str, year: int) -> Decimal:
    """What is on its way or paid for a year, of all schemes: it leaves one fund. A pool's own are those of its city."""
    rows = Payment.objects.live().filter(year=year)
    if not region.endswith("0000"):
        rows = rows.filter(city_office=offices.place(region).city_office_id)
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def require(gates: Iterable[Gate]) -> None:
    """Refuse while one of them is closed."""
    closed = [gate.words for gate in gates if not gate.is_open]
    if closed:
        raise Refusal("基金备付期限闸门关闭，不能组批，未作任何更改。", closed)
