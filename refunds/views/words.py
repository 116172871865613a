"""How stored values of a judgement read on a page, and in what two judgements differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from caseworks.base.enums import ListKind, Size, UnitStatus, UnitType
from caseworks.base.money import thousands
from caseworks.law.models import Policy
from caseworks.law.schemes import parameters_of
from refunds.enums import Fact, Flag, Outcome
from refunds.models import Assessment, AssessmentChange
from refunds.parameters import REASONS
from refunds.templatetags.refunds import percent

BAR = {"proposed": "拟取消资格", "confirmed": "已取消资格"}
NOTHING = "无"


def _codes(labels: Mapping[str, str], codes: Any) -> str:
    return "、".join(str(labels.get(code, code)) for code in codes) or NOTHING


def _lists(text: str) -> str:
    labels = dict(ListKind.choices)
    entries = [entry.split(":", 1) for entry in text.split(";") if entry]
    return "、".join(f"{labels.get(kind, kind)}（{since} 列入）" for kind, since in entries) or NOTHING


def shown(column: str, value: Any) -> str:
    """A column's value in words; 缺 where it is not known."""
    if column in ("reasons", "flags"):
        return _codes(REASONS if column == "reasons" else dict(Flag.choices), value or [])
    if column in ("layoff_rate", "ratio"):
        return "不判定" if value is None else percent(Decimal(str(value)))
    if column in ("premium", "amount"):
        return f"{thousands(Decimal(str(value)))} 元"
    if column == "lists":
        return _lists(value)
    if column == "determined":
        return _codes(dict(Fact.choices), [code for code in str(value).split(";") if code])
    coded = {"outcome": Outcome, "unit_type": UnitType, "status": UnitStatus, "size": Size}.get(column)
    if coded is not None:
        return str(dict(coded.choices).get(value, value)) if value else "未知"
    if column == "bar":
        return BAR.get(str(value), str(value)) if value else NOTHING
    return ("缺" if column.endswith("headcount") else "不判定") if value is None else (str(value) or NOTHING)


LABELS: dict[str, str] = {
    field.name: str(field.verbose_name) for field in Assessment._meta.fields if hasattr(field, "verbose_name")
}


@dataclass(frozen=True)
class Line:
    """One thing that differs."""

    label: str
    old: str
    new: str


#: The order in which differences are told: what matters most to the unit first.
ORDER = (
    "outcome", "reasons", "amount", "flags", "premium", "ratio", "layoff_rate", "net_reduction", "months_paid",
    "arrears_months", "opening_headcount", "closing_headcount", "deaths", "retirements", "unit_type", "size", "status",
    "lists", "bar", "dispatch_licence", "determined", "name", "region",
)  # fmt: skip


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """What differs between two judgements, as shown."""
    found = []
    for column in ORDER:
        if column in before and column in after:
            old, new = shown(column, before[column]), shown(column, after[column])
            if old != new:
                found.append(Line(LABELS[column], old, new))
    return found


def as_row(row: Assessment) -> dict[str, Any]:
    """A stored judgement by its columns, to be compared."""
    return {column: getattr(row, column) for column in ORDER}


@dataclass(frozen=True)
class ChangeRow:
    """A line of the differences between two screenings."""

    year: int
    uscc: str
    name: str
    office: str
    kind_label: str
    lines: list[Line]
    delta: str

    @classmethod
    def of(cls, change: AssessmentChange) -> ChangeRow:
        """A recorded change in words."""
        before, after = change.before or {}, change.after or {}
        if before and after:
            lines = differences(before, after)
        else:
            known = before or after
            lines = [Line(LABELS[c], shown(c, before[c]) if before else "—", shown(c, after[c]) if after else "—")
                     for c in ("outcome", "amount") if c in known]  # fmt: skip
        delta = Decimal(str(after.get("amount", 0))) - Decimal(str(before.get("amount", 0)))
        sign = "+" if delta > 0 else ""
        return cls(
            change.year, change.uscc, change.name, change.office.name, str(change.get_kind_display()), lines,
            f"{sign}{thousands(delta)}" if delta else "—",
        )  # fmt: skip


@dataclass(frozen=True)
class FigureRow:
    """A figure of a policy row as shown."""

    label: str
    value: str
    clause: str
    deciding: bool


#: The figures that decide whether and how much; the others are about how cases are handled.
DECIDING = (
    "ratio_large", "ratio_sme", "ratio_reference", "months_required", "layoff_formula", "layoff_ceiling",
    "small_unit_ceiling", "small_unit_headcount",
)  # fmt: skip


def figures(policy: Policy) -> list[FigureRow]:
    """The figures that decide a judgement; of the rules' switches only those that are off."""
    typed = parameters_of(policy.scheme)
    labels, rows = typed.labels(), []
    choices = {f.name: f.metadata["choices"] for f in typed.figure_fields()}
    for name, figure in policy.figures_dict().items():
        if figure.kind == "switch" and figure.number:
            continue
        value = figure.shown
        if choices.get(name) and figure.text:
            value = "、".join(str(choices[name].get(code, code)) for code in figure.text.split(";"))
        deciding = name in DECIDING or figure.kind == "switch"
        rows.append(FigureRow(labels.get(name, name), value, figure.clause, deciding))
    return rows
