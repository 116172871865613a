"""Couriers of dispatch: a page puts a roster down, a worker checks it. Twice is as good as once."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from dispatch import uploads


@shared_task
def check_roster(run_id: int) -> None:
    """Check and split a roster that was handed in at a page."""
    run = Run.objects.get(pk=run_id)
    if run.is_open:
        try:
            uploads.look(run)
        except Refusal as refusal:
            runs.refuse(run, refusal, timezone.now())
