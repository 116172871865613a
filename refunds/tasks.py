"""Couriers: a screening that a page has put on record is carried out in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.base.errors import Refusal
from refunds import recalculation, screening
from refunds.models import Recalculation, ScreeningRun


@shared_task(name="refunds.screen")
def screen(screening_id: int) -> str:
    """Carry out a prepared screening; what became of it stands in its run. Twice is as good as once."""
    try:
        done = screening.carry_out(ScreeningRun.objects.get(pk=screening_id), at=timezone.now())
    except Refusal as refusal:
        return f"refused: {refusal.message}"
    return f"done: {done.written}"


@shared_task(name="refunds.recalculate")
def recalculate(recalculation_id: int) -> str:
    """Carry out a prepared recalculation; what became of it stands in its run. Twice is as good as once."""
    try:
        done = recalculation.carry_out(Recalculation.objects.get(pk=recalculation_id), at=timezone.now())
    except Refusal as refusal:
        return f"refused: {refusal.message}"
    return f"done: {done.totals}"
