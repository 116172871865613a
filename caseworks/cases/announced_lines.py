"""What the public sees: which announcements, and the lines of one whose names contain what was looked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from caseworks.base.pages import Order
from caseworks.cases.announcement_files import cells, header, named
from caseworks.cases.announcements.taking_down import oldest_shown
from caseworks.cases.enums import AnnouncementStatus
from caseworks.cases.models import Announcement, AnnouncementLine
from caseworks.law import training
from caseworks.registry.names import former_names, name_key

ORDERS = {"position": Order("序号", ("position",))}
EVERYWHERE = {"latest": Order("最近", ("announcement_id", "position"), descending=True)}
AT_LEAST = 2  # characters of a name that is looked for


def on_show(on: dt.date) -> QuerySet[Announcement]:
    """Published ones from their first day on, until so many days after the last; a training database keeps them all."""
    shown = Announcement.objects.published().select_related("office", "corrects").order_by("-first_day", "-pk")
    if training.is_training():
        return shown
    return shown.filter(first_day__lte=on, last_day__gte=oldest_shown(on), taken_down_at__isnull=True)


def taken_down(slug: str, on: dt.date) -> Announcement | None:
    """A published announcement that was shown long enough and is shown no more."""
    row = Announcement.objects.published().select_related("office").filter(slug=slug, first_day__lte=on).first()
    if row is None or row.last_day is None or training.is_training():
        return None
    return row if row.taken_down_at or row.last_day < oldest_shown(on) else None


def long_enough(text: str) -> bool:
    """Whether a name can be looked for by this text."""
    return len(name_key(text)) >= AT_LEAST


def found(announcement: Announcement, text: str) -> QuerySet[AnnouncementLine]:
    """The lines whose present or former names contain the text; all of them where it is too short."""
    return announcement.lines.named(text) if long_enough(text) else announcement.lines.all()


def found_anywhere(text: str, on: dt.date) -> QuerySet[AnnouncementLine]:
    """The lines of all lists on show whose names contain the text; none of lists of persons."""
    lists = on_show(on).filter(persons=False).order_by().values("pk")
    return AnnouncementLine.objects.filter(announcement__in=lists).named(text).select_related("announcement")


def rows(announcement: Announcement, page: Iterable[AnnouncementLine], text: str = "") -> list[dict[str, object]]:
    """The lines of a page with what the scheme shows of each (label and words), and the correction that replaced it."""
    lines, labels = list(page), header(announcement)[2:-1]
    corrections = {
        row.replaces_id: row.announcement
        for row in AnnouncementLine.objects.filter(
            replaces__in=lines, announcement__status=AnnouncementStatus.PUBLISHED
        ).select_related("announcement")
    }
    return [
        {
            "line": line,
            "name": named(line),
            "former": former(line, text),
            "cells": list(zip(labels, cells(announcement, line), strict=True)),
            "correction": corrections.get(line.pk),
        }
        for line in lines
    ]


def former(line: AnnouncementLine, text: str) -> str:
    """The former names by which a line was found; blank where its present name has the text."""
    key = name_key(text)
    if not long_enough(text) or key in line.name_key:
        return ""
    return "、".join(name for name in former_names(line.former) if key in name_key(name))
