"""The clock: figures are counted again and again, and a worker says that it lives."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.oversight import figures, health, trace_exports, trials


@shared_task(name="oversight.pulse")
def pulse() -> None:
    """Say that a worker lives and that the clock asked it."""
    health.beat(timezone.now())


@shared_task(name="oversight.refresh")
def refresh() -> str:
    """Count the newest years anew; where another count is at it, that one serves."""
    try:
        return _words(figures.refresh_all(at=timezone.now()))
    except Refusal as refusal:
        return f"refused: {refusal.message}"


@shared_task(name="oversight.refresh_all")
def refresh_all() -> str:
    """Count every year anew, nightly: old years change seldom."""
    try:
        return _words(figures.refresh_all(at=timezone.now(), newest=None))
    except Refusal as refusal:
        return f"refused: {refusal.message}"


@shared_task(name="oversight.refresh_asked")
def refresh_asked(run_id: int) -> str:
    """Count a scheme's year that somebody asked for."""
    try:
        return _words(figures.carry_out(Run.objects.get(pk=run_id), at=timezone.now()))
    except Refusal as refusal:
        return f"refused: {refusal.message}"


@shared_task(name="oversight.trial")
def trial(run_id: int) -> str:
    """Try a policy row that somebody asked about; what came of it stands in its run."""
    try:
        return trials.carry_out(Run.objects.get(pk=run_id), on=timezone.localdate()).message
    except Refusal as refusal:
        return f"refused: {refusal.message}"


@shared_task(name="oversight.make_exports")
def make_exports() -> int:
    """Make the exports that were allowed; twice is as good as once."""
    return trace_exports.make_allowed(at=timezone.now())


def _words(count: int) -> str:
    return f"{count} figures"
