"""Words of the refund pages: badges, labels and figures as a caseworker reads them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from caseworks.base import money as money_words
from caseworks.base.enums import Size, UnitType
from refunds.enums import Flag, Outcome
from refunds.explain import Line
from refunds.parameters import REASONS

register = template.Library()

DASH = "—"
OUTCOME_LOOK = {
    Outcome.ELIGIBLE: ("green", "bi-check-circle"),
    Outcome.MANUAL: ("amber", "bi-pencil-square"),
    Outcome.APPLY: ("blue", "bi-file-earmark-text"),
    Outcome.INELIGIBLE: ("red", "bi-x-circle"),
}
VERDICT_LOOK = {
    "pass": ("green", "bi-check-circle", "符合"),
    "unjudged": ("amber", "bi-dash-circle", "不判定"),
    "off": ("grey", "bi-slash-circle", "本年停用"),
}
#: What a rule looks at, whichever way it turns out; a reason's own words tell only of the failure.
RULE_NAMES = {
    "unit_type_excluded": "单位类型在范围内",
    "not_active": "参保状态",
    "listed": "未列入限制名单",
    "months_insufficient": "足额缴费月数",
    "in_arrears": "无欠费",
    "no_premium": "上年度有实缴",
    "layoff_rate_exceeded": "裁员率",
    "disqualified": "申领资格",
    "dispatch_must_apply": "是否劳务派遣单位",
    "opening_headcount_zero": "年初人数可知",
    "closing_headcount_missing": "年末人数可知",
    "size_unknown": "企业划型可知",
    "unit_type_unclear": "单位类型可定比例",
}


@register.filter
def yuan(amount: Decimal | int | str | None) -> str:
    """1,234,567.80; a dash where there is no amount."""
    if amount is None or amount == "":
        return DASH
    try:
        return money_words.thousands(Decimal(amount))
    except (InvalidOperation, ValueError):
        return str(amount)


@register.filter
def capitals(amount: Decimal) -> str:
    """The amount in capitals, as it is signed."""
    return money_words.in_capitals(amount)


@register.filter
def count(number: int | None) -> str:
    """12,345; a dash where there is no number."""
    return DASH if number is None else f"{number:,}"


@register.filter
def percent(rate: Decimal | None) -> str:
    """A ratio or rate in per cent, with the digits it has and no others: 60%, 6.45%."""
    if rate is None:
        return DASH
    text = format(Decimal(rate) * 100, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


@register.filter
def type_label(code: str) -> str:
    """企业, 社会团体 …"""
    return str(UnitType(code).label) if code in UnitType.values else code


@register.filter
def size_label(code: str) -> str:
    """大型, 中型 …; 未知 where it is blank."""
    return str(Size(code).label) if code in Size.values else "未知"


@register.filter
def outcome_label(code: str) -> str:
    """符合, 不符合 …"""
    return str(Outcome(code).label) if code in Outcome.values else code


@register.filter
def outcome_tone(code: str) -> str:
    """The colour of an outcome."""
    return OUTCOME_LOOK[Outcome(code)][0]


@register.filter
def reason_label(code: str) -> str:
    """A reason in a few words."""
    return REASONS.get(code, code)


@register.filter
def flag_label(code: str) -> str:
    """A flag in a few words."""
    return str(Flag(code).label) if code in Flag.values else code


def _badge(colour: str, icon: str, words: str) -> SafeString:
    return format_html(
        '<span class="cw-badge is-{}"><i class="bi {}" aria-hidden="true"></i>{}</span>', colour, icon, words
    )


@register.simple_tag
def outcome_badge(code: str) -> SafeString:
    """The outcome with its colour and icon; the words say the same."""
    return _badge(*OUTCOME_LOOK.get(Outcome(code), ("grey", "bi-question-circle")), outcome_label(code))


@register.filter
def rule_name(code: str) -> str:
    """What a rule looks at."""
    return RULE_NAMES.get(code, reason_label(code))


@register.simple_tag
def verdict_badge(line: Line) -> SafeString:
    """What a rule came to; where it was not met, what that leads to."""
    return outcome_badge(line.outcome) if line.verdict == "fail" else _badge(*VERDICT_LOOK[line.verdict])


@register.simple_tag
def flag_badges(codes: Iterable[str]) -> SafeString:
    """One amber badge a flag."""
    return format_html_join(" ", "{}", ((_badge("amber", "bi-flag", flag_label(code)),) for code in codes))
