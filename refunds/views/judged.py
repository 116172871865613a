"""One judgement with everything that explains it: the stored one, and the one that the data gives today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.law.models import Policy
from caseworks.registry import facts as registry_facts
from caseworks.registry.models import Succession, Unit
from refunds import explain, rulebook, screening
from refunds.enums import Fact, Flag, Outcome
from refunds.models import Assessment, AssessmentChange, Determination
from refunds.parameters import Parameters
from refunds.policy import Facts, judge
from refunds.views import words

WAYS_OUT = {
    Outcome.INELIGIBLE: (
        "如数据有误，请由单位向参保地经办机构提出，由经办核对并更正上游数据后重新筛查；数据无误的，本年度不予返还。"
    ),
    Outcome.APPLY: "请单位带参保人员用工形式、实际用工单位类型和上年度缴费明细，向参保地经办机构申请。",
    Outcome.MANUAL: "由经办查实所缺事实，在“人工核定”中填报并由另一人确认，系统随即重新核算。",
    Outcome.ELIGIBLE: "",
}


#: Which fact a manual unit lacks, by its reason.
LACKING = {
    "opening_headcount_zero": Fact.OPENING_HEADCOUNT,
    "closing_headcount_missing": Fact.CLOSING_HEADCOUNT,
    "size_unknown": Fact.SIZE,
    "unit_type_unclear": Fact.UNIT_TYPE,
}


def lacking(row: Assessment) -> set[str]:
    """The facts that somebody has to settle before the unit can be judged."""
    return {LACKING[code].value for code in row.reasons if code in LACKING}


def facts_of(row: Assessment) -> Facts:
    """The facts that a stored judgement stands on."""
    return Facts(*(getattr(row, name) for name in Facts._fields))


@dataclass(frozen=True)
class FlagRow:
    """A flag in words."""

    label: str
    sentence: str


@dataclass(frozen=True)
class FactRow:
    """A fact as shown."""

    label: str
    value: str
    number: bool = False
    note: str = ""


@dataclass(frozen=True)
class Explained:
    """Sentences, trace and calculation of facts under a policy row."""

    sentences: list[str]
    trace: list[explain.Line]
    steps: list[explain.Step]
    flags: list[FlagRow]

    @classmethod
    def of(cls, facts: Facts, parameters: Parameters) -> Explained:
        """Explain the facts by the figures of a policy row."""
        judgement = judge(facts, parameters)
        return cls(
            explain.sentences(judgement, parameters),
            explain.trace(facts, parameters),
            explain.calculation(facts, parameters),
            [
                FlagRow(str(Flag(code).label), explain.flag_sentence(code, facts, parameters))
                for code in judgement.flags
            ],
        )


def policy_of(row: Assessment) -> Policy:
    """The policy row that a stored judgement was made by."""
    return Policy.objects.prefetch_related("figures").get(pk=row.policy_id)


def parameters_of(policy: Policy, as_of: dt.date) -> Parameters:
    """The typed figures of a policy row."""
    return rulebook.of_policy(policy, as_of).parameters[policy.pk]


def live_of(row: Assessment, on: dt.date) -> tuple[screening.Live | None, str]:
    """What today's data says of the unit, or why it cannot be judged today."""
    try:
        live = screening.judge_live(row.uscc, row.year, max(on, row.judged_on))
    except Refusal as refusal:
        return None, f"暂不能按现有数据重新核算：{refusal.message}"
    return live, "" if live else "该单位已不在参保单位库中；存档值保留到下次筛查。"


def differences(row: Assessment, live: screening.Live) -> list[words.Line]:
    """In what today's data would judge the unit differently."""
    after: dict[str, Any] = {name: getattr(live.found.facts, name) for name in Facts._fields}
    after |= live.judgement._asdict()
    after["reasons"], after["region"] = live.judgement.codes, live.found.region
    return words.differences(words.as_row(row), after)


