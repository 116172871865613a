"""What waits at each stage of review: how much, how old, and which cases (N6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from django.db.models import Count, Exists, Min, OuterRef, Q, Sum

from caseworks.cases.enums import Stage
from caseworks.cases.models import Case, CaseQuerySet, Event, Review
from caseworks.cases.reviews import PERMISSION_OF, STATUS_OF
from caseworks.people.models import Person
from caseworks.people.scope import scope_of


@dataclass(frozen=True)
class Queue:
    """One stage: its cases, their amount, since when the oldest waits, and how many cannot be passed in bulk."""

    stage: Stage
    count: int
    amount: Decimal
    oldest: date | None
    exceptions: int
    mine: bool  # whether the person may pass this stage somewhere


def waiting(stage: str, *, scheme: str, year: int) -> CaseQuerySet:
    """The cases of a year that wait at a stage."""
    return Case.objects.filter(scheme=scheme, year=year, status=STATUS_OF[Stage(stage)])


def waiting_ids(stage: str, scheme: str, year: int) -> list[int]:
    """Their numbers, in order."""
    return list(waiting(stage, scheme=scheme, year=year).order_by("pk").values_list("pk", flat=True))


def passable(rows: CaseQuerySet, stage: str, person: Person, on: date) -> CaseQuerySet:
    """Those that the person may pass at the stage: in the offices where the role is held, not signed by the same."""
    signed = Review.objects.filter(case=OuterRef("pk"), person=person, standing=True)
    mine = scope_of(person, on, PERMISSION_OF[Stage(stage)]).limit(rows).exclude(Exists(signed))
    return cast(CaseQuerySet, mine)


def overview(person: Person, on: date, *, scheme: str, year: int) -> list[Queue]:
    """The four queues of the offices that the person serves, in one query."""
    rows = Case.objects.visible_to(person, on).filter(scheme=scheme, year=year, status__in=STATUS_OF.values())
    singly = ~Q(sheet__flags=[]) | Q(sheet__sampled=True) | Q(sheet__payable=False)
    found = {
        line["status"]: line
        for line in rows.order_by()
        .values("status")
        .annotate(count=Count("pk"), sum=Sum("amount"), oldest=Min("opened_at"), singly=Count("pk", filter=singly))
    }
    queues = []
    for stage, status in STATUS_OF.items():
        line = found.get(status)
        mine = not scope_of(person, on, PERMISSION_OF[stage]).is_empty
        if line is None:
            queues.append(Queue(stage, 0, Decimal(0), None, 0, mine))
        else:
            oldest = line["oldest"].date() if line["oldest"] else None
            queues.append(Queue(stage, line["count"], line["sum"] or Decimal(0), oldest, line["singly"], mine))
    return queues


def years(scheme: str) -> list[int]:
    """The policy years that have cases, the newest first."""
    return list(Case.objects.filter(scheme=scheme).order_by("-year").values_list("year", flat=True).distinct())


def since(case: Case) -> date:
    """Since when a case has stood where it stands."""
    return Event.objects.get(case=case, seq=case.seq).at.date()
