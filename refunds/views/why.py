"""为什么没有我？ One box at the counter: a code or part of a name in, the answer with its numbers out. (J4.2)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base.errors import Refusal
from caseworks.base.identifiers import normalise, uscc_problem
from caseworks.base.money import ZERO, thousands
from caseworks.people.access import access
from caseworks.people.models import Office, Person
from caseworks.registry.models import Unit
from refunds import explain, screening
from refunds.enums import Outcome
from refunds.models import Assessment, ScreeningRun
from refunds.views import judged

SHOWN = 20
CODE_LENGTH = 18


@dataclass(frozen=True)
class Answer:
    """What the counter tells a unit."""

    name: str
    uscc: str
    office: Office
    headline: str
    source: str
    outcome: str = ""
    amount: object = ZERO
    sentences: list[str] = field(default_factory=list)
    lines: list[explain.Line] = field(default_factory=list)
    way_out: str = ""
    url: str = ""
    joined: list[judged.Joined] = field(default_factory=list)


def _headline(outcome: str, year: int, amount: object, *, stored: bool) -> str:
    head = f"{year} 年度，" if stored else f"{year} 年度筛查时名册中还没有该单位；按现有数据试算，"
    match outcome:
        case Outcome.ELIGIBLE:
            return f"{head}该单位符合条件，应返还 {thousands(amount)} 元，经审核、公示后拨付，无需申请。"  # type: ignore[arg-type]
        case Outcome.APPLY:
            return f"{head}该单位须主动申请，不作免申即享。"
        case Outcome.MANUAL:
            return f"{head}系统还不能判定，缺少一项事实，待经办机构核定。"
        case _:
            return f"{head}该单位不符合条件，原因如下："


def _stored(row: Assessment, unit: Unit) -> Answer:
    policy = judged.policy_of(row)
    explained = judged.Explained.of(judged.facts_of(row), judged.parameters_of(policy, row.judged_on))
    return Answer(
        row.name, row.uscc, unit.office,
        _headline(row.outcome, row.year, row.amount, stored=True),
        f"依据 {row.year - 1} 年的缴费和减员数据，{row.judged_on} 筛查；政策：{policy.title}。",
        row.outcome, row.amount, explained.sentences, explained.trace, judged.WAYS_OUT[Outcome(row.outcome)],
        reverse("refunds:assessment_detail", args=[row.year, row.uscc]), judged.joined(row.joined),
    )  # fmt: skip


def _live(unit: Unit, year: int, on: dt.date) -> Answer:
    try:
        live = screening.judge_live(unit.uscc, year, on)
    except Refusal as refusal:
        return Answer(unit.name, unit.uscc, unit.office, f"{year} 年度还没有筛查到该单位。", refusal.message)
    assert live is not None
    outcome = live.judgement.outcome
    return Answer(
        unit.name, unit.uscc, unit.office,
        _headline(outcome, year, live.judgement.amount, stored=False),
        f"按 {on} 的数据试算，未存档，以筛查结果为准；政策：{live.policy.title}。",
        outcome, live.judgement.amount, live.sentences, live.lines, judged.WAYS_OUT[Outcome(outcome)],
        joined=judged.joined(live.found.joined),
    )  # fmt: skip


def answer_for(unit: Unit, year: int, on: dt.date) -> Answer:
    """The stored judgement of the year, or else what the data gives now."""
    row = Assessment.objects.filter(year=year, uscc=unit.uscc).first()
    return _stored(row, unit) if row is not None else _live(unit, year, on)


def _problem(text: str) -> str:
    code = normalise(text, identifier=True)
    if len(code) == CODE_LENGTH and code.isascii() and (wrong := uscc_problem(code)):
        return f"代码 {code} 有误：{wrong}。请核对证照上的统一社会信用代码，或改用名称查询。"
    if len(text) < 2:
        return "请至少输入两个字。"
    return (
        f"在您机构管辖范围内没有找到“{text}”。请核对代码或名称（可只写其中几个字，也可写曾用名）；"
        "没有参加失业保险、或在外地参保的单位不在名册中，请向其参保地经办机构查询。"
    )


@access("screening.view")
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    """The answer for one unit, a choice where several match, and words where none does."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    years = list(ScreeningRun.objects.order_by("-year").values_list("year", flat=True).distinct())
    asked = request.GET.get("year", "")
    year = next((known for known in years if str(known) == asked), years[0] if years else on.year)
    text = request.GET.get("q", "").strip()[:100]
    context: dict[str, object] = {"q": text, "years": years, "year": year}
    context["may_ask"] = person.has_perm("second_look.receive")
    if text:
        visible = Unit.objects.visible_to(person, on).select_related("office").defer("phone", "phone_hash")
        exact = visible.filter(uscc=normalise(text, identifier=True)).first()
        found = [exact] if exact else list(visible.search(text).order_by("name_key", "uscc")[: SHOWN + 1])
        if not found:
            context["problem"] = _problem(text)
        elif len(found) == 1:
            context["answer"] = answer_for(found[0], year, on)
        else:
            context |= {"matches": found[:SHOWN], "more": len(found) > SHOWN}
    return render(request, "refunds/why.html", context)
