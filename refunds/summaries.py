"""Sums over stored judgements: by outcome, reason and flag, and what changed since the run before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Func, Q, QuerySet, Sum

from caseworks.base.models import RunState
from caseworks.base.money import ZERO
from refunds.enums import ChangeKind, Flag, Outcome
from refunds.models import AssessmentChange, AssessmentQuerySet, ScreeningRun
from refunds.parameters import REASONS


@dataclass(frozen=True)
class Line:
    """One outcome, reason or flag: how many units, and how much money where it is about money."""

    code: str
    label: str
    units: int
    amount: Decimal = ZERO


class Unnested(Func):
    """A row an entry of an array."""

    function = "unnest"


def by_outcome(rows: AssessmentQuerySet) -> list[Line]:
    """Units and amount by outcome, in the order in which an outcome wins; none is left out."""
    found = {
        row["outcome"]: row
        for row in rows.order_by().values("outcome").annotate(units=Count("pk"), amount=Sum("amount"))
    }
    return [
        Line(outcome.value, str(outcome.label), found[outcome]["units"], found[outcome]["amount"])
        if outcome in found
        else Line(outcome.value, str(outcome.label), 0)
        for outcome in Outcome
    ]


def _entries(rows: AssessmentQuerySet, column: str, labels: dict[str, str]) -> list[Line]:
    found = dict(
        rows.exclude(**{column: []})
        .order_by()
        .annotate(entry=Unnested(F(column)))
        .values("entry")
        .annotate(units=Count("pk"))
        .values_list("entry", "units")
    )
    return [Line(code, label, found[code]) for code, label in labels.items() if code in found]


def by_reason(rows: AssessmentQuerySet) -> list[Line]:
    """Units by reason, in the order of the contract; a unit with two reasons counts in both."""
    return _entries(rows, "reasons", dict(REASONS))


def by_flag(rows: AssessmentQuerySet) -> list[Line]:
    """Units by flag."""
    return _entries(rows, "flags", {flag.value: str(flag.label) for flag in Flag})


def totals(rows: AssessmentQuerySet) -> dict[str, Any]:
    """All of it, as a screening keeps it."""
    return {
        "outcomes": {line.code: {"units": line.units, "amount": f"{line.amount:.2f}"} for line in by_outcome(rows)},
        "reasons": {line.code: line.units for line in by_reason(rows)},
        "flags": {line.code: line.units for line in by_flag(rows)},
    }


def changes_of(screening: ScreeningRun) -> QuerySet[AssessmentChange]:
    """What changed, unit by unit, since the last finished run; what a killed run between them wrote is part of it."""
    since = screening.previous_id or 0
    between = ScreeningRun.objects.filter(year=screening.year, pk__gt=since, pk__lte=screening.pk)
    rows = AssessmentChange.objects.filter(
        screening__in=between.filter(Q(pk=screening.pk) | ~Q(run__state=RunState.DONE))
    )
    return rows if screening.offices is None else rows.filter(office__in=screening.offices)


def movements(screening: ScreeningRun) -> list[tuple[str, str, int]]:
    """How many units went from which outcome to which; blank stands for not in the list."""
    rows = (
        changes_of(screening)
        .order_by()
        .values_list("kind", "before__outcome", "after__outcome")
        .annotate(units=Count("pk"))
    )
    moved: dict[tuple[str, str], int] = {}
    for kind, before, after, units in rows:
        key = ("" if kind == ChangeKind.NEW else before or "", "" if kind == ChangeKind.GONE else after or "")
        moved[key] = moved.get(key, 0) + units
    return [(before, after, units) for (before, after), units in sorted(moved.items())]
