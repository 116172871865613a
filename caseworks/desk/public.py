"""What the bureau's public page says: the policy in force, figure by figure with its clause, and whom to ask. (N7.1)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from caseworks.law.enums import FigureKind, Scheme
from caseworks.law.models import Policy
from caseworks.law.schemes import parameters_by_scheme
from caseworks.people.models import Office

# How the bureau checks its own work is not for the public page.
INTERNAL = {"sample_share", "paid_late_months", "second_person_above"}
PLAIN = {FigureKind.RATIO, FigureKind.AMOUNT, FigureKind.COUNT, FigureKind.MONTHS, FigureKind.DAYS}


@dataclass(frozen=True)
class PublicFigure:
    """One figure in plain words."""

    label: str
    shown: str
    clause: str


@dataclass(frozen=True)
class PublicPolicy:
    """A scheme's policy as the public reads it."""

    scheme: str
    policy: Policy
    documents: list[dict[str, str]]
    figures: list[PublicFigure]


def policies_in_force(on: dt.date) -> list[PublicPolicy]:
    """The row in force of every scheme: the nearest region's, the newest year's, the last that has begun."""
    begun = Policy.objects.in_force().filter(effective_from__lte=on).prefetch_related("figures")
    newest: dict[str, Policy] = {}
    for policy in sorted(begun, key=lambda row: (row.year, len(row.region), row.effective_from)):
        newest[policy.scheme] = policy
    return [_public(newest[scheme]) for scheme in Scheme.values if scheme in newest]


def _public(policy: Policy) -> PublicPolicy:
    labels = parameters_by_scheme()[policy.scheme].labels()
    figures = [
        PublicFigure(labels.get(row.name, row.name), row.figure.shown, row.clause)
        for row in policy.figures.all()
        if row.kind in PLAIN and row.number is not None and row.name not in INTERNAL
    ]
    return PublicPolicy(policy.get_scheme_display(), policy, policy.documents, figures)


def contacts() -> list[Office]:
    """Offices of the province and the cities that have something to reach them by."""
    reachable = Office.objects.filter(is_active=True, level__in=["province", "city"]).exclude(phone="", address="")
    return list(reachable.order_by("code"))
