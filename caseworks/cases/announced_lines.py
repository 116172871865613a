"""What the public sees: which announcements, and the lines of one whose names contain what was looked for."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet

from caseworks.base.pages import KeysetPage, Order
from caseworks.cases.announcement_files import cells
from caseworks.cases.models import Announcement, AnnouncementLine
from caseworks.law import training
from caseworks.registry.names import name_key

ORDERS = {"position": Order("序号", ("position",))}
AT_LEAST = 2  # characters of a name that is looked for


def on_show(on: dt.date) -> QuerySet[Announcement]:
    """Published ones from their first day on, until so many days after the last; a training database keeps them all."""
    shown = Announcement.objects.published().select_related("office")
    if training.is_training():
        return shown.order_by("-first_day", "-pk")
    oldest = on - dt.timedelta(days=settings.ANNOUNCEMENT_SHOWN_DAYS)
    return shown.filter(first_day__lte=on, last_day__gte=oldest).order_by("-first_day", "-pk")


def found(announcement: Announcement, text: str) -> QuerySet[AnnouncementLine]:
    """The lines whose names contain the text; spaces, widths and kinds of brackets do not hide a name."""
    key = name_key(text)
    lines = announcement.lines.all()
    return lines.filter(name_key__contains=key) if len(key) >= AT_LEAST else lines


def rows(announcement: Announcement, page: KeysetPage) -> list[dict[str, object]]:
    """The lines of a page with what the scheme shows of each."""
    return [{"line": line, "cells": cells(announcement, line)} for line in page]
