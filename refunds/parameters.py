"""The figures of a refund policy row, typed (N2, J2.1, contract 2). Nothing of the law stands outside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from caseworks.base.enums import ListKind, Size, UnitStatus, UnitType
from caseworks.law.figures import BaseParameters, figure

# How a unit's layoff rate is computed; the policy row names one (N2.2; Jilin 吉社保〔2019〕46号).
LAYOFF_FORMULAS = {"net_reduction_over_opening": "（年初－死亡－退休－年末）÷ 年初参保人数"}
RESERVE_SCOPES = {"province": "全省", "pool": "统筹地区"}

BATCH_SPLITS = {"bank": "开户银行"}
FISCAL_STEPS = {"report": "报财政", "receipt": "财政到账"}

# Reason codes in the order in which they are given (contract 2), by the outcome they lead to.
INELIGIBLE = {
    "unit_type_excluded": "机关事业单位不在范围",
    "not_active": "参保状态注销或吊销",
    "listed": "列入失信惩戒或僵尸企业名单",
    "months_insufficient": "足额缴费不满规定月数",
    "in_arrears": "存在欠费",
    "no_premium": "上年度没有实缴失业保险费",
    "layoff_rate_exceeded": "裁员率高于控制目标",
    "disqualified": "已被取消申领资格",
}
APPLY = {"dispatch_must_apply": "劳务派遣单位须主动申请"}
MANUAL = {
    "opening_headcount_zero": "年初参保人数为零",
    "closing_headcount_missing": "缺年末参保人数",
    "size_unknown": "企业划型不明",
    "unit_type_unclear": "单位类型不明",
}
REASONS = INELIGIBLE | APPLY | MANUAL
SIZES = frozenset(Size.values)


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """A refund policy row (N2.1–N2.6, J2.1)."""

    RULES: ClassVar[Mapping[str, str]] = REASONS

    ratio_large: Decimal = figure("ratio", "大型企业返还比例")
    ratio_sme: Decimal = figure("ratio", "中小微企业返还比例")
    ratio_reference: Decimal = figure("ratio", "参照单位返还比例")
    reference_types: tuple[str, ...] = figure(
        "text", "参照实施的单位类型", choices=dict(UnitType.choices), many=True, blank=True
    )
    excluded_types: tuple[str, ...] = figure(
        "text", "不在范围的单位类型", choices=dict(UnitType.choices), many=True, blank=True
    )
    inactive_statuses: tuple[str, ...] = figure(
        "text", "不予返还的参保状态", choices=dict(UnitStatus.choices), many=True, blank=True
    )
    barring_lists: tuple[str, ...] = figure(
        "text", "列入即不予返还的名单", choices=dict(ListKind.choices), many=True, blank=True
    )
    warning_lists: tuple[str, ...] = figure(
        "text", "列入即提示的名单", choices=dict(ListKind.choices), many=True, blank=True
    )
    months_required: int = figure("months", "足额缴费月数", low=0, high=120)
    layoff_formula: str = figure("text", "裁员率算法", choices=LAYOFF_FORMULAS)
    layoff_ceiling: Decimal = figure("ratio", "裁员率控制目标")
    small_unit_ceiling: Decimal = figure("ratio", "小规模单位裁员率上限")
    small_unit_headcount: int = figure("count", "小规模单位人数（含）", low=0, high=10000)
    paid_by: date | None = figure("date", "到账截止日（空为不限）", blank=True)
    paid_late_months: int = figure("months", "年末后到账即提示的月数", low=0, high=24)
    dispatch_words: tuple[str, ...] = figure("text", "名称含派遣字样即提示", many=True, blank=True)
    reserve_months: int = figure("months", "基金备付期限", low=0, high=120)
    reserve_scope: str = figure("text", "备付期限范围", choices=RESERVE_SCOPES)
    data_age_days: int = figure("count", "拨付前核对所用数据最多几天前导入", low=0, high=366)
    batch_lines: int = figure("count", "每个拨付批次最多笔数", low=1, high=100000)
    batch_split: tuple[str, ...] = figure(
        "text", "拨付批次另按什么拆分（空为不拆）", choices=BATCH_SPLITS, many=True, blank=True
    )
    fiscal_steps: tuple[str, ...] = figure(
        "text", "送银行前须办的财政环节（空为不须）", choices=FISCAL_STEPS, many=True, blank=True
    )
    tax_account_sizes: tuple[str, ...] = figure(
        "text", "可付至缴税账户的企业划型", choices=dict(Size.choices), many=True, blank=True
    )
    tax_account_types: tuple[str, ...] = figure(
        "text", "可付至缴税账户的单位类型", choices=dict(UnitType.choices), many=True, blank=True
    )
    announcement_days: int = figure("days", "公示期（首日计入）", low=1, high=60)
    sample_share: Decimal = figure("ratio", "批量复核抽查比例")
    recovery_days: int = figure("count", "责令退回的期限（自送达之日起，天）", low=1, high=180)
    use_sample_share: Decimal = figure("ratio", "资金使用情况抽查比例")
    waive_reminders: tuple[str, ...] = figure("text", "年末未办结的提前几天催办", many=True)
    amount_band: Decimal | None = figure("amount", "须再审批的金额（达到即须，空为不设）", blank=True)

    def small(self, opening_headcount: int) -> bool:
        """Is the small unit's ceiling the one that counts? 30 included. (N2.2)"""
        return opening_headcount <= self.small_unit_headcount

    def ceiling(self, opening_headcount: int) -> Decimal:
        """The layoff ceiling of a unit with so many people at the start of the premium year. (N2.2)"""
        return self.small_unit_ceiling if self.small(opening_headcount) else self.layoff_ceiling

    def ratio(self, unit_type: str, size: str) -> Decimal | None:
        """The share of the premium paid back; None where it hangs on an unknown size or type. (N2.3, N2.5, J2.1)

        The ratio of the excluded types is shown by size (contract 2).
        """
        if unit_type in self.reference_types:
            return self.ratio_reference
        if unit_type == "other" or size not in SIZES:
            return None
        return self.ratio_large if size == "large" else self.ratio_sme
