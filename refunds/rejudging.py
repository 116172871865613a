"""Judging single units again by the same rules on the day of their stored judgement; what is in review stays."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db import connection

from caseworks.law import policies
from caseworks.registry.models import Unit
from refunds import assessments, facts, rulebook
from refunds.models import Assessment, ScreeningRun


def judge_again(usccs: Iterable[str], *, at: datetime.datetime, year: int | None = None) -> list[Assessment]:
    """The stored judgements of these units (of a policy year) that are in no review, as they are now.

    Joins the caller's transaction, which holds the lock of the years' screenings.
    """
    rows = Assessment.objects.open_to_screening().filter(uscc__in=sorted(set(usccs)))
    if year is not None:
        rows = rows.of_year(year)
    regions = dict(Unit.objects.filter(uscc__in=sorted(set(usccs))).values_list("uscc", "region"))
    found = []
    for row in rows.order_by("year", "uscc"):
        if row.uscc in regions:
            _again(row, regions[row.uscc], at)
            row.refresh_from_db()
            found.append(row)
    return found


def _again(row: Assessment, region: str, at: datetime.datetime) -> None:
    policy = policies.for_screening(rulebook.SCHEME, row.year, region, row.judged_on)
    rules = rulebook.of_policy(policy, row.judged_on)
    connection.ensure_connection()
    chosen = {"usccs": [row.uscc]}
    lines = list(facts.copied(connection.connection, rules.question, "u.uscc = ANY(%(usccs)s)", chosen, one=True))
    latest = ScreeningRun.objects.filter(year=row.year).values_list("pk", flat=True).first()
    cause = assessments.Cause(row.year, at, screening_id=row.screening_id or latest)
    assessments.write(assessments.judged(lines, rules, cause), cause, fresh=False)
