"""What the refund says to a unit that asks for a second look: its judgement with numbers, and the same judged again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.panels import Panel
from caseworks.cases.models import SecondLook
from caseworks.cases.sources import Looked
from caseworks.law.models import Policy
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from refunds import explain, rulebook, screening
from refunds.enums import Outcome
from refunds.facts import of_assessment
from refunds.models import Assessment, Determination
from refunds.policy import judge
from refunds.rejudging import judge_again
from refunds.screening import KIND

NEXT = {
    Outcome.ELIGIBLE: "列入下一批审核，公示无异议后拨付，无需申请。",
    Outcome.APPLY: "请单位带用工形式、实际用工单位类型和上年度缴费明细，主动申请。",
    Outcome.MANUAL: "所缺事实由经办机构核定后再行核算。",
    Outcome.INELIGIBLE: "本年度不予返还；数据有误的，请先更正参保、缴费数据。",
}


def second_look(uscc: str, year: int, on: dt.date, matter: str = "") -> Looked | None:
    """The stored judgement of the year, or else what the data gives on a day; None where the unit is not known."""
    unit = Unit.objects.filter(uscc=uscc).only("name", "office_id", "city_office_id").first()
    if unit is None:
        return None
    row = Assessment.objects.filter(year=year, uscc=uscc).first()
    if row is not None:
        return _stored(row)
    live = screening.judge_live(uscc, year, on)
    assert live is not None
    found, source = live.judgement, f"按 {on} 的数据试算"
    return Looked(
        unit.name, unit.office_id, unit.city_office_id, found.outcome, _label(found.outcome), tuple(found.codes),
        tuple(live.sentences), found.amount, _payable(found.outcome, found.amount), source, NEXT[Outcome(found.outcome)],
    )  # fmt: skip


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: dt.datetime) -> Looked:
    """Judge the unit again; joins the caller's transaction. One in review, or never screened, is told as it stands."""
    uscc, year = look.subject, look.year
    with runs.exclusive(f"{KIND}:{year}", f"{year} 年度的筛查"):
        judge_again([uscc], at=at, year=year)
    found = second_look(uscc, year, timezone.localdate(at))
    if found is None:
        raise Refusal("该单位已不在参保登记中，无从重新核算，未作任何更改。")
    return found


def judges(uscc: str, year: int, matter: str = "") -> set[int]:
    """Who started the screening that judged the unit, and who set or confirmed its facts."""
    people = set(
        Assessment.objects.filter(year=year, uscc=uscc).values_list("screening__run__person", flat=True)
    )  # fmt: skip
    facts = Determination.objects.filter(year=year - 1, uscc=uscc).values_list("set_by", "decided_by")
    return {pk for pk in people.union(*facts) if pk is not None}


def look_panels(uscc: str, year: int, matter: str = "") -> Iterator[Panel]:
    """The stored judgement with its figures; the page of the judgement has every rule and what the data says today."""
    row = Assessment.objects.filter(year=year, uscc=uscc).first()
    if row is not None:
        url = f"/desk/refunds/{row.year}/{row.uscc}/"
        yield Panel("现有核算", "refunds/_case_judgement.html", {"row": row}, url=url, more="逐项核算", wide=True)


def _stored(row: Assessment) -> Looked:
    policy = Policy.objects.prefetch_related("figures").get(pk=row.policy_id)
    parameters = rulebook.of_policy(policy, row.judged_on).parameters[policy.pk]
    sentences = explain.sentences(judge(of_assessment(row), parameters), parameters)
    source = f"{row.judged_on} 筛查，政策：{policy.title}"
    return Looked(
        row.name, row.office_id, row.city_office_id, row.outcome, _label(row.outcome), tuple(row.reasons),
        tuple(sentences), row.amount, _payable(row.outcome, row.amount), source, NEXT[Outcome(row.outcome)], row.case_id,
    )  # fmt: skip


def _label(outcome: str) -> str:
    return str(Outcome(outcome).label)


def _payable(outcome: str, amount: Decimal) -> bool:
    return outcome == Outcome.ELIGIBLE and amount > 0
