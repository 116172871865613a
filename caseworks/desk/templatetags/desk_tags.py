"""Small words of the templates: money, masked identifiers, badges, durations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template

from caseworks.base.identifiers import mask_account, mask_id, mask_name, mask_phone
from caseworks.base.models import RunState
from caseworks.base.money import thousands
from caseworks.base.subjects import shown

register = template.Library()

TONES = {
    RunState.QUEUED: "grey",
    RunState.RUNNING: "blue",
    RunState.DONE: "green",
    RunState.REFUSED: "amber",
    RunState.FAILED: "red",
    RunState.INTERRUPTED: "red",
    "active": "green",
    "suspended": "amber",
    "deregistered": "red",
    "revoked": "red",
    "current": "green",
    "proposed": "grey",
    "superseded": "grey",
    "refused": "red",
    "confirmed": "green",
    "kept": "blue",
    "eligible": "green",
    "granted": "green",
    "apply": "blue",
    "manual": "amber",
    "ineligible": "red",
    "first_passed": "blue",
    "second_passed": "blue",
    "endorsed": "blue",
    "approved": "blue",
    "announced": "blue",
    "cleared": "blue",
    "batched": "blue",
    "released": "blue",
    "reported": "blue",
    "funded": "blue",
    "sent": "blue",
    "paid": "green",
    "returned": "amber",
    "bar_proposed": "amber",
    "bar_confirmed": "red",
    "fw_overdue": "red",
    "fw_near": "red",
    "fw_soon": "amber",
    "fw_waiting": "amber",
    "fw_claimed": "red",
    "fw_settled": "green",
    "fw_open": "blue",
    "voucher_pending": "amber",
    "voucher_verified": "green",
    "voucher_rejected": "red",
    "voucher_annulled": "red",
    "claim_granted": "green",
    "claim_refused": "red",
    "use_handed_in": "blue",
    "use_sent_back": "amber",
    "use_checked": "green",
    "use_misused": "red",
}

register.filter("mask_id", mask_id)
register.filter("mask_account", mask_account)
register.filter("mask_phone", mask_phone)
register.filter("mask_name", mask_name)
register.filter("subject", shown)


@register.filter
def money(value: Decimal | None) -> str:
    """Yuan with thousands and two decimals; blank for nothing."""
    return "" if value is None else thousands(value)


@register.filter
def count(value: int | None) -> str:
    """A whole number with thousands."""
    return "" if value is None else f"{value:,}"


@register.filter
def tone(value: object) -> str:
    """The colour of a state; never without its word beside it."""
    return TONES.get(str(value), "grey")


@register.filter
def duration(value: dt.timedelta | None) -> str:
    """`1 分 20 秒`."""
    if value is None:
        return ""
    seconds = max(int(value.total_seconds()), 0)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{hours} 小时"] * bool(hours) + [f"{minutes} 分"] * bool(minutes or hours)
    return " ".join([*parts, f"{seconds} 秒"] if not hours else parts)


@register.filter
def megabytes(value: int | None) -> str:
    """A file's size in words."""
    if value is None:
        return ""
    return f"{value / 1024:.0f} KB" if value < 1024 * 1024 else f"{value / 1024 / 1024:.1f} MB"


@register.inclusion_tag("desk/_badge.html")
def badge(label: str, state: object = "", colour: str = "") -> dict[str, Any]:
    """A state as words, colour and icon."""
    return {"label": label, "tone": colour or tone(state)}
