"""Judging claims as their facts stream by: each person's in the order of the law, each after what was granted before.

One law for a file, a counter, and for what a claim would come to: nothing here writes.
"""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from caseworks.base.money import ZERO
from caseworks.people.actors import Actor
from subsidies import facts
from subsidies.facts import CARRIED, Rulebook
from subsidies.parameters import Parameters
from subsidies.policy import Facts, Grant, Judgement, against, free_slot, judge

JUDGED = (
    "granted_same_on", "granted_higher", "granted_higher_on", "training_same_on", "training_higher",
    "training_higher_on", "granted_in_year", "granted_ordinary", "in_shortage", "outcome", "reasons", "amount",
    "slot_year", "slot", "round", "once", "held", "signs",
)  # fmt: skip
STAMPED = ("year", "channel", "file_id", "person_id", "label", "at", "training_seen")
STORED = (*CARRIED, *JUDGED, *STAMPED)
NULL = "\\N"


@dataclass
class Taken:
    """What came of claims."""

    taken: int = 0
    granted: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Stamp:
    """How claims came in, for their rows."""

    year: int
    channel: str
    by: Actor
    at: datetime.datetime
    file_id: int | None = None


def judged(lines: Iterable[str], rules: Rulebook, stamp: Stamp, count: Taken) -> Iterator[str]:
    """Lines of facts in, lines of claims out; each person's claims in their order, each after those before it."""
    tail = "\t".join(
        (
            str(stamp.year), stamp.channel, NULL if stamp.file_id is None else str(stamp.file_id),
            NULL if stamp.by.person is None else str(stamp.by.person.pk), escaped(stamp.by.label), stamp.at.isoformat(),
            str(facts.training_seen()),
        )
    )  # fmt: skip
    width = len(CARRIED)
    person, grants, rounds = "", [], 0
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        known = facts.read(fields)
        if known.id_hash != person:
            person, grants, rounds = known.id_hash, known.grants, known.rounds
        year, policy = rules.parameters[known.policy_id], rules.rows[known.policy_id]
        found = known.facts
        if grants or known.trainings:
            found = against(found, grants, known.trainings, year)
        judgement = judge(found, year, policy.effective_to)
        short = year.in_shortage(found.occupation_code)
        count.taken += 1
        slot = 0
        if judgement.outcome == "granted":
            count.granted += 1
            count.amount += judgement.amount
            rounds += 1
            slot = free_slot(grants, found.applied_on.year)
            grants.append(Grant(found.occupation_code, found.level, found.applied_on, short, slot))
        judged_as = as_text(found, judgement, year, short=short, slot=slot, round_=rounds)
        yield "\t".join((*fields[:width], *judged_as, tail)) + "\n"


def as_text(
    found: Facts, judgement: Judgement, year: Parameters, *, short: bool, slot: int, round_: int
) -> tuple[str, ...]:
    """A judgement as COPY's text, in the order of JUDGED."""
    granted = judgement.outcome == "granted"
    return (
        _day(found.granted_same_on), str(found.granted_higher), _day(found.granted_higher_on),
        _day(found.training_same_on), str(found.training_higher), _day(found.training_higher_on),
        str(found.granted_in_year), str(found.granted_ordinary), "t" if short else "f", judgement.outcome,
        "{" + ",".join(judgement.codes) + "}", str(judgement.amount),
        str(found.applied_on.year) if granted else NULL, str(slot) if granted else NULL,
        str(round_) if granted else NULL, "t" if year.applies("already_subsidised") else "f", "t" if granted else "f",
        "{}",
    )  # fmt: skip


def _day(day: datetime.date | None) -> str:
    return NULL if day is None else day.isoformat()


def escaped(text: str) -> str:
    """A text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def copied(sql: str, parameters: dict[str, Any]) -> Generator[str]:
    """The rows of a query as lines of COPY's text."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    statement = psycopg.ClientCursor(raw).mogrify(sql, parameters)
    with raw.cursor() as cursor, cursor.copy(b"COPY (" + statement.encode() + b") TO STDOUT") as lines:
        for line in lines:
            yield str(line, "utf-8")


class Foreseen(NamedTuple):
    """What a claim would be judged to be; nothing of it is stored."""

    policy_id: int
    facts: Facts
    judgement: Judgement


def foresee(asked: Sequence[tuple[bytes, str, datetime.date]], rules: Rulebook) -> list[Foreseen]:
    """Judge claims by themselves (person, certificate, day), each on what stands now, in the order in which they are given.

    For the counter, the portal and the screening: claims of one person are not judged after each other.
    """
    given = {
        "hashes": [id_hash for id_hash, _, _ in asked],
        "numbers": [cert_no for _, cert_no, _ in asked],
        "days": [day for _, _, day in asked],
    }
    found: dict[int, Foreseen] = {}
    with closing(copied(facts.sql(facts.SOME), facts.parameters(rules, None) | given)) as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            known = facts.read(fields)
            year, policy = rules.parameters[known.policy_id], rules.rows[known.policy_id]
            judged_of = against(known.facts, known.grants, known.trainings, year)
            found[int(fields[0])] = Foreseen(known.policy_id, judged_of, judge(judged_of, year, policy.effective_to))
    return [found[place] for place in range(1, len(asked) + 1)]
