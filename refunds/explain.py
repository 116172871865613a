"""The judgement in a caseworker's words: each reason with its numbers, limit and clause; the trace of all rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from caseworks.base.enums import ListKind, Size, UnitStatus, UnitType
from caseworks.base.money import thousands
from refunds.parameters import LAYOFF_FORMULAS, REASONS, Parameters
from refunds.policy import CLASSES, FORMULAS, Facts, Judgement, Reason, Rule, judge, net_reduction

BARS = {"proposed": "已提出，待主管决定，决定前先行生效", "confirmed": "已查实"}


def percent(rate: Decimal | Fraction, against: Decimal | None = None) -> str:
    """6.45%; with more digits where two would make it look equal to what it is compared with."""
    if isinstance(rate, Decimal):
        text = format(rate * 100, "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"
    exact, limit = rate * 100, None if against is None else Fraction(against) * 100
    for places in range(2, 12):
        units = math.floor(exact * 10**places + Fraction(1, 2))
        if limit is None or (Fraction(units, 10**places) > limit) == (exact > limit):
            break
    return f"{Decimal(units).scaleb(-places):.{places}f}%"


def unit_type(code: str) -> str:
    """企业, 社会团体 …"""
    return str(UnitType(code).label) if code in UnitType.values else code or "不明"


def size(code: str) -> str:
    """大型, 中型 …"""
    return str(Size(code).label) if code in Size.values else "不明"


def status(code: str) -> str:
    """正常, 暂停 …"""
    return str(UnitStatus(code).label) if code in UnitStatus.values else code


def listings(text: str) -> str:
    """失信惩戒（2024-06-28 列入）、经营异常（…）"""
    entries = [entry.partition(":") for entry in text.split(";") if entry]
    labels = dict(ListKind.choices)
    return "、".join(f"{labels.get(kind, kind)}（{since} 列入）" for kind, _, since in entries)


# -- one sentence a reason


def _layoff_rate_exceeded(reason: Reason) -> str:
    n = reason.numbers or {}
    natural = "".join(f"，{word} {n[key]} 人" for key, word in (("deaths", "死亡"), ("retirements", "退休")) if n[key])
    assert isinstance(reason.value, Fraction)
    assert isinstance(reason.limit, Decimal)
    return (
        f"上年初缴费 {n['opening']} 人{natural}，年末缴费 {n['closing']} 人，净减员 {n['net_reduction']} 人，"
        f"裁员率 {percent(reason.value, reason.limit)}，高于 {percent(reason.limit)}"
    )


_SENTENCES: dict[str, Callable[[Reason], str]] = {
    "unit_type_excluded": lambda r: f"单位类型为{unit_type(str(r.value))}，不在返还范围",
    "not_active": lambda r: f"参保状态为{status(str(r.value))}，不予返还",
    "listed": lambda r: f"筛查日仍列入：{listings(str(r.value))}",
    "months_insufficient": lambda r: f"截至上年末累计足额缴费 {r.value} 个月，少于 {r.limit} 个月",
    "in_arrears": lambda r: f"截至上年末有 {(r.numbers or {})['months']} 个月欠费，最早为 {r.value}",
    "no_premium": lambda r: f"上年度实缴失业保险费 {r.value:,.2f} 元，没有可返还的金额",
    "layoff_rate_exceeded": _layoff_rate_exceeded,
    "disqualified": lambda r: f"本年度申领资格已被取消（{BARS.get(str(r.value), str(r.value))}）",
    "dispatch_must_apply": lambda r: f"持有劳务派遣许可证（{r.value}），须由单位主动申请，不作免申即享",
    "opening_headcount_zero": lambda r: "上年 1 月没有正常应缴人数，裁员率无法计算，须核定年初人数",
    "closing_headcount_missing": lambda r: (
        f"上年初缴费 {r.value} 人，而上年 12 月没有正常应缴记录，裁员率无法判定，须核定年末人数"
    ),
    "size_unknown": lambda r: "企业划型不明，返还比例无法确定，须核定划型",
    "unit_type_unclear": lambda r: f"单位类型为{unit_type(str(r.value))}，返还比例无法确定，须核定单位类型",
}


def sentence(reason: Reason, year: Parameters | None = None) -> str:
    """A reason with its numbers, limit and (given the figures of its year) the clause it rests on."""
    words = _SENTENCES[reason.code](reason)
    return f"{words}（{year.basis(reason.code)}）" if year else words


def sentences(judgement: Judgement, year: Parameters) -> list[str]:
    """All reasons of a judgement, in their order."""
    return [sentence(reason, year) for reason in judgement.reasons]


def explain(facts: Facts, year: Parameters) -> list[str]:
    """Judge the facts and say why."""
    return sentences(judge(facts, year), year)


_FLAGS: dict[str, Callable[[Facts, Parameters], str]] = {
    "dispatch_suspected": lambda f, y: (
        f"名称含“{'、'.join(w for w in y.dispatch_words if w in f.name)}”而没有劳务派遣许可证，请核实是否派遣单位"
    ),
    "type_conflict": lambda f, y: (
        f"统一社会信用代码以 {f.uscc[:2]} 开头，与单位类型“{unit_type(f.unit_type)}”不符，请核实单位类型"
    ),
    "rows_rejected": lambda f, y: f"导入时有 {f.rejected_rows} 行数据被拒且尚未改正，请先改正或说明",
    "paid_late": lambda f, y: f"上年度有 {f.late_months} 个月的费款在年末后 {y.paid_late_months} 个月之后才到账",
    "account_changed": lambda f, y: "银行账户有待确认的变更，确认前不会拨付",
    "listed_warning": lambda f, y: (
        "在提示名单上：" + listings(";".join(f"{kind}:{since}" for kind, since in f.on_lists(y.warning_lists)))
    ),
}


def flag_sentence(code: str, facts: Facts, year: Parameters) -> str:
    """What a flag is about, with its numbers."""
    return _FLAGS[code](facts, year)


# -- the trace: every rule, whatever its outcome


class Line(NamedTuple):
    """One rule as it was applied: the numbers, the limit, the clause and what came of it."""

    code: str
    outcome: str  # the class the rule leads to
    title: str
    formula: str
    limit: str
    clause: str
    verdict: str  # pass, fail, unjudged, off


def layoff_words(facts: Facts, year: Parameters) -> str:
    """The layoff rate as it was computed, number by number."""
    found = FORMULAS[year.layoff_formula](facts)
    if facts.opening_headcount == 0:
        return "年初 0 人，不计算裁员率"
    if found is None:
        return f"年初 {facts.opening_headcount} 人，12 月无正常应缴记录，不计算裁员率"
    f, part, whole = facts, *found
    counted = f"{f.opening_headcount}－{f.deaths}－{f.retirements}－{f.closing_headcount or 0}"
    floor = "，未净减员，按 0 计" if (net_reduction(f) or 0) == 0 else ""
    return f"（{counted}）÷ {whole}{floor} = {part} ÷ {whole} = {percent(Fraction(part, whole))}"


def _formula(code: str, facts: Facts, year: Parameters) -> tuple[str, str]:
    """What a rule looked at, and its limit, in words."""
    f, y = facts, year
    determined = f.determined.split(";")
    by_hand = "（人工核定）"
    match code:
        case "unit_type_excluded" | "unit_type_unclear":
            shown = f"单位类型：{unit_type(f.unit_type)}{by_hand if 'unit_type' in determined else ''}"
            excluded = "、".join(unit_type(t) for t in y.excluded_types)
            return shown, f"不为{excluded}" if code == "unit_type_excluded" else "企业或参照单位"
        case "not_active":
            return f"参保状态：{status(f.status)}", "不为" + "、".join(status(s) for s in y.inactive_statuses)
        case "listed":
            found = f.on_lists(y.barring_lists)
            labels = dict(ListKind.choices)
            shown = listings(";".join(f"{kind}:{since}" for kind, since in found)) or "未列入"
            return f"名单：{shown}", "未列入" + "、".join(str(labels[kind]) for kind in y.barring_lists)
        case "months_insufficient":
            return f"累计足额缴费 {f.months_paid} 个月", f"不少于 {y.months_required} 个月"
        case "in_arrears":
            since = f"，最早 {f.first_arrears}" if f.arrears_months else ""
            return f"欠费 {f.arrears_months} 个月{since}", "0 个月"
        case "no_premium":
            return f"上年度实缴 {thousands(f.premium)} 元", "大于 0 元"
        case "layoff_rate_exceeded":
            people = f"{y.small_unit_headcount} 人（含）以下" if y.small(f.opening_headcount) else ""
            return layoff_words(f, y), f"{people}不高于 {percent(y.ceiling(f.opening_headcount))}"
        case "disqualified":
            return f"取消资格：{BARS.get(f.bar, f.bar) or '无'}", "无"
        case "dispatch_must_apply":
            return f"劳务派遣许可证：{f.dispatch_licence or '无'}", "无"
        case "opening_headcount_zero":
            return f"年初 {f.opening_headcount} 人{by_hand if 'opening_headcount' in determined else ''}", "大于 0 人"
        case "closing_headcount_missing":
            closing = "无正常应缴记录" if f.closing_headcount is None else f"{f.closing_headcount} 人"
            shown = f"年末 {closing}{by_hand if 'closing_headcount' in determined else ''}"
            return shown, "正常参保单位须有 12 月记录"
        case _:
            assert code == "size_unknown"
            return f"企业划型：{size(f.size)}{by_hand if 'size' in determined else ''}", "企业须有划型"


def _verdict(rule: Rule, code: str, facts: Facts, year: Parameters) -> str:
    if not year.applies(code):
        return "off"
    if rule(facts, year) is not None:
        return "fail"
    if code == "layoff_rate_exceeded" and FORMULAS[year.layoff_formula](facts) is None:
        return "unjudged"
    return "pass"


def trace(facts: Facts, year: Parameters) -> list[Line]:
    """Every rule in its order: number, limit, clause, pass or fail (contract, 2)."""
    lines = []
    for outcome, rules in CLASSES:
        for rule in rules:
            code = rule.__name__
            formula, limit = _formula(code, facts, year)
            verdict = _verdict(rule, code, facts, year)
            lines.append(Line(code, outcome, REASONS[code], formula, limit, year.basis(code), verdict))
    return lines


class Step(NamedTuple):
    """One step of the calculation: what, how, from which clause."""

    title: str
    formula: str
    value: str
    clause: str


_PREMIUM = "正常应缴＋补收＋补缴欠费－退收，费款所属期在上年度内"


def calculation(facts: Facts, year: Parameters) -> list[Step]:
    """From the premium to the amount (N2.3)."""
    judgement = judge(facts, year)
    by = (
        "ratio_reference"
        if facts.unit_type in year.reference_types
        else ("ratio_large" if facts.size == "large" else "ratio_sme")
    )
    basis = f"{unit_type(facts.unit_type)}，划型{size(facts.size)}"
    ratio = "—" if judgement.ratio is None else percent(judgement.ratio)
    premium = thousands(facts.premium)
    if judgement.outcome not in ("eligible", "manual"):
        how = "不予免申即享返还"
    elif judgement.ratio is None:
        how = "返还比例未定"
    else:
        how = f"{premium} × {ratio}，四舍五入到分"
    return [
        Step("裁员率", LAYOFF_FORMULAS[year.layoff_formula], layoff_words(facts, year), year.basis("layoff_formula")),
        Step("上年度实缴失业保险费", _PREMIUM, f"{premium} 元", year.basis("no_premium")),
        Step("返还比例", basis, ratio, year.basis(by)),
        Step("返还金额", how, f"{thousands(judgement.amount)} 元", year.basis(by)),
    ]  # fmt: skip
