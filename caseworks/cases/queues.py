"""What waits at each stage of review: how much, how old, where, and which of it is a person's own work. (N6.2)

A role that an office has nobody for is served by the office above it: the work of a person is what no nearer office has
somebody for. What lies below and is served there stays visible and may be done, but waits for nobody else by itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.conf import settings
from django.db.models import Aggregate, Count, DateTimeField, Exists, F, Min, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from caseworks.cases.enums import Stage
from caseworks.cases.models import Case, CaseQuerySet, Event, Review, Taking
from caseworks.cases.stages import PERMISSION_OF, STATUS_OF
from caseworks.law import calendars
from caseworks.law.workdays import Calendar
from caseworks.people import offices
from caseworks.people.models import Office, Person
from caseworks.people.permissions import roles_for
from caseworks.people.scope import scope_of

SINGLY = ~Q(sheet__flags=[]) | Q(sheet__sampled=True) | Q(sheet__payable=False)
SINCE = Coalesce(F("moved_at"), F("opened_at"))


class Median(Aggregate):
    """The middle value of the group."""

    function = "percentile_disc"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DateTimeField()


@dataclass(frozen=True)
class Limits:
    """Since when a case must have waited to be amber or red: longer than so many working days."""

    amber: dt.datetime
    red: dt.datetime

    @classmethod
    def on(cls, day: date, calendar: Calendar | None = None) -> Limits:
        """The limits as of a day, by the calendar in force where none is given."""
        calendar = calendar or calendars.current()

        def before(days: int) -> dt.datetime:
            last, passed = day, 0
            while passed <= days:
                passed += calendar.is_working(last)
                last -= dt.timedelta(days=1)
            return timezone.make_aware(dt.datetime.combine(last + dt.timedelta(days=1), dt.time()))

        return cls(before(settings.REVIEW_AMBER_DAYS), before(settings.REVIEW_RED_DAYS))

    def tone(self, since: dt.datetime) -> str:
        """The colour of a case that has waited since then."""
        return "red" if since < self.red else "amber" if since < self.amber else "green"


@dataclass(frozen=True)
class Queue:
    """What waits: how much, since when the oldest and the middle one, how many of each colour, what goes not in bulk."""

    count: int = 0
    amount: Decimal = Decimal(0)
    oldest: date | None = None
    median: date | None = None
    amber: int = 0
    red: int = 0
    exceptions: int = 0

    @property
    def fresh(self) -> int:
        """Those that have not waited long."""
        return self.count - self.amber - self.red


@dataclass(frozen=True)
class StageQueue:
    """One stage: all that waits in the own offices, and what of it is the person's own work."""

    stage: Stage
    all: Queue
    own: int
    mine: bool  # whether the person may pass this stage somewhere


@dataclass(frozen=True)
class OfficeQueue:
    """What waits of one office at a stage, and which office has somebody for it."""

    office: Office
    seat: Office | None
    queue: Queue


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


def served(rows: CaseQuerySet, stage: str, person: Person, on: date) -> CaseQuerySet:
    """Those of the offices for which nobody nearer holds a role of the stage than this person. (J1)"""
    roles = roles_for(PERMISSION_OF[Stage(stage)])
    own = {held.office_id for held in person.holdings(on) if held.role in roles}
    seats = offices.seats(roles, on)
    found = {office for office, seat in seats.items() if seat in own}
    return rows if len(found) == len(seats) else rows.filter(office__in=sorted(found))


def due(rows: CaseQuerySet, stage: str, person: Person, on: date, at: dt.datetime) -> CaseQuerySet:
    """The person's own work at a stage: served, passable, and not taken by a colleague."""
    others = Taking.objects.standing(at).filter(case=OuterRef("pk"), stage=stage).exclude(person=person)
    return served(passable(rows, stage, person, on), stage, person, on).exclude(Exists(others))


def overview(
    person: Person, on: date, at: dt.datetime, *, scheme: str, year: int, limits: Limits | None = None
) -> list[StageQueue]:
    """The queues of the offices that the person sees, stage by stage; `limits`: those of the day, where known."""
    rows = Case.objects.visible_to(person, on).filter(scheme=scheme, year=year, status__in=STATUS_OF.values())
    grouped: Any = rows.order_by().values("status").annotate(**_figures(limits or Limits.on(on)))
    lines = {line["status"]: line for line in grouped}
    found = []
    for stage, status in STATUS_OF.items():
        mine = not scope_of(person, on, PERMISSION_OF[stage]).is_empty
        own = due(waiting(stage, scheme=scheme, year=year), stage, person, on, at).count() if mine else 0
        found.append(StageQueue(stage, _queue(lines.get(status)), own, mine))
    return found


def by_office(person: Person, on: date, stage: str, *, scheme: str, year: int) -> list[OfficeQueue]:
    """What waits at a stage, office by office, with the office that has somebody for it."""
    rows = waiting(stage, scheme=scheme, year=year).visible_to(person, on)
    grouped: Any = rows.order_by().values("office").annotate(**_figures(Limits.on(on)))
    lines = list(grouped)
    seats = offices.seats(roles_for(PERMISSION_OF[Stage(stage)]), on)
    known = Office.objects.in_bulk([line["office"] for line in lines] + [seat for seat in seats.values() if seat])
    found = [OfficeQueue(known[line["office"]], known.get(seats[line["office"]]), _queue(line)) for line in lines]
    return sorted(found, key=lambda row: row.office.code)


def years(scheme: str) -> list[int]:
    """The policy years that have cases, the newest first."""
    return list(Case.objects.filter(scheme=scheme).order_by("-year").values_list("year", flat=True).distinct())


def since(case: Case) -> date:
    """Since when a case has stood where it stands."""
    return (case.moved_at or Event.objects.get(case=case, seq=case.seq).at).date()


def _figures(limits: Limits) -> dict[str, Aggregate]:
    return {
        "count": Count("pk"),
        "sum": Sum("amount"),
        "oldest": Min(SINCE),
        "median": Median(SINCE),
        "red": Count("pk", filter=Q(moved_at__lt=limits.red)),
        "amber": Count("pk", filter=Q(moved_at__lt=limits.amber, moved_at__gte=limits.red)),
        "singly": Count("pk", filter=SINGLY),
    }


def _queue(line: dict[str, Any] | None) -> Queue:
    if line is None:
        return Queue()
    oldest, median = (timezone.localdate(line[name]) if line[name] else None for name in ("oldest", "median"))
    amount = line["sum"] or Decimal(0)
    return Queue(line["count"], amount, oldest, median, line["amber"], line["red"], line["singly"])
