"""Typed figures: validation in words, and the round trip through the stored form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseworks.law import seeding
from caseworks.law.figures import BaseParameters, Figure, FigureErrors
from caseworks.law.schemes import parameters_by_scheme, parameters_of
from dispatch.parameters import Parameters as Dispatch
from refunds.parameters import INELIGIBLE, LAYOFF_FORMULAS, REASONS
from refunds.parameters import Parameters as Refunds
from subsidies.parameters import Parameters as Subsidies

SEEDED = {(p.scheme, p.region, p.year, p.version): p for p in seeding.all_policies()}


def figures(scheme: str, year: int = 2024, version: int = 1) -> dict[str, Figure]:
    return {f.name: f for f in SEEDED[scheme, "22", year, version].figures}


def changed(name: str, value: str, scheme: str = "refunds") -> list[str]:
    """What is said about one figure that was given another value."""
    found = figures(scheme)
    old = found[name]
    number, text = (None, value) if old.kind in ("text", "date") else (Decimal(value) if value else None, "")
    found[name] = Figure(name, old.kind, number, text, old.clause)
    return [f"{p.name}: {p.message}" for p in parameters_of(scheme).problems(found)]


def test_the_three_schemes_are_known_by_name() -> None:
    assert parameters_by_scheme() == {"refunds": Refunds, "dispatch": Dispatch, "subsidies": Subsidies}


def test_the_figures_of_jilin_2024() -> None:
    year = Refunds.from_figures(figures("refunds"))
    assert (year.ratio_large, year.ratio_sme, year.ratio_reference) == (Decimal("0.3"), Decimal("0.6"), Decimal("0.6"))
    assert (year.layoff_ceiling, year.small_unit_ceiling, year.small_unit_headcount) == (
        Decimal("0.055"),
        Decimal("0.2"),
        30,
    )
    assert (year.months_required, year.reserve_months, year.announcement_days) == (12, 12, 5)
    assert year.layoff_formula == "net_reduction_over_opening"
    assert year.paid_by is None
    assert len(year.reference_types) == 6
    assert set(year.excluded_types) == {"government", "public_institution"}
    assert all(year.applies(code) for code in REASONS)
    owed = Dispatch.from_figures(figures("dispatch"))
    assert (owed.forwarding_working_days, owed.return_working_days, owed.dispatch_ratio_basis) == (30, 0, "agency")
    assert (owed.second_person_band, owed.bar_year) == (None, "after_deadline")
    skill = Subsidies.from_figures(figures("subsidies"))
    assert [skill.amount(level) for level in (5, 4, 3, 2, 1)] == [1000, 1500, 2000, None, None]
    assert (skill.insured_months_required, skill.claims_a_year, skill.window_months) == (12, 3, 12)
    assert skill.training_overlap_from == date(2024, 1, 1)


def test_every_rule_names_its_basis() -> None:
    year = Refunds.from_figures(figures("refunds"))
    for code in ("listed", "not_active", "in_arrears"):
        assert "吉人社联〔2025〕33号" in year.basis(code)
    assert year.basis("layoff_rate_exceeded") == "N2.2（人社部发〔2024〕40号 二）；J2.1（吉人社联〔2024〕43号 二）"
    assert year.basis("ratio_large").startswith("N2.3（")
    assert all(year.basis(code) for code in REASONS)
    assert list(REASONS)[:8] == list(INELIGIBLE)
    assert set(LAYOFF_FORMULAS) == {"net_reduction_over_opening"}


@pytest.mark.parametrize(
    ("unit_type", "size", "ratio"),
    [
        ("enterprise", "large", "0.3"),
        ("enterprise", "medium", "0.6"),
        ("enterprise", "micro", "0.6"),
        ("enterprise", "", None),
        ("law_firm", "large", "0.6"),
        ("individual_business", "", "0.6"),
        ("government", "large", "0.3"),
        ("public_institution", "small", "0.6"),
        ("government", "", None),
        ("other", "small", None),
    ],
)
def test_the_ratio_by_type_and_size(unit_type: str, size: str, ratio: str | None) -> None:
    """N2.3, N2.5; the excluded types are shown by size (contract 2)."""
    year = Refunds.from_figures(figures("refunds"))
    assert year.ratio(unit_type, size) == (None if ratio is None else Decimal(ratio))


def test_thirty_people_are_a_small_unit_and_thirty_one_are_not() -> None:
    year = Refunds.from_figures(figures("refunds"))
    assert [year.ceiling(n) for n in (1, 30, 31)] == [Decimal("0.2"), Decimal("0.2"), Decimal("0.055")]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ratio_sme", "600", "ratio_sme: 比例应在 0 与 1 之间（30% 写作 0.3），现为 600"),
        ("ratio_sme", "-0.1", "ratio_sme: 比例应在 0 与 1 之间（30% 写作 0.3），现为 -0.1"),
        ("ratio_sme", "", "ratio_sme: 不能为空"),
        ("months_required", "12.5", "months_required: 应为整数，现为 12.5"),
        ("months_required", "1200", "months_required: 不能大于 120，现为 1200"),
        ("announcement_days", "0", "announcement_days: 不能小于 1，现为 0"),
        ("layoff_formula", "by_heart", "layoff_formula: 不认识“by_heart”，可用：net_reduction_over_opening"),
        ("layoff_formula", "", "layoff_formula: 不能为空"),
        ("paid_by", "31.12.2024", "paid_by: 日期应为 YYYY-MM-DD，现为 31.12.2024"),
        ("rule.listed", "2", "rule.listed: 开关只能是 1（启用）或 0（停用）"),
    ],
)
def test_a_wrong_figure_is_named_in_words(name: str, value: str, words: str) -> None:
    assert changed(name, value) == [words]


def test_an_amount_has_no_more_than_two_decimals() -> None:
    assert changed("amount_level_5", "1000.005", "subsidies") == ["amount_level_5: 金额最多两位小数，现为 1000.005"]


def test_missing_unknown_mistyped_and_unfounded_figures_are_all_named_at_once() -> None:
    found = figures("refunds")
    del found["ratio_large"]
    found["ratio_lage"] = Figure("ratio_lage", "ratio", Decimal("0.3"), "", "N2.3")
    found["ratio_sme"] = Figure("ratio_sme", "amount", Decimal("0.6"), "", "N2.3")
    found["reserve_months"] = Figure("reserve_months", "months", Decimal(12), "", " ")
    with pytest.raises(FigureErrors) as caught:
        Refunds.from_figures(found)
    assert sorted((p.name, p.message) for p in caught.value.problems) == [
        ("ratio_lage", "不认识的参数"),
        ("ratio_large", "缺少“大型企业返还比例”"),
        ("ratio_sme", "类型应为比例"),
        ("reserve_months", "缺少依据条款"),
    ]


def test_a_rule_can_be_switched_off() -> None:
    found = figures("refunds")
    found["rule.listed"] = Figure("rule.listed", "switch", Decimal(0), "", "x")
    year = Refunds.from_figures(found)
    assert not year.applies("listed")
    assert year.applies("in_arrears")


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (Figure("a", "ratio", Decimal("0.300000")), "30%"),
        (Figure("a", "ratio", Decimal("0.055")), "5.5%"),
        (Figure("a", "ratio", Decimal(1)), "100%"),
        (Figure("a", "amount", Decimal("2000")), "2,000.00 元"),
        (Figure("a", "amount"), "（空）"),
        (Figure("a", "days", Decimal("30.000000")), "30 个工作日"),
        (Figure("a", "months", Decimal(12)), "12 个月"),
        (Figure("a", "count", Decimal("100")), "100"),
        (Figure("a", "switch", Decimal(0)), "停用"),
        (Figure("a", "text", None, "small;micro"), "small;micro"),
        (Figure("a", "date"), "（空）"),
    ],
)
def test_a_figure_as_a_caseworker_reads_it(found: Figure, shown: str) -> None:
    assert found.shown == shown


def test_every_seeded_row_makes_its_parameters_and_comes_back_the_same() -> None:
    for policy in SEEDED.values():
        stored = {f.name: f for f in policy.figures}
        typed = parameters_of(policy.scheme).from_figures(stored)
        again = {name: (f.kind, f.number, f.text, f.clause) for name, f in typed.to_figures().items()}
        assert again == {name: (f.kind, f.number, f.text, f.clause) for name, f in stored.items()}


ratios = st.decimals(min_value=0, max_value=1, places=6)


@given(
    ratios,
    ratios,
    st.integers(0, 120),
    st.none() | st.dates(),
    st.sets(st.sampled_from(["law_firm", "foundation", "social_service"])),
    st.booleans(),
)
def test_typed_figures_survive_the_round_trip(
    large: Decimal, ceiling: Decimal, months: int, paid_by: date | None, types: set[str], on: bool
) -> None:
    found = figures("refunds")
    typed = Refunds.from_figures(
        found
        | {
            "ratio_large": Figure("ratio_large", "ratio", large, "", "N2.3"),
            "layoff_ceiling": Figure("layoff_ceiling", "ratio", ceiling, "", "N2.2"),
            "months_required": Figure("months_required", "months", Decimal(months), "", "N2.1"),
            "paid_by": Figure("paid_by", "date", None, paid_by.isoformat() if paid_by else "", "N2.1"),
            "reference_types": Figure("reference_types", "text", None, "；".join(sorted(types)), "N2.5"),
            "rule.in_arrears": Figure("rule.in_arrears", "switch", Decimal(int(on)), "", "P"),
        }
    )
    assert (typed.ratio_large, typed.layoff_ceiling, typed.months_required) == (large, ceiling, months)
    assert (typed.paid_by, set(typed.reference_types), typed.applies("in_arrears")) == (paid_by, types, on)
    assert Refunds.from_figures(typed.to_figures()) == typed


def test_the_base_class_alone_knows_no_figure() -> None:
    assert BaseParameters.problems({}) == []
