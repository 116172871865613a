"""The law, case by case: each line can be checked by eye against contract section 2 and the clauses it names."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from refunds.parameters import APPLY, INELIGIBLE, MANUAL, REASONS
from refunds.policy import CLASSES, FLAGS, judge
from tests.refunds.figures import YEAR, unit, without

OUTCOMES: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("a unit with nothing against it", {}, "eligible", []),
    # N2.5, J2.5: types
    ("J2.5: government", {"unit_type": "government", "uscc": "11220101MA0000000X"}, "ineligible", ["unit_type_excluded"]),
    ("J2.5: public institution", {"unit_type": "public_institution"}, "ineligible", ["unit_type_excluded"]),
    ("N2.5: social organization", {"unit_type": "social_organization"}, "eligible", []),
    ("N2.5: foundation", {"unit_type": "foundation"}, "eligible", []),
    ("N2.5: social service", {"unit_type": "social_service"}, "eligible", []),
    ("N2.5: law firm", {"unit_type": "law_firm"}, "eligible", []),
    ("N2.5: accounting firm", {"unit_type": "accounting_firm"}, "eligible", []),
    ("N2.5: individual business", {"unit_type": "individual_business"}, "eligible", []),
    ("N2.5: other", {"unit_type": "other"}, "manual", ["unit_type_unclear"]),
    # local practice: status and lists
    ("deregistered", {"status": "deregistered"}, "ineligible", ["not_active"]),
    ("revoked", {"status": "revoked"}, "ineligible", ["not_active"]),
    ("suspended stays in", {"status": "suspended"}, "eligible", []),
    ("dishonest", {"lists": "dishonest:2024-06-28"}, "ineligible", ["listed"]),
    ("zombie", {"lists": "zombie:2020-01-01"}, "ineligible", ["listed"]),
    ("abnormal only warns", {"lists": "abnormal:2024-01-01"}, "eligible", []),
    ("environmental only warns", {"lists": "environmental:2024-01-01"}, "eligible", []),
    # N2.1: months and arrears
    ("N2.1: 12 months", {"months_paid": 12}, "eligible", []),
    ("N2.1: 11 months", {"months_paid": 11}, "ineligible", ["months_insufficient"]),
    ("N2.1: 13 months", {"months_paid": 13}, "eligible", []),
    ("N2.1: one month in arrears", {"arrears_months": 1, "first_arrears": "2022-03"}, "ineligible", ["in_arrears"]),
    # N2.3: premium
    ("N2.3: a cent is a premium", {"premium": Decimal("0.01")}, "eligible", []),
    ("N2.3: nothing paid", {"premium": Decimal("0.00")}, "ineligible", ["no_premium"]),
    ("N2.3: more given back than paid", {"premium": Decimal("-0.01")}, "ineligible", ["no_premium"]),
    # N2.2, J2.1: the layoff rate; at most 20 % up to 30 people, 5.5 % above
    ("N2.2: 31 people, 1 net leaver: 3.23 %", {"opening": 31, "closing": 30}, "eligible", []),
    ("N2.2: 31 people, 2 net leavers: 6.45 %", {"opening": 31, "closing": 29}, "ineligible", ["layoff_rate_exceeded"]),
    ("N2.2: 30 people, 6 net leavers: 20 %", {"opening": 30, "closing": 24}, "eligible", []),
    ("N2.2: 30 people, 7 net leavers: 23.3 %", {"opening": 30, "closing": 23}, "ineligible", ["layoff_rate_exceeded"]),
    ("N2.2: 1000 people, 55: 5.5 % exactly", {"opening": 1000, "closing": 945}, "eligible", []),
    ("N2.2: 1000 people, 56", {"opening": 1000, "closing": 944}, "ineligible", ["layoff_rate_exceeded"]),
    ("N2.2: 109 people, 6: 5.504 %", {"opening": 109, "closing": 103}, "ineligible", ["layoff_rate_exceeded"]),
    ("N2.2: 110 people, 6: 5.45 %", {"opening": 110, "closing": 104}, "eligible", []),
    ("N2.2: 1 person, who left", {"opening": 1, "closing": 0}, "ineligible", ["layoff_rate_exceeded"]),
    ("N2.2: 5 people, 1: 20 %", {"opening": 5, "closing": 4}, "eligible", []),
    ("N2.2: growth is no layoff", {"opening": 10, "closing": 400}, "eligible", []),
    ("J2.1: deaths and retirements do not count", {"opening": 40, "closing": 30, "deaths": 2, "retirements": 8}, "eligible", []),
    ("J2.1: but the others do", {"opening": 40, "closing": 30, "deaths": 2, "retirements": 5}, "ineligible", ["layoff_rate_exceeded"]),
    ("J2.1: more natural leavers than the reduction", {"opening": 40, "closing": 39, "retirements": 5}, "eligible", []),
    # J2.9: barred, proposed or confirmed, whatever the unit is now
    ("J2.9: a proposed bar holds at once", {"bar": "proposed"}, "ineligible", ["disqualified"]),
    ("J2.9: a confirmed bar", {"bar": "confirmed"}, "ineligible", ["disqualified"]),
    ("J2.9: an agency that is barred", {"bar": "confirmed", "dispatch_licence": "L1"}, "ineligible", ["disqualified"]),
    # N5.3, J2.2: agencies apply
    ("J2.2: a licence", {"dispatch_licence": "L1"}, "apply", ["dispatch_must_apply"]),
    ("J2.2: apply wins over manual", {"dispatch_licence": "L1", "size": ""}, "apply", ["dispatch_must_apply"]),
    # what cannot be told is for people
    ("no people in January", {"opening": 0, "closing": 12}, "manual", ["opening_headcount_zero"]),
    ("no people all year", {"opening": 0, "closing": None}, "manual", ["opening_headcount_zero"]),
    ("active, December missing", {"closing": None}, "manual", ["closing_headcount_missing"]),
    ("suspended, December missing counts as 0", {"closing": None, "status": "suspended"}, "ineligible", ["layoff_rate_exceeded"]),
    ("December with 0 people is a record", {"closing": 0}, "ineligible", ["layoff_rate_exceeded"]),
    ("N2.3: an enterprise without a size", {"size": ""}, "manual", ["size_unknown"]),
    ("N2.5: a reference unit needs no size", {"unit_type": "law_firm", "size": ""}, "eligible", []),
    ("two things missing", {"closing": None, "size": ""}, "manual", ["closing_headcount_missing", "size_unknown"]),
    ("three", {"opening": 0, "closing": None, "unit_type": "other", "size": ""}, "manual", ["opening_headcount_zero", "unit_type_unclear"]),
    ("ineligible wins over manual", {"size": "", "months_paid": 3}, "ineligible", ["months_insufficient"]),
    (
        "everything at once, in the order of the contract",
        {"unit_type": "government", "status": "revoked", "lists": "dishonest:2024-01-01;zombie:2024-01-01", "months_paid": 0,
         "arrears_months": 3, "first_arrears": "2023-01", "premium": Decimal("0"), "closing": 0, "bar": "proposed",
         "dispatch_licence": "L", "size": ""},
        "ineligible",
        list(INELIGIBLE),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "outcome", "codes"), [case[1:] for case in OUTCOMES], ids=[case[0] for case in OUTCOMES]
)
def test_outcome_and_all_its_reasons(facts: dict[str, Any], outcome: str, codes: list[str]) -> None:
    found = judge(unit(**facts), YEAR)
    assert (found.outcome, found.codes) == (outcome, codes)


RATES = [
    ("nobody left", {}, 0, "0.0000"),
    ("31 → 29", {"opening": 31, "closing": 29}, 2, "0.0645"),
    ("half up: 1/32 = 0.03125", {"opening": 32, "closing": 31}, 1, "0.0313"),
    ("everybody left", {"opening": 40, "closing": 0}, 40, "1.0000"),
    ("growth", {"opening": 3, "closing": 9}, 0, "0.0000"),
    ("opening 0: rate blank, reduction 0", {"opening": 0, "closing": 5}, 0, None),
    ("active, December missing: both blank", {"closing": None}, None, None),
    ("suspended, December missing: counted as 0", {"closing": None, "status": "suspended"}, 100, "1.0000"),
    ("government, active, December missing: both blank", {"closing": None, "unit_type": "government"}, None, None),
]


@pytest.mark.parametrize(("facts", "net", "rate"), [case[1:] for case in RATES], ids=[case[0] for case in RATES])
def test_net_reduction_and_rate(facts: dict[str, Any], net: int | None, rate: str | None) -> None:
    found = judge(unit(**facts), YEAR)
    assert found.net_reduction == net
    assert found.layoff_rate == (None if rate is None else Decimal(rate))


AMOUNTS = [
    ("N2.3: medium 60 %", {"premium": "10000.00"}, "0.60", "6000.00"),
    ("N2.3: small 60 %", {"premium": "10000.00", "size": "small"}, "0.60", "6000.00"),
    ("N2.3: micro 60 %", {"premium": "10000.00", "size": "micro"}, "0.60", "6000.00"),
    ("N2.3: large 30 %", {"premium": "10000.00", "size": "large"}, "0.30", "3000.00"),
    ("N2.5: a large reference unit 60 %", {"premium": "100.00", "unit_type": "foundation", "size": "large"}, "0.60", "60.00"),
    ("half up: 0.05 × 0.3 = 0.015", {"premium": "0.05", "size": "large"}, "0.30", "0.02"),
    ("half up: 33.35 × 0.3 = 10.005", {"premium": "33.35", "size": "large"}, "0.30", "10.01"),
    ("manual shows what it would be", {"premium": "15978.05", "closing": None}, "0.60", "9586.83"),
    ("manual without a size: blank and 0.00", {"premium": "100.00", "size": ""}, None, "0.00"),
    ("manual of type other: blank and 0.00", {"premium": "100.00", "unit_type": "other", "size": "small"}, None, "0.00"),
    ("an agency gets nothing unasked", {"premium": "100.00", "dispatch_licence": "L"}, "0.60", "0.00"),
    ("ineligible gets nothing, its ratio is shown", {"premium": "100.00", "months_paid": 1}, "0.60", "0.00"),
    ("government by size: large", {"premium": "1.00", "unit_type": "government", "size": "large"}, "0.30", "0.00"),
    ("government by size: small", {"premium": "1.00", "unit_type": "government", "size": "small"}, "0.60", "0.00"),
    ("public institution, size unknown", {"premium": "1.00", "unit_type": "public_institution", "size": ""}, None, "0.00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "ratio", "amount"), [case[1:] for case in AMOUNTS], ids=[case[0] for case in AMOUNTS]
)
def test_ratio_and_amount(facts: dict[str, Any], ratio: str | None, amount: str) -> None:
    found = judge(unit(**{**facts, "premium": Decimal(facts["premium"])}), YEAR)
    assert found.ratio == (None if ratio is None else Decimal(ratio))
    assert found.amount == Decimal(amount)


FLAGGED = [
    ("劳务 in the name, no licence", {"name": "长春某劳务有限公司"}, ["dispatch_suspected"]),
    ("派遣", {"name": "某派遣公司"}, ["dispatch_suspected"]),
    ("人力资源", {"name": "某人力资源公司"}, ["dispatch_suspected"]),
    ("外包", {"name": "某外包公司"}, ["dispatch_suspected"]),
    ("with a licence it is one", {"name": "长春某劳务有限公司", "dispatch_licence": "L"}, []),
    ("code 11 of an enterprise", {"uscc": "11220101MA0000000X"}, ["type_conflict"]),
    ("code 12 of an enterprise", {"uscc": "12220101MA0000000X"}, ["type_conflict"]),
    ("code 91 of a government", {"unit_type": "government"}, ["type_conflict"]),
    ("code 91 of a public institution", {"unit_type": "public_institution"}, ["type_conflict"]),
    ("code 11 of a government", {"uscc": "11220101MA0000000X", "unit_type": "government"}, []),
    ("code 12 of a public institution", {"uscc": "12220101MA0000000X", "unit_type": "public_institution"}, []),
    ("rejected rows", {"rejected_rows": 2}, ["rows_rejected"]),
    ("paid late", {"late_months": 1}, ["paid_late"]),
    ("an account waits", {"account_proposed": True}, ["account_changed"]),
    ("on a warning list", {"lists": "environmental:2024-01-01"}, ["listed_warning"]),
    ("on a barring list only", {"lists": "zombie:2024-01-01"}, []),
    (
        "all of them, in order",
        {"name": "劳务", "unit_type": "government", "rejected_rows": 1, "late_months": 2, "account_proposed": True,
         "lists": "abnormal:2024-01-01"},
        [code for code, _ in FLAGS],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "flags"), [case[1:] for case in FLAGGED], ids=[case[0] for case in FLAGGED])
def test_flags_change_no_outcome(facts: dict[str, Any], flags: list[str]) -> None:
    assert list(judge(unit(**facts), YEAR).flags) == flags


SWITCHED_OFF = {
    "unit_type_excluded": {"unit_type": "government"},
    "not_active": {"status": "revoked"},
    "listed": {"lists": "zombie:2024-01-01"},
    "months_insufficient": {"months_paid": 3},
    "in_arrears": {"arrears_months": 1},
    "no_premium": {"premium": Decimal("0.00")},
    "layoff_rate_exceeded": {"closing": 3},
    "disqualified": {"bar": "confirmed"},
    "dispatch_must_apply": {"dispatch_licence": "L"},
    "opening_headcount_zero": {"opening": 0},
    "closing_headcount_missing": {"closing": None},
    "size_unknown": {"size": ""},
    "unit_type_unclear": {"unit_type": "other"},
}


@pytest.mark.parametrize("code", REASONS)
def test_each_rule_can_be_switched_off_in_the_policy_row(code: str) -> None:
    facts = unit(**SWITCHED_OFF[code])
    assert code in judge(facts, YEAR).codes
    assert judge(facts, without(code)).outcome == "eligible"


def test_switching_size_off_pays_nothing_where_the_ratio_is_unknown() -> None:
    found = judge(unit(size=""), without("size_unknown"))
    assert (found.outcome, found.ratio, found.amount) == ("eligible", None, Decimal("0.00"))


def test_a_negative_premium_never_makes_a_negative_amount() -> None:
    found = judge(unit(premium=Decimal("-5.00")), without("no_premium"))
    assert found.amount == Decimal("0.00")


def test_the_rules_stand_in_the_order_of_the_contract_and_each_cites_a_clause() -> None:
    codes = [[rule.__name__ for rule in rules] for _, rules in CLASSES]
    assert codes == [list(INELIGIBLE), list(APPLY), list(MANUAL)]
    for _, rules in CLASSES:
        for rule in rules:
            assert any(mark in (rule.__doc__ or "") for mark in ("N2", "N5", "J2", "33号")), rule.__name__


def test_every_figure_comes_from_the_policy_row() -> None:
    milder = dataclasses.replace(YEAR, months_required=6, layoff_ceiling=Decimal("0.06"), ratio_sme=Decimal("0.90"))
    assert judge(unit(months_paid=6), milder).outcome == "eligible"
    assert judge(unit(opening=1000, closing=940), milder).outcome == "eligible"
    assert judge(unit(), milder).amount == Decimal("9000.00")
