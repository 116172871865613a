"""The fund's reserve beside what is being drawn up: figures, what is left, and why a gate is closed (N2.6)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caseworks.money import gate, outlook
from caseworks.money.gate import Gate
from caseworks.people import offices
from caseworks.registry.models import FundYear
from tests.money.conftest import ON, Cases, Staff

D = Decimal


def test_what_this_leaves_is_told_in_money_and_months() -> None:
    found = Gate("220000", 2023, 12, D("1500.00"), D("1200.00"), committed=D("100.00"), taken=D("250.00"))
    assert (found.monthly, found.shown_months, found.left, found.leaves, found.leaves_months) == (
        D("100.00"), D("15.0000"), D("1400.00"), D("1150.00"), D("11.5000"),
    )  # fmt: skip
    assert (found.is_open, found.leaves_short) == (
        True,
        True,
    )  # told, and refuses nothing: the clause asks for year-end
    assert Gate.of_json(found.as_json()) == found


@pytest.mark.parametrize(
    ("figures", "shown"),
    [
        ((None, None), (None, None, None)),
        ((D("5.00"), D("0.00")), (D("0.00"), None, D("5.00"))),
    ],
)
def test_without_figures_nothing_is_told(figures: tuple[Decimal | None, Decimal | None], shown: object) -> None:
    found = Gate("220000", 2023, 12, *figures)
    assert (found.monthly, found.leaves_months, found.leaves) == shown
    assert not found.is_open
    assert Gate.of_json(found.as_json()) == found


def test_each_batch_stands_after_the_one_before(cases: Cases) -> None:
    first, second = cases.make(1), cases.make(2, region="220200")
    drawn = cases.draw_up([first, second])
    kept = [(batch.gate["committed"], batch.gate["taken"], batch.gate["leaves"]) for batch in drawn]
    assert kept == [("0.00", "101.00", "23999899.00"), ("101.00", "102.00", "23999797.00")]


def test_a_pool_counts_what_left_its_own_fund(cases: Cases) -> None:
    FundYear.objects.create(region="220100", year=2023, closing_balance=D("120.00"), expenditure=D("100.00"))
    cases.draw_up([cases.make(1, region="220102"), cases.make(2, region="220202")])
    found = gate.look(2024, [("220100", 12), ("220000", 12)])
    assert (found["220100"].committed, found["220000"].committed) == (D("101.00"), D("203.00"))
    assert offices.place("220102").city_office_id == offices.place("220100").office_id


def test_the_outlook_takes_what_can_be_paid_and_not_what_waits(cases: Cases, staff: Staff) -> None:
    cases.make(1)
    cases.make(2, account="")
    assert staff.cashier.person is not None
    (found,) = outlook.of("refunds", 2024, staff.cashier.person, ON).gates
    assert (found.taken, found.leaves) == (D("101.00"), D("23999899.00"))
