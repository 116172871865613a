"""The facts of contract section 2, read from ledgers that try to lead astray."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.management import call_command

from caseworks.cases.models import Bar
from caseworks.registry.models import Listing
from refunds import facts
from refunds.facts import Question
from refunds.policy import Facts
from tests.refunds.build import NOW, a_year, make_unit, record, separate

pytestmark = pytest.mark.django_db

QUESTION = Question(2024, datetime.date(2024, 6, 28))


@pytest.fixture(autouse=True)
def _offices(db: None) -> None:
    call_command("setup")


def of(uscc: str, question: Question = QUESTION) -> Facts:
    return facts.of_units(question, [uscc])[0].facts


def test_a_plain_year() -> None:
    unit = make_unit(1)
    a_year(unit.uscc)
    found = of(unit.uscc)
    assert (found.months_paid, found.arrears_months, found.premium) == (12, 0, Decimal("1200.00"))
    assert (found.opening_headcount, found.closing_headcount) == (10, 10)


def test_nothing_known_is_nothing() -> None:
    found = of(make_unit(1).uscc)
    assert (found.months_paid, found.arrears_months, found.premium) == (0, 0, Decimal("0.00"))
    assert (found.opening_headcount, found.closing_headcount, found.lists, found.bar) == (0, None, "", "")


def test_months_count_over_all_years_and_end_with_december() -> None:
    unit = make_unit(1)
    a_year(unit.uscc, 2021, range(3, 6))
    a_year(unit.uscc, 2023, range(4, 13))
    a_year(unit.uscc, 2024, range(1, 7))  # after the premium year: not counted
    assert of(unit.uscc).months_paid == 12


def test_fully_paid_is_a_sum_over_the_records_of_a_month() -> None:
    uscc = make_unit(1).uscc
    record(uscc, "2023-01", paid=Decimal("40.00"))
    record(uscc, "2023-01", "arrears", paid=Decimal("60.00"))  # made good: paid in full
    record(uscc, "2023-02", paid=Decimal("99.99"))  # a cent short: in arrears
    record(uscc, "2023-03", due=Decimal("0.00"))  # nothing was due: not a paid month
    record(uscc, "2023-04")
    record(uscc, "2023-04", "supplement", due=Decimal("50.00"), paid=Decimal("49.00"))  # the supplement is short
    record(uscc, "2023-05")
    record(uscc, "2023-05", "refund")  # all of it was given back: not paid, and no arrears
    record(uscc, "2023-06")
    record(uscc, "2023-06", "refund", paid=Decimal("99.99"))  # a cent stayed
    record(uscc, "2023-07", paid=Decimal("0.00"), paid_on=None)
    record(uscc, "2023-07", "late_fee", paid=Decimal("500.00"))  # a late fee pays nothing
    found = of(uscc)
    assert (found.months_paid, found.arrears_months, found.first_arrears) == (2, 3, "2023-02")


def test_arrears_of_any_year_up_to_december_count_and_later_ones_do_not() -> None:
    uscc = make_unit(1).uscc
    record(uscc, "2020-05", paid=Decimal("0.00"), paid_on=None)
    record(uscc, "2024-01", paid=Decimal("0.00"), paid_on=None)
    found = of(uscc)
    assert (found.arrears_months, found.first_arrears) == (1, "2020-05")


def test_premium_is_what_was_paid_for_the_year_whenever_it_was_paid() -> None:
    uscc = make_unit(1).uscc
    record(uscc, "2022-12")
    record(uscc, "2023-01", paid=Decimal("10.10"))
    record(uscc, "2023-01", "supplement", paid=Decimal("20.20"))
    record(uscc, "2023-12", "arrears", paid=Decimal("30.30"), paid_on=datetime.date(2024, 5, 1))
    record(uscc, "2023-12", "late_fee", paid=Decimal("7.00"))
    record(uscc, "2023-12", "refund", paid=Decimal("5.05"))
    record(uscc, "2024-01")
    assert of(uscc).premium == Decimal("55.55")


def test_headcounts_are_sums_of_normal_records_of_january_and_december() -> None:
    uscc = make_unit(1).uscc
    record(uscc, "2023-01", headcount=7)
    record(uscc, "2023-01", serial="2", headcount=5)
    record(uscc, "2023-01", "supplement", headcount=90)
    record(uscc, "2023-12", "supplement", headcount=90)
    found = of(uscc)
    assert (found.opening_headcount, found.closing_headcount) == (12, None)
    record(uscc, "2023-12", headcount=0)
    assert of(uscc).closing_headcount == 0


def test_separations_inside_the_year() -> None:
    uscc = make_unit(1).uscc
    for number, (on, reason) in enumerate(
        [("2022-12-31", "death"), ("2023-01-01", "death"), ("2023-12-31", "death"), ("2024-01-01", "death"),
         ("2023-06-01", "retirement"), ("2023-06-01", "dismissal")]
    ):  # fmt: skip
        separate(uscc, number, on, reason)
    found = of(uscc)
    assert (found.deaths, found.retirements) == (2, 1)


LISTINGS = [
    ("from the day itself", "2024-06-28", None, True),
    ("from the day after", "2024-06-29", None, False),
    ("removed the day after", "2023-01-01", "2024-06-29", True),
    ("removed on the day", "2023-01-01", "2024-06-28", False),
]


@pytest.mark.parametrize(
    ("since", "until", "live"), [case[1:] for case in LISTINGS], ids=[case[0] for case in LISTINGS]
)
def test_a_listing_is_live_from_its_day_to_the_day_before_its_removal(
    since: str, until: str | None, live: bool
) -> None:
    uscc = make_unit(1).uscc
    Listing.objects.create(uscc=uscc, list="zombie", listed_on=since, removed_on=until)
    assert of(uscc).lists == (f"zombie:{since}" if live else "")


def test_two_lists() -> None:
    uscc = make_unit(1).uscc
    Listing.objects.create(uscc=uscc, list="zombie", listed_on="2024-01-01")
    Listing.objects.create(uscc=uscc, list="abnormal", listed_on="2023-01-01")
    found = of(uscc)
    assert found.lists == "abnormal:2023-01-01;zombie:2024-01-01"
    assert found.on_lists(("zombie",)) == [("zombie", "2024-01-01")]


def test_a_bar_of_the_policy_year_holds_unless_revoked() -> None:
    uscc = make_unit(1).uscc
    Bar.objects.create(uscc=uscc, year=2023, reason="去年", proposed_at=NOW, proposed_label="甲")
    assert of(uscc).bar == ""
    bar = Bar.objects.create(uscc=uscc, year=2024, reason="逾期", proposed_at=NOW, proposed_label="甲")
    assert of(uscc).bar == "proposed"
    Bar.objects.filter(pk=bar.pk).update(
        status="revoked", decided_at=NOW, decided_label="乙", decision_reason="已按期拨付"
    )
    assert of(uscc).bar == ""


def test_paid_late_looks_at_the_premium_year_only() -> None:
    uscc = make_unit(1).uscc
    record(uscc, "2023-11", paid_on=datetime.date(2024, 1, 31))  # the last day in time
    record(uscc, "2023-12", paid_on=datetime.date(2024, 2, 1))
    record(uscc, "2022-12", paid_on=datetime.date(2024, 2, 1))
    assert of(uscc).late_months == 1


def test_paid_by_leaves_out_what_came_later_where_the_policy_names_a_day() -> None:
    uscc = make_unit(1).uscc
    a_year(uscc)
    record(uscc, "2023-12", "arrears", paid_on=datetime.date(2024, 7, 1))
    assert of(uscc).premium == Decimal("1300.00")
    strict = Question(2024, datetime.date(2024, 6, 28), paid_by=datetime.date(2024, 3, 31))
    assert of(uscc, strict).premium == Decimal("1200.00")


def test_statistics_are_refreshed_only_where_much_has_changed() -> None:
    assert facts.refresh_statistics() == []


def test_names_with_tabs_and_backslashes_come_through_copy_as_they_are() -> None:
    assert facts.plain("a\\tb\\\\c\\n") == "a\tb\\c\n"
    assert facts.plain("长春") == "长春"
