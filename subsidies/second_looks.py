"""What the skill subsidy says to a person whose claim was refused, and the claim judged again (decision 0150).

What the rules refused is judged again in its own row, which has no case. What people refused in review keeps its row and
its case: taken up anew it is a claim of its own, handed in on the same day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from caseworks.base.errors import Refusal
from caseworks.base.panels import Panel
from caseworks.base.subjects import is_person, person_key
from caseworks.cases.enums import Status
from caseworks.cases.models import Event, SecondLook
from caseworks.cases.sources import Looked
from caseworks.people.actors import Actor
from subsidies import claims, explain, facts, judging
from subsidies.enums import Outcome
from subsidies.facts import typed
from subsidies.models import Claim

CENT = Decimal("0.01")
BY_PEOPLE = ("refused_in_review", "审核不予支付")
TAKEN_UP = ("taken_up", "重新受理")
NEXT = {
    Outcome.GRANTED: "列入下一批审核，公示无异议后拨付到社会保障卡。",
    Outcome.REFUSED: "数据有误的，请先更正参保、证书数据；情况变化后可再次申领。",
    "refused_in_review": "本次申领不予支付；情况变化后可再次申领。",
    "taken_up": "重新受理，列入下一批，另行初审、复核、审批，公示无异议后拨付到社会保障卡。",
}


def second_look(subject: str, year: int, on: dt.date, matter: str) -> Looked | None:
    """How a refused claim is judged; None where the person has none, Refusal where it must be said which."""
    rows = Claim.objects.of_year(year).select_related("office", "policy", "case")
    if subject and not is_person(subject):
        return None
    if subject:
        rows = rows.of_person(bytes.fromhex(subject))
    if matter:
        claim = rows.filter(pk=matter).first() if matter.isdecimal() else None
        return _looked(claim) if claim is not None else None
    found = list(rows) if subject else []
    refused = [claim for claim in found if _is_refused(claim)]
    if len(refused) > 1:
        numbers = "、".join(str(claim.pk) for claim in refused)
        raise Refusal(
            f"本年度有 {len(refused)} 件申领未获通过（{numbers} 号），未作登记。请从所申请复核的那件申领的页面登记。"
        )
    claim = next(iter(refused), found[-1] if found else None)
    return _looked(claim) if claim is not None else None


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: dt.datetime) -> Looked:
    """Judge the claim again on what is known now, as of the day it was handed in; joins the caller's transaction."""
    claim = Claim.objects.select_for_update().get(pk=look.matter)
    claims.release(at, bytes(claim.id_hash))
    if not look.by_people:
        before = _looked(claim)
        try:
            return _looked(claims.rejudge(claim, at=at), opened=True)
        except Refusal as refusal:  # granted by the rules, and its slot is another claim's by now
            return replace(before, sentences=(refusal.message,))
    refused = _looked(claim)
    asked = [(bytes(claim.id_hash), claim.cert_no, claim.applied_on)]
    found = judging.foresee(asked, facts.rulebook(claim.year))[0]
    if found.judgement.outcome != Outcome.GRANTED:
        policy = facts.rulebook(claim.year).rows[found.policy_id]
        words = tuple(explain.sentence(reason, typed(policy)) for reason in found.judgement.reasons)
        return _told(
            refused, Outcome.REFUSED.value, str(Outcome.REFUSED.label), words, Decimal(0), tuple(found.judgement.codes)
        )
    if not again:
        return refused
    anew = claims.take_again(claim, by=by, at=at)
    return replace(
        _told(refused, *TAKEN_UP, (f"受理号 {anew.pk}，按 {anew.applied_on} 的申领核定",), anew.amount), payable=True
    )


def judges(subject: str, year: int, matter: str) -> set[int]:
    """Who took the claim in, and who refused it in review; those who signed its case are known to the kernel."""
    claim = Claim.objects.filter(pk=matter).first() if matter.isdecimal() else None
    if claim is None:
        return set()
    refusers = Event.objects.filter(case=claim.case_id, step="refuse").values_list("person", flat=True)
    return {pk for pk in (claim.person_id, *refusers) if pk is not None}


def look_panels(subject: str, year: int, matter: str) -> Iterator[Panel]:
    """The claim with every rule's numbers."""
    claim = Claim.objects.select_related("policy", "office").filter(pk=matter).first() if matter.isdecimal() else None
    if claim is not None:
        data = {"claim": claim, "lines": explain.trace(claim), "signs": []}
        url = f"/desk/subsidies/{claim.pk}/"
        yield Panel("申领", "subsidies/_case_claim.html", data, url=url, more="申领详情", wide=True)


# -- pieces


def _is_refused(claim: Claim) -> bool:
    return claim.case.status == Status.REFUSED if claim.case is not None else claim.outcome == Outcome.REFUSED


def _looked(claim: Claim, *, opened: bool = False) -> Looked:
    """A claim as it stands. Not refused: in review, or about to be, which `opened` allows (it was judged just now)."""
    outcome = Outcome(claim.outcome)
    words = tuple(explain.sentences(claim)) if outcome == Outcome.REFUSED else ()
    looked = Looked(
        claim.name, claim.office_id, claim.city_office_id, outcome.value, str(outcome.label), tuple(claim.reasons), words,
        claim.amount.quantize(CENT), outcome == Outcome.GRANTED, f"{claim.applied_on} 申领 {claim.cert_no}，政策：{claim.policy.title}",
        NEXT[outcome], subject=person_key(claim.id_hash), matter=str(claim.pk),
    )  # fmt: skip
    if claim.case is not None and claim.case.status == Status.REFUSED:
        last = Event.objects.filter(case=claim.case, step="refuse").order_by("-seq").first()
        because = (last.note,) if last is not None and last.note else ()
        return replace(_told(looked, *BY_PEOPLE, because, claim.amount), by_people=True)
    if claim.case is not None:
        return replace(looked, case=claim.case_id)
    if outcome == Outcome.GRANTED and not opened:
        raise Refusal(f"第 {claim.pk} 号申领核定为符合，待立件审核，不需要申请复核，未作登记。")
    return looked


def _told(
    looked: Looked, outcome: str, label: str, sentences: tuple[str, ...], amount: Decimal, reasons: tuple[str, ...] = ()
) -> Looked:
    return replace(
        looked, outcome=outcome, label=label, sentences=sentences, amount=amount, reasons=reasons, payable=False,
        next=NEXT[outcome],
    )  # fmt: skip
