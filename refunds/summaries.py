"""Sums over stored judgements: by outcome, reason and flag, and what changed since the run before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

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


def totals(rows: AssessmentQuerySet) -> dict[str, Any]:
    """All of it, as a screening keeps it, in one look at the rows.

    Reasons and flags stand in the order of the contract; a unit with two of them counts in both.
    """
    groups = rows.order_by().values_list("outcome", "reasons", "flags").annotate(units=Count("pk"), sum=Sum("amount"))
    units, amounts = Counter[str](), dict.fromkeys(Outcome.values, ZERO)
    reasons, flags = Counter[str](), Counter[str]()
    for outcome, of_these, flagged, many, amount in groups:
        units[outcome] += many
        amounts[outcome] += amount
        reasons.update(dict.fromkeys(of_these, many))
        flags.update(dict.fromkeys(flagged, many))
    return {
        "outcomes": {code: {"units": units[code], "amount": f"{amount:.2f}"} for code, amount in amounts.items()},
        "reasons": {code: reasons[code] for code in REASONS if code in reasons},
        "flags": {code: flags[code] for code in Flag.values if code in flags},
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
