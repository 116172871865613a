"""What must hold of any facts whatever: Hypothesis looks for the ones that break it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from caseworks.base.enums import Size, UnitStatus, UnitType
from refunds.parameters import REASONS
from refunds.policy import CLASSES, Facts, judge
from tests.refunds.figures import GOOD, YEAR

count = st.integers(0, 400)
FACTS = st.builds(
    Facts,
    uscc=st.sampled_from(["91220101MA0000000X", "11220101MA0000000X", "12220101MA0000000X"]),
    name=st.sampled_from(["长春示例商贸有限公司", "某劳务派遣公司"]),
    unit_type=st.sampled_from(UnitType.values),
    size=st.sampled_from(["", *Size.values]),
    status=st.sampled_from(UnitStatus.values),
    dispatch_licence=st.sampled_from(["", "", "L1"]),
    lists=st.sampled_from(
        ["", "", "dishonest:2024-01-01", "abnormal:2024-01-01", "abnormal:2023-01-01;zombie:2024-01-01"]
    ),
    bar=st.sampled_from(["", "", "proposed", "confirmed"]),
    first_arrears=st.just(""),
    determined=st.just(""),
    months_paid=st.integers(0, 60),
    arrears_months=st.sampled_from([0, 0, 1, 5]),
    opening_headcount=count,
    closing_headcount=st.none() | count,
    deaths=st.integers(0, 5),
    retirements=st.integers(0, 20),
    rejected_rows=st.integers(0, 2),
    late_months=st.integers(0, 2),
    account_proposed=st.booleans(),
    premium=st.decimals("-1000", "1000000", places=2),
)  # fmt: skip


def payable(facts: Facts) -> Decimal:
    """What is paid without anybody's doing: the amount of an eligible unit."""
    found = judge(facts, YEAR)
    return found.amount if found.outcome == "eligible" else Decimal(0)


BETTER = st.sampled_from(
    [
        lambda f: f._replace(months_paid=f.months_paid + 1),
        lambda f: f._replace(arrears_months=max(0, f.arrears_months - 1)),
        lambda f: f._replace(premium=f.premium + Decimal("0.01")),
        lambda f: f._replace(closing_headcount=None if f.closing_headcount is None else f.closing_headcount + 1),
        lambda f: f._replace(retirements=f.retirements + 1),
        lambda f: f._replace(deaths=f.deaths + 1),
        lambda f: f._replace(lists=""),
        lambda f: f._replace(bar=""),
        lambda f: f._replace(status="active") if f.closing_headcount is not None else f,
        lambda f: f._replace(size="small") if f.size == "large" else f,
        lambda f: f._replace(size="medium") if f.size == "" else f,
    ]
)


@settings(max_examples=600, deadline=None)
@given(FACTS, BETTER)
def test_a_better_fact_never_lowers_what_is_paid(facts: Facts, better: object) -> None:
    assert payable(better(facts)) >= payable(facts)  # type: ignore[operator]


@settings(max_examples=600, deadline=None)
@given(FACTS)
def test_one_class_wins_and_its_reasons_stand_in_order(facts: Facts) -> None:
    found = judge(facts, YEAR)
    order = list(REASONS)
    assert found.codes == sorted(found.codes, key=order.index)
    assert len(set(found.codes)) == len(found.codes)
    by_class = {outcome: [rule.__name__ for rule in rules] for outcome, rules in CLASSES}
    assert (found.outcome == "eligible") == (not found.codes)
    assert all(code in by_class[found.outcome] for code in found.codes)


@settings(max_examples=600, deadline=None)
@given(FACTS)
def test_the_amount_is_the_premium_times_the_ratio_to_the_cent_or_nothing(facts: Facts) -> None:
    found = judge(facts, YEAR)
    if found.outcome in ("eligible", "manual") and found.ratio is not None and facts.premium > 0:
        exact = Fraction(facts.premium) * Fraction(found.ratio)
        assert abs(Fraction(found.amount) - exact) <= Fraction(1, 200)
        assert found.amount == found.amount.quantize(Decimal("0.01"))
    else:
        assert found.amount == 0


@settings(max_examples=600, deadline=None)
@given(count, count)
def test_the_ceiling_is_compared_exactly(opening: int, closing: int) -> None:
    found = judge(GOOD._replace(opening_headcount=opening, closing_headcount=closing), YEAR)
    net = max(0, opening - closing)
    limit = Fraction(1, 5) if opening <= 30 else Fraction(55, 1000)
    assert ("layoff_rate_exceeded" in found.codes) == (opening > 0 and Fraction(net) > limit * opening)
