"""How the refund of an enterprise stands, in the words of its own page. (J4.2)

Before an approval nothing is promised: a unit that screening finds eligible reads that it is being looked at. A refusal
says its numbers, the limit and the clause.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from caseworks.base.panels import Panel
from caseworks.cases.enums import Scheme, Status
from caseworks.cases.models import AnnouncementLine, Case
from caseworks.money.models import Payment
from refunds import explain, rulebook
from refunds.enums import Outcome
from refunds.models import Assessment, Difference
from refunds.policy import Facts, judge

LATEST = 2  # years shown
_REVIEWED = (Status.OPENED, Status.FIRST_PASSED, Status.SECOND_PASSED, Status.ENDORSED)


@dataclass(frozen=True)
class State:
    """The state of a year in plain words; an amount only where it was approved."""

    headline: str
    words: str = ""
    tone: str = "blue"
    amount: Decimal | None = None
    reasons: list[str] = field(default_factory=list)
    call: bool = False  # say whom to call


def panels(uscc: str, on: dt.date) -> Iterator[Panel]:
    """A card for each of the last years."""
    rows = Assessment.objects.filter(uscc=uscc).select_related("policy").order_by("-year")[:LATEST]
    for row in rows:
        yield Panel(f"{row.year} 年度稳岗返还", "refunds/_portal_state.html", {"state": state_of(row), "row": row})
        topped = Difference.objects.filter(year=row.year, uscc=uscc, case__isnull=False)
        for found in topped.select_related("policy", "case").order_by("round"):
            assert found.case is not None
            context = {"state": _of_case(found.case), "row": found}
            yield Panel(f"{row.year} 年度稳岗返还 · 补发差额", "refunds/_portal_state.html", context)


def state_of(row: Assessment) -> State:
    """What a unit is told of its judgement and of the case made of it."""
    case = Case.objects.filter(pk=row.case_id).first() if row.case_id else None
    if case is not None:
        return _of_case(case)
    match row.outcome:
        case Outcome.ELIGIBLE:
            return State("正在审核", "经办机构已比对缴费和减员数据，正在审核。结果以审核、公示为准，无需申请。")
        case Outcome.APPLY if Case.objects.filter(scheme=Scheme.DISPATCH, year=row.year, subject=row.uscc).exists():
            return State("按劳务派遣单位申请办理", "本年度已提出申请，进度见“派遣单位申请”。")
        case Outcome.APPLY:
            return State("须主动申请", tone="amber", reasons=_reasons(row), call=True)
        case Outcome.MANUAL:
            words = "还缺少一项事实，由经办机构核定；如需您提供材料，工作人员会与您联系。"
            return State("资料待核定", words, "amber", reasons=_reasons(row), call=True)
        case _:
            words = "如数据有误，请向参保地经办机构提出，更正后重新核算。"
            return State("不符合条件，原因如下：", words, "red", reasons=_reasons(row), call=True)


def _reasons(row: Assessment) -> list[str]:
    facts = Facts(*(getattr(row, name) for name in Facts._fields))
    parameters = rulebook.of_policy(row.policy, row.judged_on).parameters[row.policy_id]
    return explain.sentences(judge(facts, parameters), parameters)


def _of_case(case: Case) -> State:
    if case.status in _REVIEWED:
        return State("正在审核", "经办机构正在审核。结果以审核、公示为准，无需申请。")
    match case.status:
        case Status.APPROVED:
            return State("审核通过，等待公示", "公示无异议后拨付到贵单位账户。", amount=case.amount)
        case Status.ANNOUNCED:
            line = AnnouncementLine.objects.select_related("announcement").filter(case=case, live=True).first()
            until = f"公示至 {line.announcement.last_day}。" if line else ""
            return State("正在公示", f"{until}公示无异议后拨付到贵单位账户。", amount=case.amount)
        case Status.CLEARED:
            return State("等待拨付", "公示已结束，正在安排拨付。", amount=case.amount)
        case Status.BATCHED:
            return State("正在拨付", "资金正在通过银行拨付，到账后会发消息。", amount=case.amount)
        case Status.PAID:
            paid = Payment.objects.filter(case=case, status="paid").order_by("-pk").first()
            words = f"{paid.paid_on} 到账，账户尾号 {paid.account_tail}。" if paid else ""
            return State("已拨付", f"{words}资金请用于稳定就业岗位，并留存凭证备查。", "green", case.amount)
        case Status.RETURNED:
            return State("被银行退回", "请更正收款账户，核实后重新拨付，金额不变。", "red", case.amount)
        case Status.REFUSED:
            return State("不予支付", "经复核不予支付。", "red", call=True)
        case Status.WITHDRAWN:
            return State("已撤回", "", "amber", call=True)
        case _:
            return State("视为放弃", "逾期未能拨付，已按规定视为放弃。", "red", call=True)
