"""The clock: the books are checked every night, and what offends them stands in the log."""

from __future__ import annotations

import logging

from celery import shared_task

from caseworks.books.checking import offences

log = logging.getLogger(__name__)


@shared_task(name="books.check")
def check_books() -> int:
    """Check every invariant; returns how many rows offend one."""
    found = offences()
    for offence in found:
        log.error("books: %s", offence)
    return len(found)
