"""The one writer of claims: facts are read, judged in the order of the law, and written by COPY, one or many (contract 4).

A person's claims are judged one after another, each after what was granted before. The slots are keys of the database
(`claim_nth_of_the_year_once`, `claim_occupation_and_level_once`): where two counters are at work at once, one of them is
told by the key, and judges again.
"""

from __future__ import annotations

import datetime
import tempfile
from contextlib import closing
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from psycopg.errors import UniqueViolation

from caseworks.base.errors import Refusal
from caseworks.base.identifiers import citizen_id_problem, normalise
from caseworks.base.sealed import lookup_hash, seal
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.people.scope import scope_of
from subsidies import facts, lookups
from subsidies.enums import Channel
from subsidies.facts import CARRIED, Rulebook
from subsidies.judging import STORED, Stamp, Taken, copied, judged
from subsidies.models import Claim
from subsidies.policy import Facts, against, first_free, judge

TURNS = 6  # times that a claim is judged anew where another counter was quicker
_SLOTS = ("claim_nth_of_the_year_once", "claim_occupation_and_level_once", "claim_round_once")
# A refusal or a withdrawal in review gives the slot back (contract 4); whatever reads slots lets go of these first.
_RELEASE = """
    UPDATE subsidies_claim c SET held = false, released_at = %(at)s
    FROM cases_case k
    WHERE k.scheme = 'subsidies' AND k.status IN ('refused', 'withdrawn') AND c.case_id = k.id AND c.held
      AND (%(person)s::bytea IS NULL OR c.id_hash = %(person)s::bytea)
"""
_BIND = f"""
    UPDATE subsidies_claim c SET case_id = k.id, signs = s.flags
    FROM cases_case k JOIN cases_reviewsheet s ON s.case_id = k.id
    WHERE c.year = %(year)s AND c.case_id IS NULL AND c.held AND k.scheme = 'subsidies' AND k.year = c.year
      AND k.round = c.round AND k.subject = {facts.SUBJECT} AND k.fingerprint = {facts.FINGERPRINT}
"""


def release(at: datetime.datetime, id_hash: bytes | None = None) -> int:
    """Let go of the slots that review gave back, of one person or of all."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"at": at, "person": id_hash})
        return int(cursor.rowcount)


def bind(year: int) -> int:
    """Tie the claims to the cases just opened of them, with the signs that the reviewers were shown."""
    with connection.cursor() as cursor:
        cursor.execute(_BIND, {"year": year})
        return int(cursor.rowcount)


# -- reading and writing


def write(asked: str, rules: Rulebook, stamp: Stamp, office: Office | None, **given: Any) -> Taken:
    """Judge the claims of a relation and write them; joins the caller's transaction."""
    count = Taken()
    lines = copied(facts.sql(asked), facts.parameters(rules, office) | given)
    with tempfile.SpooledTemporaryFile(1 << 24, "w+", encoding="utf-8", newline="") as spool:
        with closing(lines):  # where a judgement is refused, the query ends before its transaction does
            spool.writelines(judged(lines, rules, stamp, count))
        spool.seek(0)
        with connection.cursor() as cursor, cursor.copy(f"COPY subsidies_claim ({', '.join(STORED)}) FROM STDIN") as to:
            while block := spool.read(1 << 20):
                to.write(block)
    return count


def take(
    *,
    id_no: str,
    cert_no: str,
    applied_on: datetime.date,
    channel: Channel,
    by: Actor,
    at: datetime.datetime,
    id_type: str = "resident_id",
    office: Office | None = None,
) -> Claim:
    """Take one claim at a counter or from the portal and judge it; refused by the rules it is on record all the same.

    Refusal where the numbers are no numbers, or where the person belongs to an office that the clerk does not serve.
    """
    id_no, cert_no = normalise(id_no, identifier=True), normalise(cert_no)
    problem = citizen_id_problem(id_no, id_type) or (None if cert_no else "证书编号为空")
    if citizen_id_problem(cert_no.upper()) is None:  # it would be kept in the open
        problem = problem or "证书编号一栏填的是证件号码"
    if problem:
        raise Refusal(f"{problem}，没有受理。请核对后重新填写。")
    rules = facts.rulebook(applied_on.year)
    stamp = Stamp(applied_on.year, channel, by, at)
    asked = {"id_hash": lookup_hash(id_no), "id_no": seal(id_no), "cert_no": cert_no, "applied_on": applied_on}
    answer = lookups.ask(id_no, cert_no)
    for _ in range(TURNS):
        try:
            with transaction.atomic():
                claim = _take(asked, rules, stamp, office)
                lookups.keep(answer, id_no, cert_no, by=by, at=at, claim=claim)
                return claim
        except UniqueViolation as breach:
            if breach.diag.constraint_name not in _SLOTS:
                raise
    raise Refusal("此人的申领正在别处办理，没有受理。请稍后重试。")


