"""The clock: the nightly anchor, and what announcements that are over let go."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from caseworks.cases import announcements
from caseworks.cases.anchors import take_anchor
from caseworks.people.actors import Actor

log = logging.getLogger(__name__)


@shared_task(name="cases.anchor_history")
def anchor_history() -> str:
    """Take the nightly anchor; its digest goes to the log, outside the database. Twice is as good as once."""
    anchor = take_anchor(timezone.now())
    digest = bytes(anchor.digest).hex()
    log.warning("history anchor %s: %s heads, %s", anchor.pk, anchor.heads, digest)
    return digest


@shared_task(name="cases.clear_announcements")
def clear_announcements() -> int:
    """Let the unobjected lines of announcements that are over go on; a missed night is caught up by the next run."""
    by = Actor.of_command("clear_announcements")
    return announcements.clear_due(timezone.localdate(), by=by, at=timezone.now())
