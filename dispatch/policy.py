"""The rules of dispatch, pure: what is wrong with a roster, who gets which part of it (J2.2–J2.6, contract 3).

No rule asks the database or the clock. A row of the roster is a `Row`; what is wrong is told as (line, column, words).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from caseworks.base.money import ZERO, half_up

MANUAL = {"opening_headcount_zero": "年初参保人数为零", "closing_headcount_missing": "缺年末参保人数"}


class Row(NamedTuple):
    """One row of a roster: a worker, by whom employed, for which months, and the premium paid (J2.6)."""

    line: int
    id_type: str
    id_no: str
    name: str
    form: str
    host_uscc: str
    host_name: str
    host_type: str
    period_from: str  # YYYY-MM, inclusive
    period_to: str
    premium: Decimal


class Wrong(NamedTuple):
    """What a rule found: the line, the column and the words."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class Frame:
    """What the rows are held against: the premium year, and the last month of the licence (blank: it has no end)."""

    premium_year: int
    licence_until: date | None = None

    @property
    def last_licensed(self) -> str:
        """The month in which the licence ended."""
        return "" if self.licence_until is None else f"{self.licence_until:%Y-%m}"


# -- what is wrong with a roster


def period_backwards(rows: Iterable[Row], frame: Frame) -> Iterator[Wrong]:
    """起始期不得晚于截止期. (J2.6)"""
    for row in rows:
        if row.period_from > row.period_to:
            yield Wrong(row.line, "period_to", f"截止期 {row.period_to} 早于起始期 {row.period_from}")


def outside_the_year(rows: Iterable[Row], frame: Frame) -> Iterator[Wrong]:
    """上年度实际缴纳失业保险费: every month lies in the premium year. (J2.6, N2.3)"""
    first, last = f"{frame.premium_year}-01", f"{frame.premium_year}-12"
    for row in rows:
        for column, period in (("period_from", row.period_from), ("period_to", row.period_to)):
            if not first <= period <= last:
                yield Wrong(row.line, column, f"所属期应在 {frame.premium_year} 年内")
                break


def host_missing(rows: Iterable[Row], frame: Frame) -> Iterator[Wrong]:
    """被派遣劳动者须有实际用工单位及其类型. (J2.3, J2.6)"""
    for row in rows:
        if row.form == "dispatched":
            if not row.host_uscc:
                yield Wrong(row.line, "host_uscc", "被派遣人员须填写用工单位代码")
            elif not row.host_type:
                yield Wrong(row.line, "host_type", "被派遣人员须填写用工单位类型")


def host_of_two_types(rows: Iterable[Row], frame: Frame) -> Iterator[Wrong]:
    """同一用工单位只能有一种类型. (J2.5, J2.6)"""
    first: dict[str, tuple[str, int]] = {}
    for row in rows:
        if row.host_uscc and row.host_type:
            known, line = first.setdefault(row.host_uscc, (row.host_type, row.line))
            if known != row.host_type:
                yield Wrong(row.line, "host_type", f"同一用工单位与第 {line} 行的类型不一致")


def twice_in_a_month(rows: Iterable[Row], frame: Frame) -> Iterator[Wrong]:
    """同一人同一月份只能出现一次. (J2.6)"""
    seen: dict[str, list[Row]] = {}
    for row in rows:
        for other in seen.setdefault(row.id_no, []):
            month = max(row.period_from, other.period_from)
            if month <= min(row.period_to, other.period_to):
                yield Wrong(row.line, "id_no", f"与第 {other.line} 行为同一人，{month} 重复")
                break
        seen[row.id_no].append(row)


def after_the_licence(rows: Iterable[Row], frame: Frame) -> Iterator[Wrong]:
    """派遣许可证失效后的月份不能有被派遣人员. (J2.3, 劳动合同法 57)"""
    last = frame.last_licensed
    if not last:
        return
    for row in rows:
        if row.form == "dispatched" and row.period_to > last:
            yield Wrong(row.line, "period_to", f"劳务派遣许可证有效期止于 {frame.licence_until}，此后的月份不能派遣")


Rule = Callable[[Sequence[Row], Frame], Iterator[Wrong]]
RULES: tuple[Rule, ...] = (
    period_backwards, outside_the_year, host_missing, host_of_two_types, twice_in_a_month, after_the_licence,
)  # fmt: skip


def problems_of(rows: Sequence[Row], frame: Frame) -> list[Wrong]:
    """Everything that is wrong with the rows, in the order of the lines."""
    return sorted(wrong for rule in RULES for wrong in rule(rows, frame))


