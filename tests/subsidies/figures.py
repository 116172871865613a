"""The Jilin figures of 2024, a claim that is granted and people built by hand, to be varied by the tests."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

from caseworks.law.figures import Rule
from subsidies.parameters import REASONS, Parameters
from subsidies.policy import Facts

D = datetime.date.fromisoformat
LAST_DAY = D("2024-12-31")
YEAR = Parameters(
    clauses={f.name: f"条款 {f.name}" for f in Parameters.figure_fields()},
    rules={code: Rule(code, True, f"依据 {code}") for code in REASONS},
    amount_level_5=Decimal("1000"),
    amount_level_4=Decimal("1500"),
    amount_level_3=Decimal("2000"),
    insured_months_required=12,
    claims_a_year=3,
    shortage_claims_a_year=0,
    shortage_occupations=(),
    shortage_uplift=Decimal(0),
    window_months=12,
    training_overlap_from=D("2024-01-01"),
    service_types=("enterprise",),
    service_lag=0,
    reserve_months=12,
    reserve_scope="province",
    data_age_days=3,
    batch_lines=5000,
    announcement_days=5,
    sample_share=Decimal("0.05"),
    amount_band=None,
    phone_crowd=3,
    issuer_crowd=50,
)
# The national row of 2025: once a year, twice more for occupations in short supply.
YEAR_2025 = dataclasses.replace(YEAR, claims_a_year=1, shortage_claims_a_year=2, shortage_occupations=("6-31-01-03",))
GOOD = Facts(
    applied_on=D("2024-06-01"), issued_on=D("2024-02-10"), level=5, occupation_code="6-31-01-03", insured_months=12,
    service="enterprise", granted_same_on=None, granted_higher=0, granted_higher_on=None, training_same_on=None,
    training_higher=0, training_higher_on=None, granted_in_year=0, granted_ordinary=0,
)  # fmt: skip


def claim(**changes: Any) -> Facts:
    """The good claim with some facts changed; days may be texts."""
    return GOOD._replace(**{
        name: D(value) if isinstance(value, str) and name.endswith("_on") else value for name, value in changes.items()
    })  # fmt: skip


def without(*codes: str) -> Parameters:
    """The figures with some rules switched off."""
    rules = {code: Rule(code, code not in codes, rule.clause) for code, rule in YEAR.rules.items()}
    return dataclasses.replace(YEAR, rules=rules)
