"""Words of the skill subsidy's pages: badges, labels and figures as a caseworker reads them."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from caseworks.cases.enums import Status
from subsidies.enums import Level, Sign
from subsidies.explain import Line
from subsidies.models import Claim
from subsidies.parameters import REASONS

register = template.Library()

VERDICT_LOOK = {
    "pass": ("green", "bi-check-circle", "符合"),
    "fail": ("red", "bi-x-circle", "不符合"),
    "untested": ("grey", "bi-dash-circle", "未判定"),
    "off": ("grey", "bi-slash-circle", "本年停用"),
}
# How far a claim has come, in a worker's words.
PLAIN = {
    "": ("已受理，等待审核", "blue"),
    Status.OPENED: ("正在审核", "blue"),
    Status.FIRST_PASSED: ("正在审核", "blue"),
    Status.SECOND_PASSED: ("正在审核", "blue"),
    Status.ENDORSED: ("正在审核", "blue"),
    Status.APPROVED: ("审核通过，等待公示", "blue"),
    Status.ANNOUNCED: ("正在公示", "blue"),
    Status.CLEARED: ("公示无异议，等待拨付", "blue"),
    Status.BATCHED: ("正在拨付", "blue"),
    Status.PAID: ("已拨付到社会保障卡", "green"),
    Status.RETURNED: ("银行退回，请检查社会保障卡", "amber"),
    Status.REFUSED: ("经审核不予支付", "red"),
    Status.WITHDRAWN: ("已撤回", "grey"),
    Status.WAIVED: ("视为放弃", "grey"),
}


def badge(label: str, tone: str, icon: str) -> SafeString:
    """A state as words, colour and icon."""
    return format_html(
        '<span class="cw-badge is-{}"><i class="bi {}" aria-hidden="true"></i>{}</span>', tone, icon, label
    )


@register.simple_tag
def outcome_badge(claim: Claim) -> SafeString:
    """符合 or 不符合, as the rules say."""
    granted = claim.outcome == "granted"
    return badge(
        claim.get_outcome_display(), "green" if granted else "red", "bi-check-circle" if granted else "bi-x-circle"
    )


@register.simple_tag
def verdict_badge(line: Line) -> SafeString:
    """What came of a rule."""
    tone, icon, label = VERDICT_LOOK[line.verdict]
    return badge(label, tone, icon)


@register.simple_tag
def sign_badges(codes: Iterable[str]) -> SafeString:
    """The signs of a claim."""
    labels = dict(Sign.choices)
    return format_html_join(
        " ",
        '<span class="cw-badge is-amber"><i class="bi bi-flag" aria-hidden="true"></i>{}</span>',
        ((labels.get(code, code),) for code in codes),
    )


@register.filter
def reason_label(code: str) -> str:
    """The short words of a reason."""
    return REASONS.get(code, code)


@register.filter
def level_label(level: int | None) -> str:
    """初级（五级）…; a dash where it is not known."""
    return str(Level(level).label) if level in Level.values else "—"


def plain(claim: Claim) -> tuple[str, str]:
    """How far a claim has come, in a worker's words, and the tone of it."""
    if claim.outcome != "granted":
        return "不符合申领条件", "red"
    return PLAIN[claim.case.status if claim.case else ""]


@register.filter
def plain_state(claim: Claim) -> str:
    """How far a claim has come, in a worker's words."""
    return plain(claim)[0]


@register.filter
def plain_tone(claim: Claim) -> str:
    """The tone of it."""
    return plain(claim)[1]


@register.filter
def progress(claim: Claim) -> str:
    """How far review has come, in a caseworker's words."""
    if claim.case:
        return str(claim.case.get_status_display())
    return "待立件" if claim.held else "—"
