"""The courier: what waits in the outbox of notices is sent."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.base.notices.delivery import deliver
from caseworks.base.side import side_connection, try_lock, unlock

_LOCK = "deliver_notices"


@shared_task(name="base.deliver_notices")
def deliver_notices() -> int:
    """Send the short messages that are due, one courier at a time; returns how many were sent.

    A missed minute is caught up by the next, and what a courier that died had in hand goes out when its lease is over.
    """
    with side_connection() as side:
        if not try_lock(side, _LOCK):
            return 0
        try:
            return deliver(clock=timezone.now).sent
        finally:
            unlock(side, _LOCK)
