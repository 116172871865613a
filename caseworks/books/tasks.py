"""The clock: the books are looked at every hour where something changed, and every night as a whole. (N6.2)

Each look is kept; while one that found something is not settled, the workbench and the supervisors' pages are red.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from caseworks.books import looking
from caseworks.books.enums import Scope
from caseworks.people.actors import Actor


@shared_task(name="books.check")
def check_books() -> int:
    """Look at everything; returns how many rows offend."""
    return looking.look(Scope.ALL, by=Actor.of_command("check_books"), at=timezone.now()).offences


@shared_task(name="books.check_changed")
def check_changed() -> int:
    """Look at what changed since the last clean look; returns how many rows offend."""
    return looking.look(Scope.CHANGED, by=Actor.of_command("check_books"), at=timezone.now()).offences
