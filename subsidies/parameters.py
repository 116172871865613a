"""The figures of a skill-subsidy policy row, typed (N3, J3, contract 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from caseworks.base.enums import UnitType
from caseworks.base.money import half_up
from caseworks.law.figures import BaseParameters, figure

RESERVE_SCOPES = {"province": "全省", "pool": "统筹地区"}

# Reason codes in the order in which they are given (contract 4).
REASONS = {
    "certificate_not_found": "查不到本人的该证书",
    "level_not_covered": "等级不在补贴范围",
    "policy_expired": "超过政策执行期限",
    "window_expired": "超过取证后的申领期限",
    "insured_months_insufficient": "取证时参保不满规定月数",
    "not_in_service": "申领时既非企业在职又未领取失业保险金",
    "already_subsidised": "同一职业同一等级已享受",
    "higher_level_subsidised": "同一职业更高等级已享受",
    "training_subsidy_overlap": "已享受职业培训补贴",
    "annual_limit": "本年度次数已满",
}


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """A skill-subsidy policy row (N3.1–N3.4, J3.1, J3.2)."""

    RULES: ClassVar[Mapping[str, str]] = REASONS

    # What the kernel asks of a policy row about units; a person is on no list and has no tax account.
    inactive_statuses: ClassVar[tuple[str, ...]] = ()
    barring_lists: ClassVar[tuple[str, ...]] = ()
    tax_account_sizes: ClassVar[tuple[str, ...]] = ()
    tax_account_types: ClassVar[tuple[str, ...]] = ()

    amount_level_5: Decimal = figure("amount", "初级（五级）补贴", high=100000)
    amount_level_4: Decimal = figure("amount", "中级（四级）补贴", high=100000)
    amount_level_3: Decimal = figure("amount", "高级（三级）补贴", high=100000)
    insured_months_required: int = figure("months", "参保月数", low=0, high=120)
    claims_a_year: int = figure("count", "每人每年次数", low=1, high=100)
    shortage_claims_a_year: int = figure("count", "急需紧缺职业（工种）每年可再增次数", low=0, high=100)
    shortage_occupations: tuple[str, ...] = figure("text", "急需紧缺职业（工种）编码", many=True, blank=True)
    shortage_uplift: Decimal = figure("ratio", "急需紧缺职业（工种）上浮比例")
    window_months: int = figure("months", "取证后申领期限", low=1, high=120)
    training_overlap_from: date | None = figure("date", "与培训补贴不重复起算日（空为不查）", blank=True)
    service_types: tuple[str, ...] = figure("text", "算作在职的单位类型", choices=dict(UnitType.choices), many=True)
    service_lag: int = figure("months", "在职数据滞后月数", low=0, high=12)
    reserve_months: int = figure("months", "基金备付期限", low=0, high=120)
    reserve_scope: str = figure("text", "备付期限范围", choices=RESERVE_SCOPES)
    data_age_days: int = figure("count", "拨付前核对所用数据最多几天前导入", low=0, high=366)
    batch_lines: int = figure("count", "每个拨付批次最多笔数", low=1, high=100000)
    announcement_days: int = figure("days", "公示期（首日计入）", low=1, high=60)
    sample_share: Decimal = figure("ratio", "批量复核抽查比例")
    amount_band: Decimal | None = figure("amount", "须再审批的金额（达到即须，空为不设）", blank=True)
    phone_crowd: int = figure("count", "同一电话登记达到几人即提示", low=2, high=100000)
    issuer_crowd: int = figure("count", "同一机构同日发证达到几张即提示", low=2, high=100000)

    def in_shortage(self, occupation_code: str) -> bool:
        """Is the occupation one of the row's list of those in short supply? (N3.3 of 2025)"""
        return occupation_code in self.shortage_occupations

    def amount(self, level: int, occupation_code: str = "") -> Decimal | None:
        """What a certificate of this level brings; None where the level is not covered. (N3.2)"""
        base = {5: self.amount_level_5, 4: self.amount_level_4, 3: self.amount_level_3}.get(level)
        if base is None or not self.shortage_uplift or not self.in_shortage(occupation_code):
            return base
        return half_up(base + base * self.shortage_uplift)
