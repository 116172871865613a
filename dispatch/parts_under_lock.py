"""Host parts as bulk operations see them: locked, with what is left of each, found by agency, year and host."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from caseworks.base.money import ZERO

Key = tuple[str, int, str]  # agency, year, host


@dataclass(slots=True)
class Under:
    """An obligation under lock, as the rows of a file change it."""

    pk: int
    key: Key
    region: str
    office: int
    city_office: int
    amount: Decimal
    credited_on: dt.date
    due_on: dt.date
    provisional: bool
    status: str
    verified: Decimal
    pending: Decimal
    returned: Decimal
    returned_late: Decimal
    claimed: Decimal
    found: int  # how often it was found wanting
    owed: Decimal  # of the recoveries, still to be given back
    repaid: Decimal  # of the late returns, put to recoveries

    @property
    def left(self) -> Decimal:
        """Left of a part = part − verified − pending − timely returns (contract 3)."""
        return self.amount - self.verified - self.pending - self.returned

    @property
    def room_for_returns(self) -> Decimal:
        """What may still be given back: what is left unclaimed, and what is claimed back and not repaid (contract 3)."""
        unclaimed = max(self.left - self.claimed, ZERO) if self.status != "excused" else ZERO
        return max(unclaimed - (self.returned_late - self.repaid), ZERO) + self.owed

    def in_time(self, day: dt.date) -> bool:
        """Up to the deadline? One that leans on an unpublished calendar has not come."""
        return self.provisional or day <= self.due_on


@dataclass
class Parts:
    """The obligations of a file's rows, and the parts of those agencies that have none."""

    standing: dict[Key, list[Under]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    applied: set[tuple[str, int]] = field(default_factory=set)

    def missing(self, key: Key) -> str:
        """Why there is no obligation for a key, in words."""
        agency, year, _ = key
        if (agency, year) not in self.applied:
            return f"该单位没有 {year} 年度的申请"
        kinds = self.kinds.get(key, set())
        if "host" in kinds:
            return "该份额的款项尚未到账，或已被银行退回"
        if "excluded" in kinds:
            return "该用工单位不在政策范围内，没有应转付的份额"
        return "申请中没有该用工单位的份额"


_LOCK = """
    SELECT o.id, o.uscc, o.year, o.host_uscc, o.region, o.office_id, o.city_office_id, o.amount, o.credited_on,
           o.due_on, o.provisional, o.status, o.verified, o.pending, o.returned, o.returned_late, o.claimed
    FROM dispatch_obligation o
    WHERE (o.uscc, o.year, o.host_uscc) IN (
        SELECT * FROM unnest(%(agencies)s::text[], %(years)s::int[], %(hosts)s::text[])) AND o.status <> 'closed'
    ORDER BY o.id FOR UPDATE
"""
_FOUND = """
    SELECT f.obligation_id, count(*), coalesce(sum(r.amount - r.reduced - r.repaid), 0)
    FROM dispatch_finding f LEFT JOIN money_recovery r ON r.id = f.recovery_id
    WHERE f.obligation_id = ANY(%(ids)s::bigint[]) GROUP BY f.obligation_id
"""
_REPAID = """
    SELECT obligation_id, sum(repaid) FROM dispatch_fundreturn
    WHERE obligation_id = ANY(%(ids)s::bigint[]) GROUP BY obligation_id
"""
_SHARES = """
    SELECT a.uscc, a.year, s.host_uscc, s.kind
    FROM dispatch_application a LEFT JOIN dispatch_share s ON s.application_id = a.id AND s.live
    WHERE a.status IN ('submitted', 'sent_back')
      AND (a.uscc, a.year) IN (SELECT * FROM unnest(%(agencies)s::text[], %(years)s::int[]))
"""


def load(keys: Iterable[Key]) -> Parts:
    """The parts of these keys, locked in the order of their numbers to the end of the transaction."""
    wanted = sorted(set(keys))
    parts = Parts()
    given: dict[str, Any] = {
        "agencies": [agency for agency, _, _ in wanted],
        "years": [year for _, year, _ in wanted],
        "hosts": [host for _, _, host in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, given)
        locked = cursor.fetchall()
        ids: dict[str, Any] = {"ids": [row[0] for row in locked]}
        cursor.execute(_FOUND, ids)
        found = {pk: (count, owed) for pk, count, owed in cursor.fetchall()}
        cursor.execute(_REPAID, ids)
        repaid = dict(cursor.fetchall())
        cursor.execute(_SHARES, given)
        for agency, year, host, kind in cursor.fetchall():
            parts.applied.add((agency, year))
            if kind:
                parts.kinds[agency, year, host].add(kind)
    for pk, agency, year, host, *rest in locked:
        count, owed = found.get(pk, (0, ZERO))
        key = (agency, year, host)
        columns: list[Any] = [pk, key, *rest, count, owed, repaid.get(pk, ZERO)]
        parts.standing[key].append(Under(*columns))
    for rows in parts.standing.values():
        rows.sort(key=lambda row: (row.credited_on, row.pk))
    return parts
