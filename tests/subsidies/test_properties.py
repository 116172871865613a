"""What must hold of any claims whatever: Hypothesis looks for the ones that break it."""

from __future__ import annotations

import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from subsidies.parameters import REASONS
from subsidies.policy import Facts, Grant, Training, against, judge, months_after
from tests.subsidies.figures import GOOD, LAST_DAY, YEAR

days = st.dates(datetime.date(2022, 1, 1), datetime.date(2025, 12, 31))
codes = st.sampled_from(["A", "B"])
levels = st.integers(1, 5)
FACTS = st.builds(
    Facts,
    applied_on=days,
    issued_on=st.none() | days,
    level=levels,
    occupation_code=codes,
    insured_months=st.integers(0, 30),
    service=st.sampled_from(["", "enterprise", "benefit"]),
    granted_same_on=st.none(),
    granted_higher=st.just(0),
    granted_higher_on=st.none(),
    training_same_on=st.none(),
    training_higher=st.just(0),
    training_higher_on=st.none(),
    granted_in_year=st.just(0),
    granted_ordinary=st.just(0),
)
GRANTS = st.lists(st.builds(Grant, codes, levels, days), max_size=5)
TRAININGS = st.lists(st.builds(Training, codes, levels, days), max_size=3)


@settings(max_examples=500, deadline=None)
@given(FACTS, GRANTS, TRAININGS)
def test_reasons_stand_in_order_and_an_amount_stands_without_any(
    facts: Facts, grants: list[Grant], trainings: list[Training]
) -> None:
    found = judge(against(facts, grants, trainings, YEAR), YEAR, LAST_DAY)
    order = list(REASONS)
    assert found.codes == sorted(set(found.codes), key=order.index)
    assert (found.outcome == "granted") == (not found.codes) == (found.amount > 0)
    if "certificate_not_found" in found.codes:
        assert found.codes == ["certificate_not_found"]


@settings(max_examples=500, deadline=None)
@given(FACTS, GRANTS, TRAININGS, st.builds(Grant, codes, levels, days), st.builds(Training, codes, levels, days))
def test_another_benefit_never_makes_a_claim_better(
    facts: Facts, grants: list[Grant], trainings: list[Training], grant: Grant, training: Training
) -> None:
    before = judge(against(facts, grants, trainings, YEAR), YEAR, LAST_DAY)
    for more, trained in ((([*grants, grant]), trainings), (grants, [*trainings, training])):
        after = judge(against(facts, more, trained, YEAR), YEAR, LAST_DAY)
        assert set(before.codes) <= set(after.codes)
        assert after.amount <= before.amount


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(codes | st.sampled_from(["C", "D", "E"]), st.integers(3, 5), days), max_size=12))
def test_nobody_is_granted_more_than_the_law_gives(asked: list[tuple[str, int, datetime.date]]) -> None:
    """Whatever is asked in whatever order: three a calendar year, a level once, never one below what was had."""
    grants: list[Grant] = []
    for code, level, day in asked:
        facts = GOOD._replace(occupation_code=code, level=level, applied_on=day, issued_on=day)
        if judge(against(facts, grants, [], YEAR), YEAR, None).outcome == "granted":
            assert not any(g.occupation_code == code and g.level <= level for g in grants)
            grants.append(Grant(code, level, day))
    for year in range(2022, 2026):
        assert sum(grant.applied_on.year == year for grant in grants) <= YEAR.claims_a_year
    assert len({(grant.occupation_code, grant.level) for grant in grants}) == len(grants)


@settings(max_examples=500, deadline=None)
@given(days, st.integers(1, 60))
def test_months_after_keep_the_day_or_take_the_months_last(day: datetime.date, months: int) -> None:
    after = months_after(day, months)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == months
    assert after.day == day.day or (after.day < day.day and (after + datetime.timedelta(days=1)).day == 1)