def _take(asked: dict[str, Any], rules: Rulebook, stamp: Stamp, office: Office | None) -> Claim:
    claim = _written(asked, rules, stamp, office)
    person = stamp.by.person
    if person is None or stamp.channel != Channel.COUNTER:
        return claim
    if not scope_of(person, timezone.localdate(stamp.at), "claim.take").covers(claim.office):
        raise Refusal(f"此人由{claim.office}经办，没有受理。请到该机构办理，或由其工作人员受理。")
    return claim


def _written(asked: dict[str, Any], rules: Rulebook, stamp: Stamp, office: Office | None) -> Claim:
    one_by_one(shared=True)
    release(stamp.at, asked["id_hash"])
    write(facts.ONE, rules, stamp, office, **asked)
    with connection.cursor() as cursor:
        cursor.execute("SELECT currval(pg_get_serial_sequence('subsidies_claim', 'id'))")
        return Claim.objects.select_related("office", "policy").get(pk=cursor.fetchone()[0])


def take_again(claim: Claim, *, by: Actor, at: datetime.datetime) -> Claim:
    """Take what was refused in review anew, as of the day it was handed in; joins the caller's transaction."""
    stamp = Stamp(claim.year, Channel.LOOK, by, at)
    asked = {
        "id_hash": bytes(claim.id_hash), "id_no": seal(claim.id_no), "cert_no": claim.cert_no,
        "applied_on": claim.applied_on,
    }  # fmt: skip
    try:
        with transaction.atomic():
            return _written(asked, facts.rulebook(claim.year), stamp, claim.office)
    except UniqueViolation as breach:
        if breach.diag.constraint_name not in _SLOTS:
            raise
        raise Refusal("此人的申领正在别处办理，未作任何更改。请稍后重试。") from breach


def one_by_one(*, shared: bool) -> None:
    """Counters work beside each other, and none beside a file: it judges many people on one look at the slots."""
    with connection.cursor() as cursor:
        word = "_shared" if shared else ""
        cursor.execute(f"SELECT pg_advisory_xact_lock{word}(hashtextextended('caseworks:subsidies.claims', 0))")


def rejudge(claim: Claim, *, at: datetime.datetime) -> Claim:
    """Judge a claim again on what is known now, after what was granted before it; joins the caller's transaction.

    One that is refused now lets go of its slot; one that is granted again takes a free one. What its first judgement knew
    of training subsidies stays: a later one goes on meeting it until somebody says in words that it does not (J3.2).
    """
    one_by_one(shared=True)
    rules = facts.rulebook(claim.year)
    asked = {
        "id_hash": bytes(claim.id_hash), "id_no": b"", "cert_no": claim.cert_no, "applied_on": claim.applied_on,
        "before": claim.pk,
    }  # fmt: skip
    with closing(copied(facts.sql(facts.ONE), facts.parameters(rules, claim.office) | asked)) as lines:
        fields = next(lines).rstrip("\n").split("\t")
    known = facts.read(fields)
    year, policy = rules.parameters[known.policy_id], rules.rows[known.policy_id]
    found = against(known.facts, known.grants, known.trainings, year)
    judgement = judge(found, year, policy.effective_to)
    granted = judgement.outcome == "granted"
    for name in Facts._fields:
        setattr(claim, name, getattr(found, name))
    claim.level = found.level or None
    for name in ("occupation", "cert_type", "issuer"):
        setattr(claim, name, facts.plain(fields[CARRIED.index(name)]))
    claim.policy, claim.in_shortage = policy, year.in_shortage(found.occupation_code)
    claim.outcome, claim.reasons, claim.amount = judgement.outcome, judgement.codes, judgement.amount
    claim.once = year.applies("already_subsidised")
    if granted and claim.slot is None:
        others = Claim.objects.standing().filter(id_hash=claim.id_hash, slot_year=claim.applied_on.year)
        taken = set(others.values_list("slot", flat=True))
        claim.slot = first_free(taken)
        claim.slot_year, claim.held = claim.applied_on.year, True
        if claim.round is None:
            rounds = Claim.objects.of_year(claim.year).filter(id_hash=claim.id_hash)
            claim.round = (rounds.aggregate(last=Max("round"))["last"] or 0) + 1
    elif not granted:
        claim.slot, claim.slot_year, claim.held, claim.released_at = None, None, False, None
    try:
        with transaction.atomic():
            claim.save()
    except IntegrityError as breach:
        if any(name in str(breach) for name in _SLOTS):
            raise Refusal("重新核定为符合，但此人的名额或该职业等级已被其他申领占用，未作任何更改。") from breach
        raise
    return claim
