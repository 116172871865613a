"""Whose ledgers are one: the predecessors of a unit and itself, for a policy year on a day (承继, decision 0042).

A ledger pays once. While a predecessor has a case of the year that was not refused, withdrawn or waived, its ledger
stays with that case, and what would have gone on to the successor waits for its end.
"""

from __future__ import annotations

import datetime

from caseworks.cases.lifecycle import FINAL
from caseworks.cases.models import Case
from caseworks.registry.models import Succession

SCHEME = "refunds"


def joins(year: int, as_of: datetime.date) -> tuple[tuple[str, str], ...]:
    """Pairs of a predecessor and the unit whose ledger its own is part of, in the order of the codes."""
    rows = Succession.objects.confirmed().filter(effective_on__lte=as_of)
    known = dict(rows.values_list("predecessor", "successor"))
    if not known:
        return ()
    holding = set(with_cases(year, [*known, *known.values()]))
    found = []
    for old in sorted(known):
        if old in holding:
            continue
        heir = known[old]
        while heir in known and heir not in holding:
            heir = known[heir]
        found.append((old, heir))
    return tuple(found)


def with_cases(year: int, usccs: list[str]) -> list[str]:
    """Those of the units that have a case of the year which may pay, or has paid."""
    live = Case.objects.filter(scheme=SCHEME, year=year, subject__in=usccs).exclude(status__in=FINAL)
    return list(live.order_by("subject").values_list("subject", flat=True).distinct())
