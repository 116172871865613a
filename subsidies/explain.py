"""A claim's judgement in a caseworker's words: each reason with its numbers, limit and clause; the trace of all rules."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NamedTuple

from caseworks.base.enums import UnitType
from subsidies.enums import Level, Service
from subsidies.facts import typed
from subsidies.models import Claim
from subsidies.parameters import REASONS, Parameters
from subsidies.policy import Facts, Reason, judge, months_after


def level(number: int | None) -> str:
    """初级（五级）…"""
    return str(Level(number).label) if number in Level.values else "不明"


def facts_of(claim: Claim) -> Facts:
    """The facts as the claim keeps them: what it was judged by."""
    return Facts(
        claim.applied_on, claim.issued_on, claim.level or 0, claim.occupation_code, claim.insured_months, claim.service,
        claim.granted_same_on, claim.granted_higher, claim.granted_higher_on, claim.training_same_on,
        claim.training_higher, claim.training_higher_on, claim.granted_in_year, claim.granted_ordinary,
    )  # fmt: skip


def _higher(reason: Reason) -> str:
    n = reason.numbers or {}
    found = []
    if n.get("granted"):
        found.append(f"{n['granted_on']} 已享受同一职业{level(int(str(n['granted'])))}技能提升补贴")
    if n.get("training"):
        found.append(f"{n['training_on']} 已领取同一职业{level(int(str(n['training'])))}培训补贴")
    return "，".join(found) + "，不再享受低级别"


def _not_found(reason: Reason) -> str:
    if reason.value is None:
        return "查不到本人的这本证书，请核对证件号码和证书编号"
    return f"证书 {reason.value} 才核发，晚于申领日期 {reason.limit}"


_SENTENCES: dict[str, Callable[[Reason], str]] = {
    "certificate_not_found": _not_found,
    "level_not_covered": lambda r: (
        f"证书等级为{level(int(str(r.value)))}，补贴范围为初级（五级）、中级（四级）、高级（三级）"
    ),
    "policy_expired": lambda r: f"申领日期 {r.value} 在政策最后一日 {r.limit} 之后",
    "window_expired": lambda r: f"{(r.numbers or {})['issued_on']} 发证，最迟应于 {r.limit} 申领，实际为 {r.value}",
    "insured_months_insufficient": lambda r: f"截至发证当月参保 {r.value} 个月，少于 {r.limit} 个月",
    "not_in_service": lambda r: f"申领当月（{str(r.value)[:7]}）既不是企业在职职工，也没有领取失业保险金",
    "already_subsidised": lambda r: f"{r.value} 已享受同一职业（工种）同一等级的补贴，只能享受一次",
    "higher_level_subsidised": _higher,
    "training_subsidy_overlap": lambda r: (
        f"{r.value} 已领取同一职业（工种）同一等级的职业培训补贴（{r.limit} 起不能重复）"
    ),
    "annual_limit": lambda r: f"申领当年已享受 {r.value} 次，最多 {r.limit} 次",
}


def sentence(reason: Reason, year: Parameters) -> str:
    """A reason with its numbers, its limit and the clause it rests on."""
    return f"{_SENTENCES[reason.code](reason)}（{year.basis(reason.code)}）"


def sentences(claim: Claim) -> list[str]:
    """All reasons of a claim, in their order, as they were judged."""
    year = typed(claim.policy)
    found = judge(facts_of(claim), year, claim.policy.effective_to)
    by_code = {reason.code: reason for reason in found.reasons}
    return [sentence(by_code[code], year) if code in by_code else REASONS.get(code, code) for code in claim.reasons]


# What a rule looks at, whichever way it turns out; a reason's own words tell only of the failure.
RULE_NAMES = {
    "certificate_not_found": "持有证书",
    "level_not_covered": "等级在补贴范围",
    "policy_expired": "政策执行期限",
    "window_expired": "取证后申领期限",
    "insured_months_insufficient": "参保月数",
    "not_in_service": "在职或领取失业保险金",
    "already_subsidised": "同一职业同一等级未享受",
    "higher_level_subsidised": "未享受更高等级",
    "training_subsidy_overlap": "未领取同等级培训补贴",
    "annual_limit": "每年次数",
}


class Line(NamedTuple):
    """One rule as it was applied: the numbers, the limit, the clause and what came of it."""

    code: str
    rule: str
    found: str
    limit: str
    clause: str
    verdict: str  # pass, fail, untested, off


def _day(day: datetime.date | None, otherwise: str = "没有") -> str:
    return otherwise if day is None else day.isoformat()


def _shown(code: str, f: Facts, y: Parameters, last_day: datetime.date | None) -> tuple[str, str]:
    """What a rule looked at, and its limit, in words."""
    match code:
        case "certificate_not_found":
            return f"发证日期：{_day(f.issued_on, '查不到本人的该证书')}", f"不晚于申领日期 {f.applied_on}"
        case "level_not_covered":
            return f"等级：{level(f.level)}", "、".join(
                level(number) for number in sorted(Level.values, reverse=True) if y.amount(number) is not None
            )
        case "policy_expired":
            return f"申领日期：{f.applied_on}", f"不晚于 {_day(last_day, '（不限）')}"
        case "window_expired":
            last = months_after(f.issued_on, y.window_months) if f.issued_on else None
            return f"发证 {_day(f.issued_on)}，申领 {f.applied_on}", f"{y.window_months} 个月内，至 {_day(last, '—')}"
        case "insured_months_insufficient":
            return f"截至发证当月参保 {f.insured_months} 个月", f"不少于 {y.insured_months_required} 个月"
        case "not_in_service":
            types = "、".join(str(UnitType(kind).label) for kind in y.service_types)
            now = str(Service(f.service).label) if f.service else "两者都不是"
            return f"{f.applied_on:%Y-%m}：{now}", f"{types}在职，或领取失业保险金"
        case "already_subsidised":
            return f"同职业同等级：{_day(f.granted_same_on, '未享受')}", "只能一次"
        case "higher_level_subsidised":
            had = [f"{level(number)}（{kind} {on}）" for number, kind, on in (
                (f.granted_higher, "补贴", f.granted_higher_on), (f.training_higher, "培训补贴", f.training_higher_on),
            ) if number]  # fmt: skip
            return f"更高等级：{'、'.join(had) or '未享受'}", "未享受更高等级"
        case "training_subsidy_overlap":
            since = _day(y.training_overlap_from, "（不查）")
            return f"同等级培训补贴：{_day(f.training_same_on, '未领取')}", f"{since} 起不重复"
        case _:
            extra = f"，急需紧缺再 {y.shortage_claims_a_year} 次" if y.shortage_claims_a_year else ""
            return f"{f.applied_on.year} 年已享受 {f.granted_in_year} 次", f"每年 {y.claims_a_year} 次{extra}"


def trace(claim: Claim) -> list[Line]:
    """Every rule of the claim's policy row with its numbers, in the contract's order."""
    year, found, last_day = typed(claim.policy), facts_of(claim), claim.policy.effective_to
    lines = []
    for code, rule in RULE_NAMES.items():
        shown, limit = _shown(code, found, year, last_day)
        verdict = "fail" if code in claim.reasons else "pass"
        if verdict == "pass" and not year.applies(code):
            verdict = "off"
        elif verdict == "pass" and not found.has_certificate:
            verdict = "untested"
        lines.append(Line(code, rule, shown, limit, year.basis(code), verdict))
    return lines
