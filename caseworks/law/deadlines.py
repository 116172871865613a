"""Deadlines counted in working days: set once, recomputed when a calendar year is loaded, never forgotten (J2.7)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from caseworks.base.errors import Refusal
from caseworks.law.models import Deadline, DeadlineChange
from caseworks.law.workdays import Calendar
from caseworks.people.actors import Actor


def set_deadline(
    kind: str, key: str, start: datetime.date, days: int, *, calendar: Calendar, by: Actor, at: datetime.datetime
) -> Deadline:
    """The deadline of one thing; the same again changes nothing."""
    return set_many(kind, [(key, start)], days, calendar=calendar, by=by, at=at)[key]


@transaction.atomic
def set_many(
    kind: str,
    starts: Iterable[tuple[str, datetime.date]],
    days: int,
    *,
    calendar: Calendar,
    by: Actor,
    at: datetime.datetime,
) -> dict[str, Deadline]:
    """The deadlines of many things at once, by their keys; what has one from the same day keeps it."""
    wanted = dict(starts)
    due = {start: calendar.add_working_days(start, days) for start in set(wanted.values())}
    fresh = [
        Deadline(
            kind=kind,
            key=key,
            start_on=start,
            days=days,
            due_on=due[start].on,
            provisional=due[start].provisional,
        )
        for key, start in wanted.items()
    ]
    existing = set(Deadline.objects.filter(kind=kind, key__in=wanted).values_list("key", flat=True))
    made = Deadline.objects.bulk_create(row for row in fresh if row.key not in existing)
    _write([_line(row, None, None, "起算", by, at) for row in made])
    rows = {row.key: row for row in Deadline.objects.filter(kind=kind, key__in=wanted)}
    other = sorted(key for key, row in rows.items() if (row.start_on, row.days) != (wanted[key], days))
    if other:
        raise Refusal(
            f"{len(other)} 项已有从另一天起算的期限，未作任何更改。请改用重新起算。",
            [f"{key}：{rows[key].start_on} 起 {rows[key].days} 个工作日" for key in other],
        )
    return rows


@transaction.atomic
def restart(
    deadline: Deadline,
    start: datetime.date,
    days: int,
    *,
    reason: str,
    calendar: Calendar,
    by: Actor,
    at: datetime.datetime,
) -> Deadline:
    """Count again from another day or for another number of days; the old date stays in the history."""
    row = Deadline.objects.select_for_update().get(pk=deadline.pk)
    counted = calendar.add_working_days(start, days)
    old = (row.due_on, row.provisional)
    if (row.start_on, row.days, *old) == (start, days, *counted):
        return row
    row.start_on, row.days, row.due_on, row.provisional = start, days, *counted
    row.save()
    _write([_line(row, *old, reason, by, at)])
    return row


@transaction.atomic
def recompute(year: int, *, calendar: Calendar, by: Actor, at: datetime.datetime, on: datetime.date) -> int:
    """Count again every deadline that the year's calendar touches: the provisional ones and those still running.

    A definite deadline that passed before `on` stays as it was: people acted on it. Returns how many changed.
    """
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    touched = Deadline.objects.select_for_update().filter(Q(provisional=True) | Q(due_on__gte=on))
    changed, lines = [], []
    for row in touched.filter(start_on__lte=last, due_on__gte=first).order_by("pk"):
        counted = calendar.add_working_days(row.start_on, row.days)
        old = (row.due_on, row.provisional)
        if old != tuple(counted):
            row.due_on, row.provisional = counted
            changed.append(row)
            lines.append(_line(row, *old, f"{year} 年日历更新", by, at))
    Deadline.objects.bulk_update(changed, ["due_on", "provisional"], batch_size=2000)
    _write(lines)
    return len(changed)


def _line(
    row: Deadline,
    old_due_on: datetime.date | None,
    old_provisional: bool | None,
    reason: str,
    by: Actor,
    at: datetime.datetime,
) -> DeadlineChange:
    return DeadlineChange(
        deadline=row,
        old_due_on=old_due_on,
        new_due_on=row.due_on,
        old_provisional=old_provisional,
        new_provisional=row.provisional,
        reason=reason,
        label=by.label,
        at=at,
    )


def _write(lines: list[DeadlineChange]) -> None:
    DeadlineChange.objects.bulk_create(lines, batch_size=2000)
