"""Taking announcements down when they have been shown long enough: the files go, the page says so. (N6.2)"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction

from caseworks.cases import announcement_files
from caseworks.cases.models import Announcement
from caseworks.law import training


def oldest_shown(on: dt.date) -> dt.date:
    """The earliest last day of an announcement that is still shown on a day."""
    return on - dt.timedelta(days=settings.ANNOUNCEMENT_SHOWN_DAYS)


def take_down_due(on: dt.date, *, at: dt.datetime) -> int:
    """Take down what was shown long enough; twice is as good as once. A training database keeps all."""
    if training.is_training():
        return 0
    due = Announcement.objects.published().filter(
        last_day__lt=oldest_shown(on), provisional=False, taken_down_at__isnull=True
    )
    taken = 0
    for pk in list(due.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = Announcement.objects.select_for_update(of=("self",)).filter(pk=pk, taken_down_at__isnull=True).first()
            if row is not None:
                announcement_files.remove(row)
                taken += Announcement.objects.filter(pk=pk).update(taken_down_at=at)
    return taken
