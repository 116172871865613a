"""The law, case by case: each line can be checked by eye against contract section 4 and the clauses it names."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

import pytest

from subsidies.parameters import REASONS
from subsidies.policy import Grant, Training, against, judge, months_after
from tests.subsidies.figures import GOOD, LAST_DAY, YEAR, YEAR_2025, D, claim, without

CLAIMS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a claim with nothing against it", {}, []),
    # N3.1, J3.1: the certificate, held on the day of application
    ("N3.1: no such certificate", {"issued_on": None, "level": 0}, ["certificate_not_found"]),
    ("N3.1: issued the day after", {"applied_on": "2024-02-09"}, ["certificate_not_found"]),
    ("N3.1: issued on the day", {"applied_on": "2024-02-10"}, []),
    (
        "nothing else is tested without one",
        {"issued_on": None, "level": 1, "insured_months": 0, "service": "", "granted_in_year": 3, "applied_on": "2025-03-01"},
        ["certificate_not_found"],
    ),
    # N3.2: levels
    ("N3.2: level 5", {"level": 5}, []),
    ("N3.2: level 4", {"level": 4}, []),
    ("N3.2: level 3", {"level": 3}, []),
    ("N3.2: level 2", {"level": 2}, ["level_not_covered"]),
    ("N3.2: level 1", {"level": 1}, ["level_not_covered"]),
    # N3.4: the policy's last day
    ("N3.4: on the last day", {"applied_on": "2024-12-31"}, []),
    ("N3.4: the day after", {"applied_on": "2025-01-01"}, ["policy_expired"]),
    ("before the policy's first day nothing is said", {"applied_on": "2023-12-31", "issued_on": "2023-06-01"}, []),
    # the window of 12 calendar months, month ends and 29 February
    ("window: 31 Aug 2023 to 31 Aug 2024", {"issued_on": "2023-08-31", "applied_on": "2024-08-31"}, []),
    ("window: and a day", {"issued_on": "2023-08-31", "applied_on": "2024-09-01"}, ["window_expired"]),
    ("window: 28 Feb 2023 to 28 Feb 2024", {"issued_on": "2023-02-28", "applied_on": "2024-02-28"}, []),
    ("window: not to 29 Feb 2024", {"issued_on": "2023-02-28", "applied_on": "2024-02-29"}, ["window_expired"]),
    ("window: 1 Mar 2023 to 1 Mar 2024", {"issued_on": "2023-03-01", "applied_on": "2024-03-01"}, []),
    (
        "window: 29 Feb 2024 to 28 Feb 2025",
        {"issued_on": "2024-02-29", "applied_on": "2025-02-28"},
        ["policy_expired"],
    ),
    (
        "window: not to 1 Mar 2025",
        {"issued_on": "2024-02-29", "applied_on": "2025-03-01"},
        ["policy_expired", "window_expired"],
    ),
    # N3.1: a year of insurance up to the certificate
    ("N3.1: 12 months", {"insured_months": 12}, []),
    ("N3.1: 11 months", {"insured_months": 11}, ["insured_months_insufficient"]),
    ("N3.1: none", {"insured_months": 0}, ["insured_months_insufficient"]),
    # N3.1: in service in the month of application
    ("N3.1: receives benefit", {"service": "benefit"}, []),
    ("N3.1: neither", {"service": ""}, ["not_in_service"]),
    # N3.3: once an occupation and level, not below what was had already
    ("N3.3: the same before", {"granted_same_on": "2024-03-01"}, ["already_subsidised"]),
    ("N3.3: level 4 before", {"granted_higher": 4, "granted_higher_on": "2023-03-01"}, ["higher_level_subsidised"]),
    # J3.2: training subsidies
    ("J3.2: training for the level", {"training_same_on": "2024-01-01"}, ["training_subsidy_overlap"]),
    ("J3.2: training for a higher level", {"training_higher": 3, "training_higher_on": "2024-01-01"}, ["higher_level_subsidised"]),
    # N3.3: three a year
    ("N3.3: the third", {"granted_in_year": 2}, []),
    ("N3.3: the fourth", {"granted_in_year": 3}, ["annual_limit"]),
    # all that apply, in their order
    (
        "everything at once",
        {
            "level": 2, "applied_on": "2025-06-01", "insured_months": 3, "service": "", "granted_same_on": "2024-03-01",
            "granted_higher": 1, "granted_higher_on": "2024-03-01", "training_same_on": "2024-05-01", "granted_in_year": 9,
        },
        [code for code in REASONS if code != "certificate_not_found"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "reasons"), CLAIMS, ids=[name for name, _, _ in CLAIMS])
def test_a_claim_has_all_its_reasons_in_their_order(name: str, changes: dict[str, Any], reasons: list[str]) -> None:
    found = judge(claim(**changes), YEAR, LAST_DAY)
    assert found.codes == reasons
    assert found.outcome == ("refused" if reasons else "granted")
    assert (found.amount > 0) == (not reasons)


@pytest.mark.parametrize(("level", "amount"), [(5, "1000"), (4, "1500"), (3, "2000")])
def test_a_granted_claim_brings_its_level(level: int, amount: str) -> None:
    assert judge(claim(level=level), YEAR, LAST_DAY).amount == Decimal(amount)


MONTHS = [
    ("2023-08-31", 12, "2024-08-31"),
    ("2024-02-29", 12, "2025-02-28"),
    ("2023-02-28", 12, "2024-02-28"),
    ("2023-12-31", 12, "2024-12-31"),
    ("2024-01-31", 1, "2024-02-29"),
    ("2023-01-31", 1, "2023-02-28"),
    ("2023-10-31", 6, "2024-04-30"),
    ("2023-12-01", 1, "2024-01-01"),
    ("2024-02-29", 48, "2028-02-29"),
]


@pytest.mark.parametrize(("day", "months", "expected"), MONTHS)
def test_calendar_months(day: str, months: int, expected: str) -> None:
    assert months_after(D(day), months) == D(expected)


HISTORY: list[tuple[str, list[Grant], list[Training], list[str]]] = [
    ("another occupation does not count", [Grant("X", 5, D("2024-03-01")), Grant("X", 3, D("2024-03-01"))], [], []),
    ("a lower level before does not count", [], [Training("6-31-01-03", 5, D("2024-03-01"))], ["training_subsidy_overlap"]),
    ("the same level", [Grant("6-31-01-03", 5, D("2023-03-01"))], [], ["already_subsidised"]),
    ("a higher level", [Grant("6-31-01-03", 4, D("2023-03-01"))], [], ["higher_level_subsidised"]),
    (
        "the same and a higher",
        [Grant("6-31-01-03", 5, D("2023-03-01")), Grant("6-31-01-03", 3, D("2023-04-01"))], [],
        ["already_subsidised", "higher_level_subsidised"],
    ),
    ("training before the first day", [], [Training("6-31-01-03", 5, D("2023-12-31"))], []),
    ("training on the first day", [], [Training("6-31-01-03", 5, D("2024-01-01"))], ["training_subsidy_overlap"]),
    ("training on the day of application", [], [Training("6-31-01-03", 5, D("2024-06-01"))], ["training_subsidy_overlap"]),
    ("training after the application", [], [Training("6-31-01-03", 5, D("2024-06-02"))], []),
    ("training for a higher level", [], [Training("6-31-01-03", 2, D("2024-05-01"))], ["higher_level_subsidised"]),
    ("training of another occupation", [], [Training("X", 5, D("2024-05-01"))], []),
    ("two this year", [Grant("A", 5, D("2024-01-01")), Grant("B", 5, D("2024-12-31"))], [], []),
    (
        "three this year", [Grant("A", 5, D("2024-01-01")), Grant("B", 5, D("2024-12-31")), Grant("C", 3, D("2024-03-01"))],
        [], ["annual_limit"],
    ),
    (
        "the year before does not count",
        [Grant("A", 5, D("2023-12-31")), Grant("B", 5, D("2023-12-31")), Grant("C", 3, D("2025-01-01"))], [], [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "grants", "trainings", "reasons"), HISTORY, ids=[name for name, *_ in HISTORY])
def test_what_a_person_had_before(
    name: str, grants: list[Grant], trainings: list[Training], reasons: list[str]
) -> None:
    assert judge(against(GOOD, grants, trainings, YEAR), YEAR, LAST_DAY).codes == reasons


def test_a_lower_level_that_was_granted_does_not_bar_a_higher_one() -> None:
    grants = [Grant("6-31-01-03", 5, D("2024-03-01")), Grant("6-31-01-03", 4, D("2024-04-01"))]
    found = judge(against(claim(level=3), grants, [], YEAR), YEAR, LAST_DAY)
    assert (found.codes, found.amount) == ([], 2000)


def test_without_a_first_day_training_subsidies_are_not_looked_at() -> None:
    year = dataclasses.replace(YEAR, training_overlap_from=None)
    assert judge(against(GOOD, [], [Training("6-31-01-03", 5, D("2024-05-01"))], year), year, LAST_DAY).codes == []


SHORTAGE = [
    ("2025: the first, ordinary", "X", [], True),
    ("2025: a second ordinary one", "X", [("A", False)], False),
    ("2025: an ordinary one after one in short supply", "X", [("6-31-01-03", True)], True),
    ("2025: in short supply after an ordinary one", "6-31-01-03", [("A", False)], True),
    ("2025: the third, in short supply", "6-31-01-03", [("A", False), ("B", True)], True),
    ("2025: the fourth", "6-31-01-03", [("A", False), ("B", True), ("C", True)], False),
]


@pytest.mark.parametrize(("name", "code", "before", "granted"), SHORTAGE, ids=[name for name, *_ in SHORTAGE])
def test_the_limit_of_2025(name: str, code: str, before: list[tuple[str, bool]], granted: bool) -> None:
    asked = claim(applied_on="2025-05-01", issued_on="2025-02-01", occupation_code=code)
    grants = [Grant(other, 3, D("2025-03-01"), short) for other, short in before]
    found = judge(against(asked, grants, [], YEAR_2025), YEAR_2025, D("2025-12-31"))
    assert found.codes == ([] if granted else ["annual_limit"])


def test_the_uplift_for_occupations_in_short_supply_is_a_figure() -> None:
    year = dataclasses.replace(YEAR, shortage_uplift=Decimal("0.3"), shortage_occupations=("6-31-01-03",))
    amounts = [judge(claim(level=level), year, LAST_DAY).amount for level in (5, 4, 3)]
    assert amounts == [1300, 1950, 2600]
    assert judge(claim(occupation_code="X"), year, LAST_DAY).amount == 1000


@pytest.mark.parametrize(
    "code", [code for code in REASONS if code not in {"certificate_not_found", "level_not_covered"}]
)
def test_a_rule_can_be_switched_off(code: str) -> None:
    _, changes, _ = CLAIMS[-1]
    found = judge(claim(**changes | {"level": 5, "granted_higher": 4}), without(code), LAST_DAY)
    assert found.codes == [
        other for other in REASONS if other not in {code, "certificate_not_found", "level_not_covered"}
    ]


def test_a_level_without_an_amount_is_never_granted() -> None:
    found = judge(claim(level=2), without("level_not_covered"), LAST_DAY)
    assert (found.outcome, found.codes, found.amount) == ("refused", ["level_not_covered"], 0)


def test_a_row_without_a_last_day_does_not_expire() -> None:
    far = datetime.date(2030, 1, 1)
    assert judge(GOOD._replace(applied_on=far, issued_on=far), YEAR, None).codes == []
