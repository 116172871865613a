"""What was signed and is so no longer: cases under review whose judgement on what is known now would show something else.

Reads only, set by set. The comparison is over all that a case's fingerprint is taken over; the same policy row and the same
day as the stored judgement's, so that nothing but facts and figures that were changed behind it counts. (N6.2)
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from caseworks.law import policies
from caseworks.law.models import Policy
from refunds import assessments, facts, recalculation, rulebook, topups
from refunds.models import Assessment, Difference

ALONE = 200  # units up to which the facts are gathered by a look for each
# A case is judged by the row in force on the day of its judgement; a top-up by that on the day of its recalculation.
_FIRST = """
    SELECT a.uscc, a.year, a.region, a.judged_on, a.judged_on, a.status, a.dispatch_licence
    FROM refunds_assessment a WHERE a.case_id = ANY(%s)
"""
_TOPUPS = """
    SELECT a.uscc, a.year, a.region, a.judged_on, r.as_of, a.status, a.dispatch_licence
    FROM refunds_difference d JOIN refunds_recalculation r ON r.id = d.recalculation_id
    JOIN refunds_assessment a ON a.year = d.year AND a.uscc = d.uscc WHERE d.case_id = ANY(%s)
"""
# what a top-up shows of a judgement; what stands of the other rounds is looked at when its case is judged again
_OF_TOPUPS = [name for name in topups.SHOWN if name not in ("granted", "standing", "amount", "policy_id", "region")]


def changed(ids: Iterable[int]) -> dict[int, str]:
    """Those of the cases that would be judged differently now: case → the names of what differs."""
    wanted = sorted(set(ids))
    found = _compared(_FIRST, wanted, _differing("refunds_assessment", assessments.SHOWN), then=False)
    return found | _compared(_TOPUPS, wanted, _differing("refunds_difference", _OF_TOPUPS), then=True)


def _differing(table: str, names: Iterable[str]) -> str:
    pairs = [(name, f"o.{name}", f"t.{name}") for name in names]
    if table == "refunds_difference":
        pairs.append(("amount", "o.granted", "CASE WHEN t.outcome = 'eligible' THEN t.amount ELSE 0 END"))
    told = ", ".join(f"CASE WHEN {one} IS DISTINCT FROM {other} THEN '{name}' END" for name, one, other in pairs)
    return f"""
        SELECT x.case_id, x.names FROM (
            SELECT o.case_id, array_remove(ARRAY[{told}], NULL) AS names
            FROM judged_now t JOIN {table} o ON o.year = %(year)s AND o.uscc = t.uscc AND o.case_id = ANY(%(ids)s)) x
        WHERE x.names <> '{{}}'
    """


def _compared(select: str, ids: list[int], differing: str, *, then: bool) -> dict[int, str]:
    found: dict[int, str] = {}
    for (year, policy, judged_on), units in _groups(select, ids).items():
        rules = rulebook.of_policy(policy, judged_on)
        rules = replace(rules, question=replace(rules.question, as_of=judged_on))
        chosen = {"usccs": sorted(units)}
        with transaction.atomic(), connection.cursor() as cursor:
            lines: Iterable[str] = facts.copied(
                connection.connection, rules.question, "u.uscc = ANY(%(usccs)s)", chosen, one=len(units) <= ALONE
            )
            if then:  # what a unit is today is no correction of what it was (decision 0070)
                lines = recalculation.as_they_were(lines, units)
            cause = assessments.Cause(year, timezone.now())
            judged = list(assessments.judged(lines, rules, cause))  # nothing streams in while something streams out
            cursor.execute(
                "CREATE TEMP TABLE judged_now ON COMMIT DROP AS"
                f" SELECT {', '.join(assessments.STORED)} FROM refunds_assessment WITH NO DATA"
            )
            assessments.copy_into("judged_now", judged)
            cursor.execute(differing, {"year": year, "ids": ids})
            found |= {case: _words(names) for case, names in cursor.fetchall()}
            cursor.execute("DROP TABLE judged_now")
    return found


def _groups(select: str, ids: list[int]) -> Mapping[tuple[int, Policy, dt.date], dict[str, tuple[str, str]]]:
    """Units by year, policy row and day of judgement, each with its status and licence as they were judged."""
    with connection.cursor() as cursor:
        cursor.execute(select, [ids])
        rows = cursor.fetchall()
    known: dict[tuple[Any, ...], Policy] = {}
    found: dict[tuple[int, Policy, dt.date], dict[str, tuple[str, str]]] = defaultdict(dict)
    for uscc, year, region, judged_on, in_force_on, status, licence in rows:
        place = (year, region, in_force_on)
        if place not in known:
            known[place] = policies.for_screening(rulebook.SCHEME, *place)
        found[year, known[place], judged_on][uscc] = (status, licence)
    return found


def _words(names: Iterable[str]) -> str:
    labels = {field.name: str(getattr(field, "verbose_name", field.name)) for field in _FIELDS}
    return "、".join(labels.get(name, name) for name in names)


_FIELDS = (*Difference._meta.get_fields(), *Assessment._meta.get_fields())