def fact_rows(row: Assessment) -> list[FactRow]:
    """The facts of a stored judgement, with what was settled by hand marked."""
    settled = row.determined.split(";")

    def note(name: str) -> str:
        return "人工核定" if name in settled else ""

    year = row.year - 1
    return [
        FactRow("单位类型", words.shown("unit_type", row.unit_type), note=note("unit_type")),
        FactRow("企业划型", words.shown("size", row.size), note=note("size")),
        FactRow("参保状态", words.shown("status", row.status)),
        FactRow("劳务派遣许可证", row.dispatch_licence or words.NOTHING),
        FactRow("累计足额缴费", f"{row.months_paid} 个月", number=True),
        FactRow(
            "欠费", f"{row.arrears_months} 个月", number=True,
            note=f"最早 {row.first_arrears}" if row.first_arrears else "",
        ),
        FactRow(
            f"{year} 年初参保人数", words.shown("opening_headcount", row.opening_headcount), number=True,
            note=note("opening_headcount"),
        ),
        FactRow(
            f"{year} 年末参保人数", words.shown("closing_headcount", row.closing_headcount), number=True,
            note=note("closing_headcount"),
        ),
        FactRow("死亡 · 退休", f"{row.deaths} 人 · {row.retirements} 人", number=True),
        FactRow("净减员", words.shown("net_reduction", row.net_reduction), number=True),
        FactRow("裁员率", words.shown("layoff_rate", row.layoff_rate), number=True, note="显示四位小数，比较时不舍入"),
        FactRow(f"{year} 年实缴保险费", f"{thousands(row.premium)} 元", number=True, note="单位和职工合计，不含滞纳金"),
        FactRow("在列名单", words.shown("lists", row.lists)),
        FactRow("取消资格", words.shown("bar", row.bar)),
    ]  # fmt: skip


@dataclass(frozen=True)
class Joined:
    """A unit whose ledger is one with that of another: in words, with its code."""

    words: str
    uscc: str


def joined(text: str) -> list[Joined]:
    """What `joined` of a judgement says: who took the unit over, or whom it took over. (decision 0042)"""
    if not text:
        return []
    if text.startswith(">"):
        heir = text[1:]
        name = Unit.objects.filter(uscc=heir).values_list("name", flat=True).first() or heir
        return [Joined(f"该单位已由{name}（{heir}）承继，缴费、减员并入承继单位核算，不再单独返还。", heir)]
    rows = (
        Succession.objects.confirmed().filter(predecessor__in=text.split(";")).order_by("effective_on", "predecessor")
    )
    return [
        Joined(
            f"{row.effective_on} 承继{row.predecessor_name}（{row.predecessor}，{row.document_no}），"
            "其缴费、减员和年初人数并入本单位核算。",
            row.predecessor,
        )
        for row in rows
    ]


def months_of(row: Assessment) -> dict[str, Any]:
    """The premium year month by month, with its sums."""
    prefix = f"{row.year - 1}-"
    if row.joined.startswith(">"):  # its ledger is part of another's
        return {"months": [], "month_totals": {}}
    also = [code for code in row.joined.split(";") if code]
    known = registry_facts.months(row.uscc, limit=None, also=also)
    found = [month for month in known if month.period.startswith(prefix)]
    found.sort(key=lambda month: month.period)
    return {
        "months": found,
        "month_totals": {
            "due": sum((month.due for month in found), ZERO),
            "paid": sum((month.paid for month in found), ZERO),
            "refund": sum((month.refund for month in found), ZERO),
            "full": sum(month.state[0] == "足额" for month in found),
        },
    }


@dataclass(frozen=True)
class Event:
    """Something that changed the judgement."""

    at: dt.datetime
    title: str
    url: str
    actor: str
    lines: list[words.Line]
    kind: str


def history(row: Assessment) -> list[Event]:
    """Every screening and determination that changed the judgement, the newest first."""
    rows = AssessmentChange.objects.filter(year=row.year, uscc=row.uscc).order_by("-at", "-pk")
    found = []
    for change in rows.select_related("screening__run__person", "determination")[:50]:
        before, after = change.before or {}, change.after or {}
        lines = words.differences(before, after) if before and after else []
        kind = str(change.get_kind_display())
        if change.screening is not None:
            run = change.screening.run
            url = reverse("refunds:screening_detail", args=[change.screening.pk])
            found.append(Event(change.at, run.title, url, run.actor_label, lines, kind))
        elif change.determination is not None:
            fact = change.determination
            url = reverse("refunds:determination_detail", args=[fact.pk])
            title = f"人工核定：{fact.get_fact_display()} {fact.value_label}"
            found.append(Event(change.at, title, url, fact.decided_label, lines, kind))
    return found


def determinations_of(row: Assessment) -> list[Determination]:
    """What people settled or propose to settle about the unit's premium year."""
    return list(Determination.objects.filter(uscc=row.uscc, year=row.year - 1).order_by("-pk"))
