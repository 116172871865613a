"""A small bureau with units, their accounts and judgements, and cases that wait to be paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from caseworks.base.models import Run
from caseworks.base.sealed import lookup_hash
from caseworks.cases import history
from caseworks.cases.models import Case
from caseworks.law.models import Policy
from caseworks.money import batches
from caseworks.money.models import Batch, Payment
from caseworks.people.actors import Actor
from caseworks.registry.models import Account, AccountDeclaration, FundYear, ImportFile, Unit
from refunds.models import Assessment
from tests.people.builders import person
from tests.refunds.build import make_unit

AT = dt.datetime(2024, 7, 9, 1, 30, tzinfo=dt.UTC)
ON = dt.date(2024, 7, 9)
CLOCK = Actor.of_command("test")
LATER = AT + dt.timedelta(days=1)
OPEN = """
    SELECT a.uscc AS subject, a.name, a.office_id, a.city_office_id, a.amount, sha256(a.uscc::bytea) AS fingerprint
    FROM refunds_assessment a WHERE a.year = 2024 AND a.uscc = ANY(%(usccs)s)
"""
ROAD = ("pass_first", "pass_second", "approve", "announce", "clear")


@dataclass
class Staff:
    """The people of the bureau, as actors."""

    cashier: Actor
    second: Actor
    approver: Actor
    clerk: Actor
    reviewer: Actor


@pytest.fixture
def bureau(db: None, settings: Any) -> None:
    """A bureau after `setup`, on which invented data may be used; the fund is rich."""
    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )


@pytest.fixture
def staff(bureau: None) -> Staff:
    def actor(name: str, role: str) -> Actor:
        return Actor.of_person(person(name, role))

    return Staff(
        actor("cashier-a", "cashier"),
        actor("cashier-b", "cashier"),
        actor("approver-a", "approver"),
        actor("clerk-a", "clerk"),
        actor("reviewer-a", "reviewer"),
    )


def give_account(unit: Unit, kind: str = "corporate", number: str = "", **changes: Any) -> Account:
    """An account of a unit, in use unless it is told otherwise."""
    number = number or f"99990000{unit.pk:010d}"
    given = {
        "uscc": unit.uscc, "kind": kind, "bank_name": "虚构商业银行", "bank_code": "999000000001", "account_no": number,
        "account_hash": lookup_hash(number), "account_tail": number[-4:], "account_name": unit.name,
        "status": "current", "proposed_at": AT, "proposed_label": "测试",
    }  # fmt: skip
    return Account.objects.create(**{**given, **changes})


def declare(unit: Unit, **changes: Any) -> AccountDeclaration:
    """The unit's declaration that it has no corporate account, confirmed unless it is told otherwise."""
    given = {
        "uscc": unit.uscc, "source": "单位书面声明", "declared_on": dt.date(2024, 7, 1), "status": "confirmed",
        "proposed_at": AT, "proposed_label": "测试", "decided_at": AT, "decided_label": "测试",
    }  # fmt: skip
    return AccountDeclaration.objects.create(**{**given, **changes})


def judge(unit: Unit, amount: str, **changes: Any) -> Assessment:
    """An eligible judgement of a unit."""
    policy = Policy.objects.in_force().of("refunds", 2024).get(region="22")
    given = {
        "year": 2024, "uscc": unit.uscc, "unit_id": unit.pk, "office_id": unit.office_id,
        "city_office_id": unit.city_office_id, "policy_id": policy.pk, "judged_on": dt.date(2024, 6, 28),
        "months_paid": 12, "arrears_months": 0, "opening_headcount": 10, "closing_headcount": 10, "deaths": 0,
        "retirements": 0, "net_reduction": 0, "rejected_rows": 0, "late_months": 0, "account_proposed": False,
        "name": unit.name, "region": unit.region, "unit_type": unit.unit_type, "size": unit.size,
        "status": unit.status, "outcome": "eligible", "premium": Decimal("1000.00"), "layoff_rate": Decimal(0),
        "ratio": Decimal("0.6"), "amount": Decimal(amount),
    }  # fmt: skip
    return Assessment.objects.create(**{**given, **changes})


@dataclass
class Cases:
    """Cases that wait to be paid, by the number of their unit."""

    staff: Staff
    by_number: dict[int, int] = field(default_factory=dict)

    def make(
        self, number: int, amount: str = "", account: str = "corporate", declared: bool = True, **changes: Any
    ) -> int:
        """A cleared case of a unit with an account of its own."""
        unit = make_unit(number, **changes)
        judge(unit, amount or f"{100 + number}.00")
        if account:
            give_account(unit, account)
        if account == "tax" and declared:
            declare(unit)
        params = {"usccs": [unit.uscc]}
        history.open_cases(scheme="refunds", year=2024, select=OPEN, params=params, by=CLOCK, at=AT)
        case = Case.objects.get(subject=unit.uscc).pk
        for step in ROAD:
            history.take(step, [case], by=CLOCK, at=AT, note="测试")
        self.by_number[number] = case
        return case

    def some(self, *numbers: int) -> list[int]:
        """Several like that."""
        return [self.make(number) for number in numbers]

    def unit(self, number: int) -> Unit:
        """The unit of a number."""
        return Unit.objects.get(uscc=Case.objects.get(pk=self.by_number[number]).subject)

    def draw_up(self, cases: Iterable[int], on: dt.date = ON) -> batches.DrawnUp:
        """Draw them up, as the cashier."""
        return batches.draw_up(scheme="refunds", year=2024, case_ids=cases, by=self.staff.cashier, at=AT, on=on)

    def send(self, cases: Iterable[int], on: dt.date = ON) -> list[Payment]:
        """Draw up, release and send; the payments that went."""
        drawn = self.draw_up(cases, on)
        for batch in drawn:
            batches.release(batch, by=self.staff.second, at=AT)
            batches.send(batch, by=self.staff.cashier, at=AT, on=on)
        return list(Payment.objects.filter(batch__in=[batch.pk for batch in drawn]).order_by("pk"))


@pytest.fixture
def cases(staff: Staff) -> Cases:
    return Cases(staff)


Results = Callable[..., Path]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """A file of bank results: `results("no,paid,2024-07-10,", …)`."""

    def write(*lines: str, header: str = "payment_no,result,on,reason", name: str = "bank.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
        return path

    return write


def imported(kind: str, at: dt.datetime) -> None:
    """A finished import of a kind of file."""
    run = Run.objects.create(kind="import", key=kind, title=kind, os_user="测试", command="测试", created_at=at)
    ImportFile.objects.create(run=run, kind=kind, name=f"{kind}.csv", actor_label="测试", created_at=at, finished_at=at)


def state(case: int) -> str:
    """Where a case stands."""
    return str(Case.objects.values_list("status", flat=True).get(pk=case))


def fresh(batch: Batch) -> Batch:
    """A batch as it stands in the database."""
    return Batch.objects.get(pk=batch.pk)
