"""Living benefits first: while the fund is short, a batch of lower priority waits, with the reason. (N4, N6.1)"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from caseworks.base.errors import Refusal
from caseworks.money import reserve
from caseworks.money.enums import GOING, BatchStatus
from caseworks.money.models import Batch


def waits_because(batch: Batch, on: date) -> str:
    """Why a batch that has not gone to the bank has to wait; empty where it may go."""
    if batch.status not in (BatchStatus.DRAWN, *GOING):
        return ""
    region = str(batch.gate.get("region") or "")
    return words(batch.scheme, region, batch.amount, on, own=batch.pk) if region else ""


def words(scheme: str, region: str, amount: Decimal, on: date, *, own: int | None = None) -> str:
    """Why so much of a scheme has to wait; empty where it may go."""
    if reserve.priority(scheme) <= reserve.LIVING:
        return ""
    position = reserve.look(region, on, required=0, without=own)
    return position.because(amount) if position.short(amount) else ""


def require(batch: Batch, on: date) -> None:
    """Refuse to send a batch that has to wait."""
    because = waits_because(batch, on)
    if because:
        raise Refusal(f"批次 {batch} 暂缓送银行，未作任何更改。{because}请等待基金补足，或报主管部门。")
