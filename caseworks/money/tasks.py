"""The clock of money: reminders before the year's end."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.money import year_end


@shared_task(name="money.remind_left_over")
def remind_left_over() -> int:
    """Remind those whose approved money still waits; a missed night is caught up, twice tells nobody twice."""
    return year_end.remind(timezone.localdate(), at=timezone.now())
