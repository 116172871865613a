"""政策找人: certificate holders who could claim today and have not are told so, each certificate once for ever (J4.2, N7.1).

They are judged by the same rules and the same query as a claim of today; nothing but the invitation is stored.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from caseworks.base import notices, runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.people.actors import Actor
from caseworks.people.scope import EVERYTHING, Scope, scope_of
from subsidies import facts, judging
from subsidies.facts import CARRIED
from subsidies.models import Invitation
from subsidies.policy import Grant, against, judge, months_after

KIND = "invitations"
_CHUNK = 2000
# Certificates of people for which nobody has claimed and nobody was invited; older ones than any window are left out.
# The lower level of an occupation comes first: both may be claimed in that order, and only in it (N3.3).
_CANDIDATES = """(
    SELECT row_number() OVER (ORDER BY c.level DESC, c.issued_on, c.id) AS ord, c.id AS line, c.id_hash, ''::bytea AS id_no, c.cert_no,
           %(on)s::date AS applied_on
    FROM registry_certificate c
    WHERE c.issued_on BETWEEN %(since)s::date AND %(on)s::date
      AND NOT EXISTS (SELECT FROM subsidies_claim k WHERE k.id_hash = c.id_hash AND k.cert_no = c.cert_no)
      AND NOT EXISTS (SELECT FROM subsidies_invitation i WHERE i.id_hash = c.id_hash AND i.cert_no = c.cert_no))"""
_NOTICES = """
    SELECT 'subsidies:invite:' || encode(i.id_hash, 'hex') || ':' || min(i.id) AS event_key, 'subsidies' AS scheme,
           i.year::int AS year, encode(i.id_hash, 'hex') AS subject, min(i.name) AS name,
           min(i.office_id) AS office_id, min(i.city_office_id) AS city_office_id, NULL::bigint AS case_id,
           jsonb_build_object('count', count(*)::text, 'amount', {money}, 'last_day', min(i.last_day)::text) AS params
    FROM subsidies_invitation i WHERE i.id >= %(first)s AND i.at = %(at)s
    GROUP BY i.id_hash, i.year
""".format(money=notices.MONEY.format("sum(i.amount)"))
# What people were told this year and have not claimed yet: it counts as if it were granted, so that nobody is told of more
# than can be had (N3.3).
_TOLD = """
    SELECT i.id_hash, c.occupation_code, c.level FROM subsidies_invitation i
    JOIN registry_certificate c ON c.cert_no = i.cert_no AND c.id_hash = i.id_hash
    WHERE i.year = %(year)s AND i.last_day >= %(on)s
      AND NOT EXISTS (SELECT FROM subsidies_claim k WHERE k.id_hash = i.id_hash AND k.cert_no = i.cert_no)
"""


@dataclass
class Invited:
    """What came of a screening: certificates looked at, invitations, notices posted."""

    looked_at: int = 0
    invited: int = 0
    posted: int = 0


def begin(*, by: Actor, at: datetime.datetime) -> Run:
    """Put a screening on record, queued; refused at once where it could not be carried out."""
    if not by.may("claim.invite"):
        raise Refusal("没有主动告知的权限，未作任何更改。请由经办人员办理。")
    on = timezone.localdate(at)
    facts.rulebook(on.year)
    return runs.create(KIND, str(on.year), f"{on.year} 年度技能补贴政策找人", by, at)


def carry_out(run: Run, *, by: Actor, at: datetime.datetime) -> Invited:
    """Find and invite those who could claim, in the offices that the person serves."""
    on = timezone.localdate(at)
    scope = EVERYTHING if by.person is None else scope_of(by.person, on, "claim.invite")
    with runs.running(run), runs.exclusive(KIND, "另一次政策找人"):
        done = Invited()
        with transaction.atomic():
            found = iter(_found(on, scope, by, at, done))
            while chunk := list(islice(found, _CHUNK)):
                made = Invitation.objects.bulk_create(chunk, ignore_conflicts=True)
                done.invited += len(made)
            first = Invitation.objects.filter(at=at).order_by("pk").values_list("pk", flat=True).first()
            if first is not None:
                done.posted = notices.post_select("subsidies_invited", _NOTICES, {"first": first, "at": at}, at=at)
        run.summary = {"looked_at": done.looked_at, "invited": done.invited, "posted": done.posted}
    return done


def _found(on: datetime.date, scope: Scope, by: Actor, at: datetime.datetime, done: Invited) -> list[Invitation]:
    rules = facts.rulebook(on.year)
    widest = max(figures.window_months for figures in rules.parameters.values())
    given = {"on": on, "since": months_after(on, -widest - 1)}
    invitations, told = [], _told(on)
    person, grants = "", list[Grant]()
    at_place = {name: CARRIED.index(name) for name in ("id_hash", "name", "office_id", "city_office_id", "cert_no")}
    with closing(judging.copied(facts.sql(_CANDIDATES), facts.parameters(rules, None) | given)) as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            known = facts.read(fields)
            year, policy = rules.parameters[known.policy_id], rules.rows[known.policy_id]
            if known.id_hash != person:
                person = known.id_hash
                kept = [Grant(code, level, on, year.in_shortage(code)) for code, level in told.get(person, ())]
                grants = [*known.grants, *kept]
            found = against(known.facts, grants, known.trainings, year)
            judgement = judge(found, year, policy.effective_to)
            office, city = int(fields[at_place["office_id"]]), int(fields[at_place["city_office_id"]])
            done.looked_at += 1
            if judgement.outcome != "granted" or not _within(scope, office, city):
                continue
            grants.append(Grant(found.occupation_code, found.level, on, year.in_shortage(found.occupation_code)))
            assert found.issued_on is not None
            invitations.append(
                Invitation(
                    year=on.year, id_hash=bytes.fromhex(fields[at_place["id_hash"]][3:]),
                    name=facts.plain(fields[at_place["name"]]), office_id=office, city_office_id=city,
                    cert_no=facts.plain(fields[at_place["cert_no"]]), occupation=facts.plain(fields[13]),
                    level=found.level, amount=judgement.amount, invited_on=on, at=at, label=by.label,
                    last_day=min(months_after(found.issued_on, year.window_months), policy.effective_to or on),
                )
            )  # fmt: skip
    return invitations


def _told(on: datetime.date) -> dict[str, list[tuple[str, int]]]:
    """Person, as COPY writes the hash → occupation and level of each."""
    told: dict[str, list[tuple[str, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {"year": on.year, "on": on})
        for id_hash, code, level in cursor.fetchall():
            told["\\\\x" + bytes(id_hash).hex()].append((code, level))
    return told


def _within(scope: Scope, office: int, city: int) -> bool:
    return scope.province or office in scope.offices or city in scope.cities
