"""The clock's part of announcements: what nobody objected to goes on when the period is over. (N6.2)"""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from caseworks.base import faults
from caseworks.cases import history
from caseworks.cases.enums import HoldKind, Status
from caseworks.cases.models import Announcement, AnnouncementLine, Case, Hold
from caseworks.law import calendars
from caseworks.people.actors import Actor

_DUE = """
    SELECT a.id FROM cases_announcement a
    WHERE a.status = 'published' AND a.last_day < %(on)s AND NOT a.provisional AND EXISTS (
        SELECT FROM cases_announcementline l JOIN cases_case c ON c.id = l.case_id
        WHERE l.announcement_id = a.id AND l.live AND c.status = 'announced')
    ORDER BY a.id
"""


def clear_due(on: dt.date, *, by: Actor, at: dt.datetime) -> int:
    """Let the unobjected lines of every announcement go on whose last day is before a day; how many did."""
    _settle_ends()
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"on": on})
        due = [pk for (pk,) in cursor.fetchall()]
    return sum(_clear(pk, on, by, at) for pk in due)


def _clear(pk: int, on: dt.date, by: Actor, at: dt.datetime) -> int:
    with transaction.atomic():
        announced = AnnouncementLine.objects.filter(announcement=pk, live=True, case__status=Status.ANNOUNCED)
        locked = Case.objects.select_for_update(no_key=True).filter(
            pk__in=announced.values("case"), status=Status.ANNOUNCED
        )
        ids = set(locked.order_by("pk").values_list("pk", flat=True))
        # read after the lock: an objection, and a new judgement, take the same lock before they touch the line
        ids &= set(announced.filter(case__in=ids).values_list("case", flat=True))
        ids -= set(Hold.objects.standing().filter(kind=HoldKind.OBJECTION, case__in=ids).values_list("case", flat=True))
        if not ids:
            return 0
        cleared = history.take("clear", ids, by=by, at=at, note="公示期满无异议", data={"announcement": pk, "on": on})
        faults.point("announcements.moved")
    faults.point("announcements.cleared")
    return cleared


def _settle_ends() -> None:
    """Count the ends again that leaned on a calendar that was not published yet; those that still do wait."""
    calendar = None
    for row in Announcement.objects.published().filter(provisional=True).select_related("corrects").order_by("pk"):
        assert row.first_day is not None
        if row.days == 0:
            assert row.corrects is not None
            assert row.corrects.last_day is not None
            last, provisional = max(row.first_day, row.corrects.last_day), row.corrects.provisional
        else:
            calendar = calendar or calendars.current()
            end = calendar.announcement_end(row.first_day, row.days)
            last, provisional = end.on, end.provisional
        Announcement.objects.filter(pk=row.pk).update(last_day=last, provisional=provisional)
