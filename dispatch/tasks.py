"""Couriers and the clock of dispatch. Twice is as good as once, and a missed night is caught up by the next run."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.base import faults, runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.people.actors import Actor
from dispatch import cases, enforcement, letters, telling, uploads


@shared_task
def check_roster(run_id: int) -> None:
    """Check and split a roster that was handed in at a page."""
    run = Run.objects.get(pk=run_id)
    if run.is_open:
        try:
            uploads.look(run)
        except Refusal as refusal:
            runs.refuse(run, refusal, timezone.now())


@shared_task(name="dispatch.enforce_deadlines")
def enforce_deadlines() -> str:
    """The sweep of today, the reminders, and what waited for a determination; then the letters."""
    by, at, on = Actor.of_command("enforce_deadlines"), timezone.now(), timezone.localdate()
    done = enforcement.sweep(on, by=by, at=at)
    faults.point("sweep.swept")
    reminded = telling.remind(on, at=at)
    released = cases.settle_manual(at=at)
    faults.point("sweep.reminded")
    issue_letters.delay()
    return f"{done.findings} recoveries, {done.bars} bars, {reminded} reminders, {released} released"


@shared_task(name="dispatch.issue_letters")
def issue_letters() -> int:
    """Make the letters that are missing."""
    return letters.issue_missing(on=timezone.localdate(), by=Actor.of_command("issue_letters"), at=timezone.now())
