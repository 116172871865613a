"""Placing and releasing holds, for one case or for thousands; who asks has been checked by the operation that calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from caseworks.cases.models import Hold
from caseworks.people.actors import Actor


class Held(NamedTuple):
    """A case and why it waits."""

    case: int
    kind: str
    reason: str


_PLACE = """
    INSERT INTO cases_hold (case_id, kind, reason, since, placed_by_id, placed_label, released_label, released_because)
    SELECT w.case_id, w.kind, w.reason, %(at)s, %(person)s, %(label)s, '', ''
    FROM unnest(%(cases)s::bigint[], %(kinds)s::text[], %(reasons)s::text[]) AS w(case_id, kind, reason)
    ON CONFLICT (case_id, kind) WHERE released_at IS NULL DO NOTHING
"""


def place(rows: Iterable[Held], *, by: Actor, at: datetime) -> int:
    """Hold these cases; one that is held for the same already stays as it is. Returns how many are new."""
    wanted = list(rows)
    if not wanted:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _PLACE,
            {
                "cases": [row.case for row in wanted],
                "kinds": [row.kind for row in wanted],
                "reasons": [row.reason[:300] for row in wanted],
                "at": at,
                "person": by.person.pk if by.person else None,
                "label": by.label,
            },
        )
        return int(cursor.rowcount)


def release(cases: Iterable[int], kinds: Iterable[str], *, because: str, by: Actor, at: datetime) -> int:
    """Release the standing holds of these kinds; returns how many there were."""
    standing = Hold.objects.standing().filter(case__in=list(cases), kind__in=list(kinds))
    return standing.update(released_at=at, released_label=by.label, released_because=because[:300])


_SETTLE = """
    UPDATE cases_hold h SET released_at = %(at)s, released_label = %(label)s, released_because = %(because)s
    WHERE h.released_at IS NULL AND h.case_id = ANY(%(checked)s::bigint[]) AND h.kind = ANY(%(looked_for)s::text[])
      AND NOT EXISTS (
          SELECT FROM unnest(%(cases)s::bigint[], %(kinds)s::text[]) AS w(case_id, kind)
          WHERE w.case_id = h.case_id AND w.kind = h.kind)
"""


def settle(
    checked: Iterable[int], looked_for: Iterable[str], found: Iterable[Held], *, because: str, by: Actor, at: datetime
) -> int:
    """After a check of these cases for these kinds: place what was found and release what was not found again."""
    rows = list(found)
    with connection.cursor() as cursor:
        cursor.execute(
            _SETTLE,
            {
                "at": at,
                "label": by.label,
                "because": because[:300],
                "checked": list(checked),
                "looked_for": list(looked_for),
                "cases": [row.case for row in rows],
                "kinds": [row.kind for row in rows],
            },
        )
    return place(rows, by=by, at=at)
