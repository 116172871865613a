"""The rules of the refund: each one clause, a pure function of frozen facts and the policy row's figures (N2, J2).

No rule asks the database or the clock, and none holds a figure of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from caseworks.base.money import ZERO, half_up, rate4
from refunds.enums import Flag, Outcome
from refunds.parameters import Parameters

GOVERNMENT = ("government", "public_institution")
GOVERNMENT_CODES = ("11", "12")  # 登记管理部门 and 机构类别 of 机关 and 事业单位 in the USCC (GB 32100)
NO_RATE = Decimal("0.0000")


class Facts(NamedTuple):
    """All that is known of a unit for a policy year, in the order of the facts query. Empty text: nothing."""

    uscc: str
    name: str
    unit_type: str
    size: str
    status: str
    dispatch_licence: str
    lists: str  # live on the screening day: "dishonest:2024-06-28;abnormal:2024-01-02"
    bar: str
    first_arrears: str
    determined: str  # the facts that people settled: "size;closing_headcount"
    months_paid: int
    arrears_months: int
    opening_headcount: int
    closing_headcount: int | None  # None: no normal record of December
    deaths: int
    retirements: int
    rejected_rows: int
    late_months: int
    account_proposed: bool
    premium: Decimal

    @property
    def closing_missing(self) -> bool:
        """An active unit that had people in January and has no normal record of December."""
        return self.closing_headcount is None and self.status == "active" and self.opening_headcount > 0

    def on_lists(self, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
        """The live listings of these kinds, each with the day on which it began."""
        found = [tuple(entry.split(":", 1)) for entry in self.lists.split(";")] if self.lists else []
        return [(kind, since) for kind, since in found if kind in kinds]


class Reason(NamedTuple):
    """Why a unit does not simply get its money: the code, what was found, the limit, and the numbers behind it."""

    code: str
    value: str | int | Decimal | Fraction
    limit: int | Decimal | None = None
    numbers: Mapping[str, int] | None = None


class Judgement(NamedTuple):
    """What the rules say of one unit."""

    outcome: str
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]
    net_reduction: int | None
    layoff_rate: Decimal | None
    ratio: Decimal | None
    amount: Decimal

    @property
    def codes(self) -> list[str]:
        """The reason codes in their order."""
        return [reason.code for reason in self.reasons]


# -- the layoff rate (N2.2): the policy row names its formula


def net_reduction(facts: Facts) -> int | None:
    """净减员 = 年初 − 死亡 − 退休 − 年末, never below 0; None where it cannot be told. (N2.2, J2.1)"""
    closing = facts.closing_headcount
    if closing is None:
        if facts.closing_missing:
            return None
        closing = 0
    left = facts.opening_headcount - facts.deaths - facts.retirements - closing
    return left if left > 0 else 0


def net_reduction_over_opening(facts: Facts) -> tuple[int, int] | None:
    """净减员 ÷ 年初参保人数 (吉社保〔2019〕46号), as numerator and denominator; None where it is not judged. (N2.2)"""
    if facts.opening_headcount <= 0:
        return None
    net = net_reduction(facts)
    return None if net is None else (net, facts.opening_headcount)


FORMULAS: dict[str, Callable[[Facts], tuple[int, int] | None]] = {
    "net_reduction_over_opening": net_reduction_over_opening,
}


# -- ineligible


def unit_type_excluded(facts: Facts, year: Parameters) -> Reason | None:
    """机关事业单位不在覆盖范围之内. (N2.5, J2.5)"""
    return Reason("unit_type_excluded", facts.unit_type) if facts.unit_type in year.excluded_types else None


def not_active(facts: Facts, year: Parameters) -> Reason | None:
    """注销或吊销的单位不予返还. (吉人社联〔2025〕33号)"""
    return Reason("not_active", facts.status) if facts.status in year.inactive_statuses else None


def listed(facts: Facts, year: Parameters) -> Reason | None:
    """失信惩戒单位和僵尸企业不予返还. (吉人社联〔2025〕33号)"""
    if facts.lists and facts.on_lists(year.barring_lists):
        return Reason("listed", ";".join(f"{kind}:{since}" for kind, since in facts.on_lists(year.barring_lists)))
    return None


def months_insufficient(facts: Facts, year: Parameters) -> Reason | None:
    """足额缴纳失业保险费12个月以上. (N2.1)"""
    if facts.months_paid < year.months_required:
        return Reason("months_insufficient", facts.months_paid, year.months_required)
    return None


def in_arrears(facts: Facts, year: Parameters) -> Reason | None:
    """截至上年末不欠费. (N2.1, 吉人社联〔2025〕33号)"""
    if facts.arrears_months > 0:
        return Reason("in_arrears", facts.first_arrears, 0, {"months": facts.arrears_months})
    return None


def no_premium(facts: Facts, year: Parameters) -> Reason | None:
    """按上年度实际缴纳失业保险费返还：没有实缴即无可返还. (N2.3)"""
    return Reason("no_premium", facts.premium, 0) if facts.premium <= 0 else None


def layoff_rate_exceeded(facts: Facts, year: Parameters) -> Reason | None:
    """裁员率不高于5.5%；30人（含）以下不高于20%. (N2.2, J2.1)"""
    found = FORMULAS[year.layoff_formula](facts)
    if found is None or found[0] == 0:
        return None
    part, whole = found
    ceiling = year.ceiling(facts.opening_headcount)
    if part > ceiling * whole:  # exact: Decimal × int, nothing is rounded
        numbers = {
            "opening": facts.opening_headcount,
            "closing": facts.closing_headcount or 0,
            "deaths": facts.deaths,
            "retirements": facts.retirements,
            "net_reduction": net_reduction(facts) or 0,
        }
        return Reason("layoff_rate_exceeded", Fraction(part, whole), ceiling, numbers)
    return None


def disqualified(facts: Facts, year: Parameters) -> Reason | None:
    """未按规定使用和拨付的，取消下一年度申领资格. (J2.9)"""
    return Reason("disqualified", facts.bar) if facts.bar else None


# -- apply


def dispatch_must_apply(facts: Facts, year: Parameters) -> Reason | None:
    """劳务派遣单位主动申请，许可证过期亦同. (N5.3, J2.2)"""
    return Reason("dispatch_must_apply", facts.dispatch_licence) if facts.dispatch_licence else None


# -- manual


def opening_headcount_zero(facts: Facts, year: Parameters) -> Reason | None:
    """年初没有参保人数，裁员率无从计算. (N2.2)"""
    return Reason("opening_headcount_zero", 0) if facts.opening_headcount == 0 else None


def closing_headcount_missing(facts: Facts, year: Parameters) -> Reason | None:
    """正常参保单位没有12月正常应缴记录，裁员率不予判定. (N2.2)"""
    if facts.closing_missing:
        return Reason("closing_headcount_missing", facts.opening_headcount)
    return None


def size_unknown(facts: Facts, year: Parameters) -> Reason | None:
    """大型与中小微企业比例不同，划型不明不能定比例. (N2.3)"""
    return Reason("size_unknown", "") if facts.unit_type == "enterprise" and not facts.size else None


def unit_type_unclear(facts: Facts, year: Parameters) -> Reason | None:
    """既非企业也非参照单位，不能定比例. (N2.5)"""
    return Reason("unit_type_unclear", facts.unit_type) if facts.unit_type == "other" else None


Rule = Callable[[Facts, Parameters], Reason | None]

# The classes in the order in which they win, the rules in the order in which their reasons are given (contract, 2).
INELIGIBLE: tuple[Rule, ...] = (
    unit_type_excluded, not_active, listed, months_insufficient, in_arrears, no_premium, layoff_rate_exceeded,
    disqualified,
)  # fmt: skip
APPLY: tuple[Rule, ...] = (dispatch_must_apply,)
MANUAL: tuple[Rule, ...] = (opening_headcount_zero, closing_headcount_missing, size_unknown, unit_type_unclear)
CLASSES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    (Outcome.INELIGIBLE.value, INELIGIBLE),
    (Outcome.APPLY.value, APPLY),
    (Outcome.MANUAL.value, MANUAL),
)


# -- flags: they change no outcome (contract, 2)


def dispatch_suspected(facts: Facts, year: Parameters) -> bool:
    """名称像劳务派遣而没有许可证. (J2.2, J2.6)"""
    if facts.dispatch_licence:
        return False
    name = facts.name
    for word in year.dispatch_words:  # noqa: SIM110 - twice as fast as any() over a generator
        if word in name:
            return True
    return False


def type_conflict(facts: Facts, year: Parameters) -> bool:
    """统一社会信用代码与单位类型不符：11、12 开头应为机关事业单位，反之亦然. (J2.5)"""
    return (facts.uscc[:2] in GOVERNMENT_CODES) != (facts.unit_type in GOVERNMENT)


def rows_rejected(facts: Facts, year: Parameters) -> bool:
    """该单位有导入时被拒且尚未改正的行. (N6.5)"""
    return facts.rejected_rows > 0


def paid_late(facts: Facts, year: Parameters) -> bool:
    """上年度费款在次年一月之后才到账. (N2.1)"""
    return facts.late_months > 0


def account_changed(facts: Facts, year: Parameters) -> bool:
    """有待确认的银行账户变更. (N6.5)"""
    return facts.account_proposed


def listed_warning(facts: Facts, year: Parameters) -> bool:
    """筛查日在经营异常或环保处罚名单上. (decision 0021)"""
    return bool(facts.lists) and bool(facts.on_lists(year.warning_lists))


FLAGS: tuple[tuple[str, Callable[[Facts, Parameters], bool]], ...] = (
    (Flag.DISPATCH_SUSPECTED.value, dispatch_suspected),
    (Flag.TYPE_CONFLICT.value, type_conflict),
    (Flag.ROWS_REJECTED.value, rows_rejected),
    (Flag.PAID_LATE.value, paid_late),
    (Flag.ACCOUNT_CHANGED.value, account_changed),
    (Flag.LISTED_WARNING.value, listed_warning),
)


# -- the judgement


def layoff_rate(facts: Facts, year: Parameters) -> Decimal | None:
    """The rate as it is shown, four decimals half up; None where opening is 0 or closing is missing. (N2.2)"""
    found = FORMULAS[year.layoff_formula](facts)
    if found is None:
        return None
    part, whole = found
    return rate4(Fraction(part, whole)) if part else NO_RATE


def refund_amount(facts: Facts, ratio: Decimal | None, outcome: str) -> Decimal:
    """上年度实缴失业保险费 × 比例, half up to the cent; nothing unless eligible or manual. (N2.3)"""
    if ratio is None or outcome not in ("eligible", "manual") or facts.premium <= 0:
        return ZERO
    return half_up(facts.premium * ratio)


def outcome_of(facts: Facts, year: Parameters) -> tuple[str, tuple[Reason, ...]]:
    """The first class with a reason, and all its reasons; eligible where there is none. (contract, 2)"""
    for outcome, rules in CLASSES:
        found: tuple[Reason, ...] = ()
        for rule in rules:
            reason = rule(facts, year)
            if reason is not None and year.applies(reason.code):
                found += (reason,)
        if found:
            return outcome, found
    return "eligible", ()


def judge(facts: Facts, year: Parameters) -> Judgement:
    """Judge one unit: for a page, and a million times for a province. (N2, N5.1)"""
    outcome, reasons = outcome_of(facts, year)
    ratio = year.ratio(facts.unit_type, facts.size)
    return Judgement(
        outcome,
        reasons,
        tuple([code for code, flagged in FLAGS if flagged(facts, year)]),
        net_reduction(facts),
        layoff_rate(facts, year),
        ratio,
        refund_amount(facts, ratio, outcome),
    )
