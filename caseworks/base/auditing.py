"""Having the books looked at by an operation of a lower room: the function that settings.BOOKS names does it.

auditing.around("批次 PC2024000001 组批", cases, by=by, at=at)      # the last line of the operation's transaction
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Doer(Protocol):
    """Whoever does it: `people.actors.Actor`."""

    @property
    def label(self) -> str: ...


def around(about: str, cases: Iterable[int], *, by: Doer, at: datetime, refuse: bool = True) -> None:
    """Refusal where what belongs to these cases does not hold together; `refuse=False` only keeps it on record."""
    import_string(settings.BOOKS)(about, cases, by=by, at=at, refuse=refuse)
