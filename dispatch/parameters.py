"""The figures of a dispatch policy row, typed (N5.3, J2.2–J2.9, contract 3)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from caseworks.base.enums import UnitType
from caseworks.law.figures import BaseParameters, figure

RATIO_BASES = {"agency": "派遣单位划型", "host": "用工单位划型"}
BAR_YEARS = {"after_deadline": "期限所在年度的下一年度", "after_policy_year": "政策年度的下一年度"}


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """A dispatch policy row; the refund's own figures are those of the refund row of the same year."""

    forwarding_working_days: int = figure("days", "拨付用工单位期限", low=1, high=250)
    return_working_days: int = figure("days", "期限后全额退回免予取消资格的宽限", low=0, high=250)
    dispatch_ratio_basis: str = figure("text", "被派遣部分返还比例依据", choices=RATIO_BASES)
    excluded_host_types: tuple[str, ...] = figure(
        "text", "不在范围的用工单位类型", choices=dict(UnitType.choices), many=True, blank=True
    )
    bar_year: str = figure("text", "取消申领资格的年度", choices=BAR_YEARS)
    answer_working_days: int = figure("days", "拟取消资格的申辩期", low=0, high=60)
    second_person_band: Decimal | None = figure("amount", "凭证须第二人核对的金额（空为不设）", blank=True)
    reminder_days: tuple[str, ...] = figure("text", "到期前提醒（工作日）", many=True, blank=True)
    decision_working_days: int = figure("days", "凭证核对时限", low=1, high=60)
    announcement_days: int = figure("days", "公示期（首日计入）", low=1, high=60)
    own_share_rise: Decimal = figure("ratio", "自有部分占比上升即提示的幅度")
