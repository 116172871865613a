"""Money that an agency gives back is on the fund's side of the month, once, whatever it settles or repays (J2.8, N6.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseworks.books import checking
from caseworks.money import ledgers
from caseworks.money.models import Movement
from tests.dispatch.agencies import Paid, offences
from tests.money.conftest import Staff, bureau, staff

__all__ = ["bureau", "staff"]

pytestmark = pytest.mark.django_db


def test_money_given_back_is_a_movement_of_the_fund(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path).credited()
    agency.give_back("30.00", "07-10")  # in time
    agency.sweep("08-10")
    agency.give_back("20.00", "08-09", "08-14")  # in time, booked late: takes off the recovery
    agency.give_back("50.00", "08-20")  # late: repays it
    assert agency.stands() == "0 50 50 0 claimed 2025"
    moved = Movement.objects.order_by("pk").values_list("kind", "amount", "on", "bank_ref")
    assert [(kind, str(amount), str(on), ref) for kind, amount, on, ref in moved] == [
        ("paid", "200.00", "2024-06-28", ""), ("given_back", "-30.00", "2024-07-10", "TH00100001"),
        ("given_back", "-20.00", "2024-08-09", "TH00100002"), ("repaid", "-50.00", "2024-08-20", ""),
    ]  # fmt: skip
    assert [str(line.held) for line in ledgers.of(agency.unit.uscc) if line.amount] == [
        "200.00", "170.00", "150.00", "100.00",
    ]  # fmt: skip
    assert offences() == []
    assert checking.offences() == []
