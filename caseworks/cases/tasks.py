"""The clock: the nightly anchor, what announcements that are over let go, and what was shown long enough."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from caseworks.cases import announcement_files, announcements, approvals
from caseworks.cases.anchors import take_anchor
from caseworks.cases.models import Announcement
from caseworks.people.actors import Actor

log = logging.getLogger(__name__)


@shared_task(name="cases.anchor_history")
def anchor_history() -> str:
    """Take the nightly anchor; its digest goes to the log, outside the database. Twice is as good as once."""
    anchor = take_anchor(timezone.now())
    digest = bytes(anchor.digest).hex()
    log.warning("history anchor %s: %s heads, %s", anchor.pk, anchor.heads, digest)
    return digest


@shared_task(name="cases.end_changed_approvals")
def end_changed_approvals() -> int:
    """End the signatures for what is so no longer, after imports and whatever else changed it; how many cases fell."""
    return approvals.end_changed(by=Actor.of_command("end_changed_approvals"), at=timezone.now())


@shared_task(name="cases.end_approvals_of")
def end_approvals_of(units: list[str] | None) -> int:
    """The same right after an import, for the units that it changed and whoever took them over (None: for all).

    Once, twice or not at all: the clock catches up.
    """
    by = Actor.of_command("end_changed_approvals")
    return approvals.end_changed(by=by, at=timezone.now(), units=units)


@shared_task(name="cases.clear_announcements")
def clear_announcements() -> int:
    """Let the unobjected lines of announcements that are over go on; a missed night is caught up by the next run."""
    by = Actor.of_command("clear_announcements")
    return announcements.clear_due(timezone.localdate(), by=by, at=timezone.now())


@shared_task(name="cases.take_down_announcements")
def take_down_announcements() -> int:
    """Take down what has been shown long enough, its files first; a missed night is caught up by the next run."""
    return announcements.take_down_due(timezone.localdate(), at=timezone.now())


@shared_task(name="cases.make_announcement_files")
def make_announcement_files(pk: int) -> int:
    """Make the files of an announcement just published, before anybody asks for them; they are made once."""
    row = Announcement.objects.published().select_related("office", "corrects").filter(pk=pk).first()
    if row is None:
        return 0
    return len([announcement_files.xlsx(row), announcement_files.notice(row)])
