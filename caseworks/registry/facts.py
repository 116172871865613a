"""What the pages of a unit show: its months, its leavers, and what happened to its records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, DecimalField, F, Max, Q, Sum, Value
from django.db.models.functions import Coalesce, ExtractYear

from caseworks.base.enums import ContributionKind, SeparationReason
from caseworks.registry.models import Account, Contribution, Retirement, Separation

MONTHS = 36
PAID = (ContributionKind.NORMAL, ContributionKind.SUPPLEMENT, ContributionKind.ARREARS)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Month:
    """One period of a unit: all of its records summed up."""

    period: str
    headcount: int
    due: Decimal
    paid: Decimal
    refund: Decimal
    late_fee: Decimal
    records: int
    paid_on: dt.date | None

    @property
    def missing(self) -> Decimal:
        """What is still owed for the period."""
        return max(self.due - self.paid, ZERO)

    @property
    def state(self) -> tuple[str, str]:
        """Word and colour: 足额, 欠缴, 已退. (contract section 2)"""
        if self.missing:
            return "欠缴", "red"
        if self.due > 0 and self.paid > self.refund:
            return "足额", "green"
        return ("已退回", "amber") if self.refund else ("无应缴", "grey")


def months(uscc: str, *, limit: int | None = MONTHS, also: Sequence[str] = ()) -> list[Month]:
    """The unit's periods, the newest first; `also` are units whose ledgers count as its own."""
    money = DecimalField(max_digits=16, decimal_places=2)

    def total(column: str, *kinds: str) -> Coalesce:
        return Coalesce(Sum(column, filter=Q(kind__in=kinds)), Value(ZERO), output_field=money)

    rows = (
        Contribution.objects.filter(**({"uscc__in": [uscc, *also]} if also else {"uscc": uscc}))
        .values("period")
        .annotate(
            people=Coalesce(Sum("headcount", filter=Q(kind=ContributionKind.NORMAL)), 0),
            owed=Coalesce(Sum("due"), Value(ZERO), output_field=money),
            received=total("paid", *PAID),
            given_back=total("paid", ContributionKind.REFUND),
            late=total("paid", ContributionKind.LATE_FEE),
            records=Count("period"),
            last=Max("paid_on"),
        )
        .order_by("-period")
    )
    return [
        Month(
            row["period"], row["people"], row["owed"], row["received"], row["given_back"], row["late"], row["records"],
            row["last"],
        )
        for row in (rows[:limit] if limit else rows)
    ]  # fmt: skip


def months_chart(rows: Iterable[Month]) -> dict[str, object]:
    """Due and paid as bars, the headcount as a line."""
    ordered = sorted(rows, key=lambda month: month.period)
    return {
        "categories": [month.period for month in ordered],
        "axes": ["元", "人"],
        "series": [
            {"name": "应缴", "kind": "bar", "values": [float(month.due) for month in ordered]},
            {"name": "实缴", "kind": "bar", "values": [float(month.paid - month.refund) for month in ordered]},
            {"name": "缴费人数", "kind": "line", "axis": 1, "values": [month.headcount for month in ordered]},
        ],
        "colours": ["#aab4c0", "#0b5cad", "#d98200"],
    }


@dataclass(frozen=True)
class LeaverYear:
    """减员 of one year by reason."""

    year: int
    counts: list[tuple[str, int]]
    total: int


def leavers(uscc: str) -> list[LeaverYear]:
    """How many left the unit in each year, by reason; the people themselves are not shown."""
    rows = (
        Separation.objects.filter(uscc=uscc)
        .annotate(year=ExtractYear("separated_on"))
        .values("year", "reason")
        .annotate(people=Count("pk"))
    )
    years: dict[int, dict[str, int]] = {}
    for row in rows:
        years.setdefault(row["year"], {})[row["reason"]] = row["people"]
    return [
        LeaverYear(
            year,
            [(reason.label, found[reason.value]) for reason in SeparationReason if reason.value in found],
            sum(found.values()),
        )
        for year, found in sorted(years.items(), reverse=True)
    ]


@dataclass(frozen=True)
class Happening:
    """One line of a unit's history."""

    at: dt.datetime
    what: str
    who: str


def happenings(accounts: Iterable[Account], retirements: Iterable[Retirement]) -> list[Happening]:
    """What was proposed and decided about the unit's accounts and records, the newest first."""
    found = []
    for account in accounts:
        name = f"{account.get_kind_display()}账户（尾号 {account.account_tail}）"
        found.append(Happening(account.proposed_at, f"{name}登记", account.proposed_label))
        if account.decided_at:
            because = f"：{account.refused_because}" if account.refused_because else ""
            found.append(
                Happening(account.decided_at, f"{name}{account.get_status_display()}{because}", account.decided_label)
            )
    for row in retirements:
        what = f"{row.get_kind_display()}记录{row.get_status_display()}：{'、'.join(map(str, row_key(row)))}"
        if row.decided_at:
            found.append(Happening(row.decided_at, what, row.decided_label))
        else:
            found.append(Happening(row.import_file.created_at, what, row.import_file.actor_label))
    return sorted(found, key=lambda line: line.at, reverse=True)


def row_key(row: Retirement) -> list[object]:
    """The natural key of a retired record, without what names a person."""
    values = row.key.items() if isinstance(row.key, dict) else enumerate(row.key)
    return [value for name, value in values if name not in ("uscc", "id_no", "id_hash")]


def retirements_of(uscc: str) -> list[Retirement]:
    """Records of the unit that upstream no longer had, the newest first."""
    rows = Retirement.objects.filter(uscc=uscc).select_related("import_file")
    return list(rows.order_by(F("decided_at").desc(nulls_first=True), "-pk")[:50])


_WORDS = {
    "headcount": "人数",
    "due": "应缴",
    "paid": "实缴",
    "paid_on": "到账",
    "reason": "原因",
    "removed_on": "移出",
    "source": "来源",
    "closing_balance": "滚存结余",
    "expenditure": "支出",
}


def row_words(row: Retirement) -> list[tuple[str, object]]:
    """What the retired record said, as far as it names nobody."""
    return [(label, row.snapshot[name]) for name, label in _WORDS.items() if row.snapshot.get(name) not in (None, "")]
