"""The law of forwarding as a table: what happens to a part of 100.00 yuan, and how it stands after (J2.7–J2.9).

The bank credited the agency on 2024-06-28; the deadline is the end of 2024-08-09, the 30th working day after.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch.models import Finding
from tests.dispatch.agencies import DUE, Paid, offences, undone
from tests.money.conftest import Staff, bureau, staff

__all__ = ["bureau", "staff"]

pytestmark = pytest.mark.django_db

Steps = Callable[[Paid], object]


def voucher(amount: str, paid_on: str) -> Steps:
    return lambda a: a.voucher(amount, paid_on)


def verified(amount: str, paid_on: str, on: str = "") -> Steps:
    return lambda a: (a.voucher(amount, paid_on), a.decide("verified", on or paid_on))


def rejected(on: str) -> Steps:
    return lambda a: a.decide("rejected", on)


def passed(on: str) -> Steps:
    return lambda a: a.decide("verified", on)


def back(amount: str, on: str, confirmed: str = "") -> Steps:
    return lambda a: a.give_back(amount, on, confirmed)


def sweep(as_of: str) -> Steps:
    return lambda a: a.sweep(as_of)


NOTHING = "0 0 0 0 open"
CLAIMED = "0 0 100 100 claimed 2025"
# what happened, and then: forwarded, returned, recovered, still owed, state, barred years
TABLE: dict[str, tuple[list[Steps], str]] = {
    "nothing, swept on the last day": ([sweep("08-09")], NOTHING),
    "nothing, swept the day after": ([sweep("08-10")], CLAIMED),
    "nothing, swept a year late": ([sweep("2025-08-10")], CLAIMED),
    "swept twice is swept once": ([sweep("08-10"), sweep("08-10"), sweep("08-11")], CLAIMED),
    "paid on the credit day": ([verified("100.00", "06-28"), sweep("08-10")], "100 0 0 0 settled"),
    "paid the day before the credit": ([voucher("100.00", "06-27"), sweep("08-10")], CLAIMED),
    "paid on the last day, handed in later": (
        [sweep("08-09"), verified("100.00", "08-09"), sweep("08-10")],
        "100 0 0 0 settled",
    ),
    "paid after the last day": ([voucher("100.00", "08-10"), sweep("08-10")], CLAIMED),
    "a cent too much is refused whole": ([voucher("100.01", "07-10"), sweep("08-10")], CLAIMED),
    "partial amounts add up": (
        [verified("60.00", "07-10"), verified("40.00", "07-11"), sweep("08-10")],
        "100 0 0 0 settled",
    ),
    "a part of it": ([verified("60.00", "07-10"), sweep("08-10")], "60 0 40 40 claimed 2025"),
    "one cent left": ([verified("99.99", "07-10"), sweep("08-10")], "99.99 0 0.01 0.01 claimed 2025"),
    "waiting for verification is not swept": ([voucher("100.00", "07-10"), sweep("08-10")], NOTHING),
    "waiting for a part of it": ([voucher("60.00", "07-10"), sweep("08-10")], "0 0 40 40 open 2025"),
    "verified after the deadline": (
        [voucher("100.00", "07-10"), sweep("08-10"), passed("08-20"), sweep("08-21")],
        "100 0 0 0 settled",
    ),
    "rejected after the deadline: at the next sweep": (
        [voucher("100.00", "07-10"), sweep("08-10"), rejected("08-20"), sweep("08-21")],
        CLAIMED,
    ),
    "rejected later: a second recovery": (
        [voucher("60.00", "07-10"), sweep("08-10"), rejected("08-20"), sweep("08-21")],
        CLAIMED,
    ),
    "rejected in time frees the amount": (
        [voucher("100.00", "07-10"), rejected("07-15"), verified("100.00", "07-20"), sweep("08-10")],
        "100 0 0 0 settled",
    ),
    "returned in full in time: no offence": ([back("100.00", "08-09"), sweep("08-10")], "0 100 0 0 settled"),
    "forwarded and returned": (
        [verified("60.00", "07-10"), back("40.00", "08-09"), sweep("08-10")],
        "60 40 0 0 settled",
    ),
    "a return of too much is refused": (
        [verified("60.00", "07-10"), back("40.01", "08-09"), sweep("08-10")],
        "60 0 40 40 claimed 2025",
    ),
    "what waits cannot be returned": (
        [voucher("60.00", "07-10"), back("41.00", "07-11"), sweep("08-10")],
        "0 0 40 40 open 2025",
    ),
    "returned a day late, booked before the sweep": (
        [back("100.00", "08-10"), sweep("08-10")],
        "0 0 100 0 claimed 2025",
    ),
    "returned a day late, booked after the sweep": (
        [sweep("08-10"), back("100.00", "08-10")],
        "0 0 100 0 claimed 2025",
    ),
    "returned in parts after the recovery": (
        [sweep("08-10"), back("30.00", "08-12"), back("70.00", "09-12")],
        "0 0 100 0 claimed 2025",
    ),
    "more than is claimed back is refused": (
        [sweep("08-10"), back("30.00", "08-12"), back("70.01", "09-12")],
        "0 0 100 70 claimed 2025",
    ),
    "returned in time, booked after the sweep": (
        [sweep("08-10"), back("100.00", "08-09", "08-20"), sweep("08-21")],
        "0 100 0 0 settled 2025",
    ),
    "part of it in time, booked after the sweep": (
        [sweep("08-10"), back("75.00", "08-09", "08-20"), sweep("08-21")],
        "0 75 25 25 claimed 2025",
    ),
    "in time and late, booked after the sweep": (
        [sweep("08-10"), back("75.00", "08-09", "08-20"), back("25.00", "08-22")],
        "0 75 25 0 claimed 2025",
    ),
    "no voucher after the recovery": ([sweep("08-10"), voucher("100.00", "07-10"), sweep("08-11")], CLAIMED),
}


def test_the_law_of_forwarding(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path).credited()
    agency.sweep("06-29")
    assert (agency.part().due_on, str(agency.part().amount)) == (DUE, "100.00")
    wrong = {}
    for what, (steps, expected) in TABLE.items():
        with undone():
            for step in steps:
                step(agency)
            found = agency.stands()
            if found != expected or offences():
                wrong[what] = (found, offences())
    assert wrong == {}


def test_a_second_recovery_is_its_own_finding(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path).credited()
    for step in (voucher("60.00", "07-10"), sweep("08-10"), rejected("08-20"), sweep("08-21")):
        step(agency)
    found = Finding.objects.order_by("nth").values_list("nth", "cause", "amount", "bar__year", "recovery__key")
    part = agency.part().pk
    assert [tuple(map(str, row)) for row in found] == [
        ("1", "overdue", "40.00", "2025", f"dispatch:{part}:1"),
        ("2", "rejected", "60.00", "2025", f"dispatch:{part}:2"),
    ]


def test_one_bar_however_many_parts(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path, hosts=3).credited()
    done = agency.sweep("08-10")
    assert (done.findings, str(done.amount), done.bars) == (3, "300.00", 1)
    assert [agency.stands(host).split()[-1] for host in range(3)] == ["2025"] * 3
    assert offences() == []
