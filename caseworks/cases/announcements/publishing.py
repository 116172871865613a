"""Looking at a drawn list as it would be public, and making it public by another person. (N6.2)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from caseworks.base.documents import numbers
from caseworks.base.errors import Refusal
from caseworks.cases import history, telling
from caseworks.cases.announcements.lines import private_in
from caseworks.cases.enums import AnnouncementStatus, LineChange, Status
from caseworks.cases.history import NAMED
from caseworks.cases.models import Announcement, Case
from caseworks.law import calendars
from caseworks.people.actors import Actor


@dataclass(frozen=True)
class Preview:
    """What a publication on a day would say: this is shown before, and signed."""

    count: int
    total: Decimal
    first: dt.date
    last: dt.date
    provisional: bool = False

    def __str__(self) -> str:
        return f"{self.count} 户、{self.total:,.2f} 元、公示期 {self.first} 至 {self.last}"


def preview(announcement: Announcement, on: dt.date) -> Preview:
    """What it says when it is published on a day; the first day counts when it is a working day, the last one is in."""
    last, provisional = _end(announcement, on)
    return Preview(announcement.count, announcement.total, on, last, provisional)


def publish(
    announcement: Announcement, *, by: Actor, at: dt.datetime, on: dt.date, shown: Preview | None = None
) -> Announcement:
    """Make it public from a day on. By another person; refused where a number of a person stands in it.

    `shown` is what that person saw; refused where it is no longer so.
    """
    try:
        with transaction.atomic():
            row = Announcement.objects.select_for_update(of=("self",)).select_related("office").get(pk=announcement.pk)
            _check_publisher(row, by)
            ids = list(row.lines.order_by("position").values_list("case_id", flat=True))
            list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
            _check_lines(row)
            now = preview(row, on)
            if shown and (shown.count, shown.total, shown.first, shown.last) != (
                now.count, now.total, now.first, now.last
            ):  # fmt: skip
                raise Refusal(f"所见为{shown}，现为{now}，未发布，未作任何更改。请刷新后重新核对。")
            number = numbers.issue(f"{row.office.name}公示", on.year)
            row.first_day, row.last_day, row.provisional = on, now.last, now.provisional
            row.number, row.slug = str(number), f"{row.office.code}-{number.year}-{number.serial}"
            row.status = AnnouncementStatus.PUBLISHED
            row.published_by, row.published_label, row.published_at = by.person, by.label, at
            row.save()
            listed = list(row.lines.exclude(change=LineChange.REMOVED).values_list("case_id", flat=True))
            if listed:
                data = {"announcement": row.pk, "number": row.number, "first_day": on, "last_day": now.last}
                history.take("announce", listed, by=by, at=at, note=row.number, data=data)
                telling.announced(row.pk, at=at)
    except IntegrityError as problem:
        if "announcement_four_eyes" in str(problem):
            raise Refusal("拟制人不能自己发布公示，未作任何更改。请由另一人发布。") from problem
        raise
    announcement.refresh_from_db()
    return announcement


def _check_publisher(row: Announcement, by: Actor) -> None:
    if row.status != AnnouncementStatus.DRAWN:
        raise Refusal(f"该公示{row.get_status_display()}，未作任何更改。请刷新后重试。")
    if row.drawn_label == by.label:
        raise Refusal("拟制人不能自己发布公示，未作任何更改。请由另一人发布。")
    if not by.may("announcement.publish", row.office):
        raise Refusal(f"您没有为{row.office}发布公示的权限，未作任何更改。请由有权限的人员办理。")


def _end(row: Announcement, first: dt.date) -> tuple[dt.date, bool]:
    """The last day; a correction without a period of its own ends with what it corrects, and not before it begins."""
    corrected = row.corrects
    if row.days == 0 and corrected is not None and corrected.last_day is not None:
        running = corrected.last_day >= first
        return (corrected.last_day if running else first), corrected.provisional
    end = calendars.current().announcement_end(first, row.days)
    return end.on, end.provisional


def _check_lines(row: Announcement) -> None:
    as_drawn = Q(case__fingerprint=F("fingerprint"))
    stands = Q(case__status=Status.APPROVED) & as_drawn & Q(case__amount=F("amount"))
    gone = Q(change=LineChange.REMOVED, case__status__in=(Status.REFUSED, Status.WITHDRAWN))
    changed = row.lines.exclude(stands | gone)
    names = list(changed.order_by("position").values_list("name", flat=True))
    if names:
        raise Refusal(
            f"{len(names)} 户在拟制之后有变化或已不是待公示状态，未作任何更改：{'、'.join(names[:NAMED])}。"
            "请作废后重新拟制。",
            names,
        )
    found = private_in(row)
    if found:
        raise Refusal("公示内容含有个人信息，未发布，未作任何更改。请作废、更正名称后重新拟制。", found[:NAMED])
