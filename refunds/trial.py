"""Trying a policy row of the refund: the facts of its year, judged by the row and by the one before it. (N2.7)

The same query, stream and `judge()` as a screening; nothing is stored. Units of a region that has a row of its own
beneath this one are left out: they are not judged by it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg

from caseworks.base.side import side_connection
from caseworks.law.models import Policy
from caseworks.oversight.trials import Tell, Trial
from refunds import facts, ledgers, rulebook
from refunds.enums import Outcome
from refunds.facts import Question
from refunds.parameters import Parameters
from refunds.policy import Facts, judge

STEP = 2000  # units between two words about the progress


def trial(policy: Policy, before: Policy, on: datetime.date, tell: Tell) -> Trial:
    """Judge every unit of the row's region twice; `before` is read as if it were of the same year."""
    now, was = _typed(policy), _typed(before)
    asked, asked_before = _question(policy, now, on), _question(policy, was, on)
    found = Trial(
        {outcome.value: str(outcome.label) for outcome in reversed(Outcome)}, payable=(Outcome.ELIGIBLE.value,)
    )
    facts.refresh_statistics()
    with side_connection() as side, side.cursor():
        reader: psycopg.Connection[Any] = side.connection
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        reader.execute("SET LOCAL jit = off")
        chosen, given = _units(policy)
        cities = reader.execute(
            f"""SELECT u.city_office_id, o.name, count(*) FROM registry_unit u
            JOIN people_office o ON o.id = u.city_office_id WHERE {chosen} GROUP BY 1, 2 ORDER BY 1""",
            given,
        ).fetchall()
        total, done = sum(units for _, _, units in cities), 0
        for city, name, units in cities:
            here = (f"u.city_office_id = %(city)s AND {chosen}", given | {"city": city})
            known = _judged(reader, asked_before, was, *here) if asked != asked_before else None
            for number, unit in enumerate(_facts(reader, asked, *here)):
                if number % STEP == 0:
                    tell(done + number, total, f"正在试算：{name}")
                after = judge(unit, now)
                old = known.pop(unit.uscc) if known is not None else _outcome(unit, was)
                found.take(unit.uscc, unit.name, name, old, (after.outcome, after.amount))
            done += units
        tell(done, total, "正在汇总")
        reader.execute("COMMIT")
    return found


def _typed(policy: Policy) -> Parameters:
    return next(iter(rulebook.of_policy(policy, policy.effective_from).parameters.values()))


def _question(policy: Policy, parameters: Parameters, on: datetime.date) -> Question:
    joins = ledgers.joins(policy.year, on)
    return Question(policy.year, on, parameters.paid_by, parameters.paid_late_months, joins)


def _units(policy: Policy) -> tuple[str, dict[str, Any]]:
    """The condition on the units that the row would judge."""
    inner = Policy.objects.in_force().of(policy.scheme, policy.year).filter(region__startswith=policy.region)
    below = sorted({row.region for row in inner} - {policy.region})
    parts = ["starts_with(u.region, %(region)s)"]
    parts += [f"NOT starts_with(u.region, %(below{number})s)" for number in range(len(below))]
    return " AND ".join(parts), {"region": policy.region} | {f"below{n}": region for n, region in enumerate(below)}


def _facts(reader: psycopg.Connection[Any], question: Question, units: str, given: dict[str, Any]) -> Iterator[Facts]:
    for line in facts.copied(reader, question, units, given):
        yield facts.read(line)[0]


def _outcome(unit: Facts, parameters: Parameters) -> tuple[str, Decimal]:
    found = judge(unit, parameters)
    return found.outcome, found.amount


def _judged(
    reader: psycopg.Connection[Any], question: Question, parameters: Parameters, units: str, given: dict[str, Any]
) -> dict[str, tuple[str, Decimal]]:
    """A city by the row before, where it asks for other facts: its units are kept in mind by their codes."""
    return {unit.uscc: _outcome(unit, parameters) for unit in _facts(reader, question, units, given)}
