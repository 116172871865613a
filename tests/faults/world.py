"""A small synthetic bureau whose cases are carried by the operations that people use, so that the books look at all of it.

It stands in a training database after `setup`; `FundYear` makes its fund rich. Each call adds units of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from stdnum.cn import uscc as numbers

from caseworks.cases.enums import Stage
from caseworks.cases.models import Case
from caseworks.desk.rehearsing import REVIEWERS, _Rehearsal, _staff
from caseworks.law import training
from caseworks.money.models import Payment
from caseworks.people.models import Office
from caseworks.registry.models import FundYear, Unit
from dispatch import applications
from tests.dispatch.agencies import AT, CLOCK, Paid, day
from tests.money.conftest import Staff, give_account, judge
from tests.refunds.build import make_unit

PHONE = "13812345678"
REGIONS = ("220102", "220202")  # of two cities: two announcements, two batches
CREDITED = day("07-09")
STAGES = ("opened", "approved", "announced", "cleared")


def rich() -> None:
    """The fund pays for two years, and every office can be called; on a training database only."""
    training.require_training()
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )
    Office.objects.filter(phone="").update(phone="0431-1234567")


def staff() -> Staff:
    """The training people."""
    found = _staff()
    return Staff(
        cashier=found["cashier"], second=found["approver"], approver=found["approver"], clerk=found["clerk"],
        reviewer=found["reviewer"],
    )  # type: ignore[index]  # fmt: skip


def code_of(number: int, region: str = "220104") -> str:
    """A valid unified code of nobody."""
    body = f"91{region}XN{number:07d}"
    return body + numbers.calc_check_digit(body)


def units(first: int, count: int) -> list[Unit]:
    """Units with an account, a telephone and an eligible judgement, in two cities by turns."""
    found = []
    for number in range(first, first + count):
        region = REGIONS[number % len(REGIONS)]
        unit = make_unit(number, region, uscc=code_of(number, region), phone=PHONE)
        give_account(unit)
        judge(unit, f"{60 + 6 * number}.00", premium=Decimal(100 + 10 * number))
        found.append(unit)
    return found


def carry(scheme: str, upto: str, year: int = 2024) -> _Rehearsal:
    """Open what is eligible and carry all of a scheme's cases until they stand there."""
    found = _Rehearsal(scheme, year, None)
    found.open()
    if upto in STAGES[1:]:
        for stage, role in REVIEWERS.items():
            found.review(Stage(stage), found.staff[role])
    if upto in STAGES[2:]:
        found.announce()
    if upto in STAGES[3:]:
        found.clear()
    return found


def pay_all(scheme: str, year: int = 2024) -> None:
    """Everything that waits goes to the bank: what a cashier does who comes back to the desk and looks what is left."""
    found = _Rehearsal(scheme, year, None)
    found.send_what_is_drawn_up()
    found.pay({})


def cases(subjects: Iterable[str]) -> list[Case]:
    """The cases of these subjects, in their order."""
    return list(Case.objects.filter(subject__in=list(subjects)).order_by("pk"))


def results(subjects: Iterable[str], folder: Path, name: str = "bank.csv") -> Path:
    """The bank's file that credits what was sent to these subjects."""
    sent = Payment.objects.filter(subject__in=list(subjects), status="sent").order_by("pk")
    lines = [f"{number},paid,{CREDITED}," for number in sent.values_list("payment_no", flat=True)]
    path = folder / name
    path.write_text("\n".join(["payment_no,result,on,reason", *lines, ""]), encoding="utf-8")
    return path


class Agency(Paid):
    """An agency with two hosts and a code of its own, which has applied."""

    def __post_init__(self) -> None:
        uscc = code_of(self.number, "220102")
        self.unit = make_unit(self.number, "220102", uscc=uscc, dispatch_licence=f"SYN-{self.number}", phone=PHONE)
        give_account(self.unit)
        whole = Decimal(self.premium) * (self.hosts + 1)
        judge(
            self.unit, "0.00", outcome="apply", reasons=["dispatch_must_apply"], premium=whole,
            dispatch_licence=f"SYN-{self.number}",
        )  # fmt: skip


def agency(number: int, folder: Path) -> Agency:
    """One that has applied and been paid: the sweep finds two parts overdue."""
    made = Agency(staff(), folder, number=number, hosts=2)
    applications.submit(made.roster(), uscc=made.unit.uscc, year=2024, on=made.on, by=CLOCK, at=AT)
    return made
