"""The Jilin figures of 2024 and a unit that gets its money, to be varied by the law tables."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from caseworks.law.figures import Rule
from refunds.parameters import REASONS, Parameters
from refunds.policy import Facts

CLAUSES = {f.name: f"条款 {f.name}" for f in Parameters.figure_fields()}
YEAR = Parameters(
    clauses=CLAUSES,
    rules={code: Rule(code, True, f"依据 {code}") for code in REASONS},
    ratio_large=Decimal("0.30"),
    ratio_sme=Decimal("0.60"),
    ratio_reference=Decimal("0.60"),
    reference_types=(
        "social_organization", "foundation", "social_service", "law_firm", "accounting_firm", "individual_business",
    ),
    excluded_types=("government", "public_institution"),
    inactive_statuses=("deregistered", "revoked"),
    barring_lists=("dishonest", "zombie"),
    warning_lists=("abnormal", "environmental"),
    months_required=12,
    layoff_formula="net_reduction_over_opening",
    layoff_ceiling=Decimal("0.055"),
    small_unit_ceiling=Decimal("0.20"),
    small_unit_headcount=30,
    paid_by=None,
    paid_late_months=1,
    dispatch_words=("劳务", "派遣", "人力资源", "外包"),
    reserve_months=12,
    reserve_scope="province",
    data_age_days=3,
    batch_lines=5000,
    batch_split=(),
    fiscal_steps=(),
    tax_account_sizes=("small", "micro"),
    tax_account_types=("individual_business",),
    announcement_days=5,
    recovery_days=30,
    use_sample_share=Decimal("0.05"),
    waive_reminders=("30", "15", "5"),
    sample_share=Decimal("0.05"),
    amount_band=None,
)  # fmt: skip
GOOD = Facts(
    uscc="91220101MA0000000X", name="长春示例商贸有限公司", unit_type="enterprise", size="medium", status="active",
    dispatch_licence="", lists="", bar="", first_arrears="", determined="", months_paid=12, arrears_months=0,
    opening_headcount=100, closing_headcount=100, deaths=0, retirements=0, rejected_rows=0, late_months=0,
    account_proposed=False, premium=Decimal("10000.00"),
)  # fmt: skip


def unit(**changes: Any) -> Facts:
    """The good unit with some facts changed; opening and closing are short for the headcounts."""
    for short, name in (("opening", "opening_headcount"), ("closing", "closing_headcount")):
        if short in changes:
            changes[name] = changes.pop(short)
    return GOOD._replace(**changes)


def without(*codes: str) -> Parameters:
    """The figures with some rules switched off."""
    rules = {code: Rule(code, code not in codes, rule.clause) for code, rule in YEAR.rules.items()}
    return dataclasses.replace(YEAR, rules=rules)