def short_of(rows: Iterable[Row], premium: Decimal) -> Decimal:
    """名册合计须与上年度实际缴纳失业保险费一致到分: what the rows are above (or below) the premium. (J2.6)"""
    return sum((row.premium for row in rows), ZERO) - premium


# -- the split


class Host(NamedTuple):
    """What units.csv knows of a host."""

    name: str
    unit_type: str
    size: str


class Part(NamedTuple):
    """A part of an application: who it is for, the premium behind it, and the money (None: the ratio is not known)."""

    kind: str  # own | host | excluded
    host_uscc: str
    host_name: str
    host_type: str  # that which counts: of units.csv where the host is known
    roster_type: str
    workers: int
    premium: Decimal
    ratio: Decimal | None
    amount: Decimal


RatioOf = Callable[[str, str], Decimal | None]  # (uscc of the host, or blank for the agency; its type that counts)


def split(
    rows: Iterable[Row], *, hosts: Mapping[str, Host], excluded_types: Iterable[str], ratio_of: RatioOf
) -> list[Part]:
    """The parts of a roster, the agency's own first, then by host: nothing of the premium is lost or counted twice.

    自有和承揽外包归派遣单位（J2.4），被派遣的归用工单位（J2.3），派往机关事业单位的和代理参保的不在范围（J2.5）.
    """
    excluded = frozenset(excluded_types)
    sums: dict[tuple[str, str], Decimal] = {}
    people: dict[tuple[str, str], set[str]] = {}
    named: dict[str, tuple[str, str]] = {}
    for row in rows:
        kind, uscc = "own", ""
        if row.form == "dispatched":
            uscc = row.host_uscc
            known = hosts.get(uscc)
            kind = "excluded" if (known.unit_type if known else row.host_type) in excluded else "host"
            named.setdefault(uscc, (row.host_name, row.host_type))
        elif row.form == "other":
            kind = "excluded"
        key = (kind, uscc)
        sums[key] = sums.get(key, ZERO) + row.premium
        people.setdefault(key, set()).add(row.id_no)
    return [
        _part(kind, uscc, hosts.get(uscc), named.get(uscc, ("", "")), len(people[kind, uscc]), premium, ratio_of)
        for (kind, uscc), premium in sorted(sums.items(), key=lambda item: (item[0][1], item[0][0] != "own"))
    ]


def _part(
    kind: str,
    uscc: str,
    known: Host | None,
    named: tuple[str, str],
    workers: int,
    premium: Decimal,
    ratio_of: RatioOf,
) -> Part:
    name, roster_type = named
    host_type = known.unit_type if known else roster_type
    name = known.name if known else name
    if kind == "excluded":
        return Part(kind, uscc, name, host_type, roster_type, workers, premium, None, ZERO)
    ratio = ratio_of(uscc if kind == "host" else "", host_type)
    return Part(
        kind, uscc, name, host_type, roster_type, workers, premium, ratio,
        ZERO if ratio is None else half_up(premium * ratio),
    )  # fmt: skip


def total(parts: Iterable[Part]) -> Decimal:
    """The amount of an application: the sum of its parts. (J2.3, J2.4)"""
    return sum((part.amount for part in parts), ZERO)


# -- signs that a clerk looks at


PUBLIC_WORDS = ("人民政府", "委员会", "管理局", "监督局", "公安局", "教育局", "财政局", "税务局", "人民法院", "人民检察院",
                "学校", "小学", "中学", "大学", "学院", "幼儿园", "医院", "卫生院", "研究院", "研究所", "图书馆", "博物馆",
                "事业发展中心", "服务中心", "机关", "事业单位", "街道办事处", "中共")  # fmt: skip
COMPANY_WORDS = ("公司", "企业", "集团", "厂", "店", "合作社")


def looks_public(name: str) -> bool:
    """Does the name look like that of an organ or a public institution? (J2.5: a sign, never a decision)"""
    return any(word in name for word in PUBLIC_WORDS) and not any(word in name for word in COMPANY_WORDS)


def own_share_rose(own: Decimal, whole: Decimal, own_before: Decimal, whole_before: Decimal, rise: Decimal) -> bool:
    """Did the own part grow by more than `rise` (a share of the premium) over the year before? (假外包真派遣: a sign)"""
    if whole <= 0 or whole_before <= 0:
        return False
    return own * whole_before - own_before * whole > rise * whole * whole_before


def manual_reasons(opening: int, closing: int | None, status: str) -> list[str]:
    """Manual reasons that let the agency apply and keep its payment back (contract 3; the classes of contract 2)."""
    if opening == 0:
        return ["opening_headcount_zero"]
    return ["closing_headcount_missing"] if closing is None and status == "active" else []
