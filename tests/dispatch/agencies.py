"""An agency with hosts, paid by the bank, made quickly for a test: each part is 100.00 yuan unless it is told otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from caseworks.books.invariants import invariant
from caseworks.cases import history, openings
from caseworks.cases.models import Bar, Case
from caseworks.money import bank_results, batches
from caseworks.money.models import Payment, Recovery
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from dispatch import applications, decisions, enforcement, returns, vouchers
from dispatch.decisions import Opinion
from dispatch.enums import Channel
from dispatch.invariants import CHECKS
from dispatch.models import Application, Obligation, Voucher
from tests.money.conftest import ROAD, Staff, give_account, judge
from tests.refunds.build import make_unit

AT = dt.datetime(2024, 6, 3, 1, 0, tzinfo=dt.UTC)
CLOCK = Actor.of_command("test")
CREDITED = dt.date(2024, 6, 28)
DUE = dt.date(2024, 8, 9)  # the end of the 30th working day after the credit
HEADER = "id_no,name,employment_form,host_uscc,host_name,host_type,period_from,period_to,premium_paid"
HOSTS = ("91220102XNQNQPW14U", "91220184XNU75FL159", "91220105XNYREPN1X2", "91220184XNG8LBL175")
AGENCIES = (
    "91220104XN6NQP823M", "91220104XN8LA3924Q", "91220104XNAJUD922M", "91220104XNCGDQ926C", "91220104XNEEY3A265",
)  # fmt: skip
PEOPLE = (
    "220104195005310003", "22010519500531000X", "220106195005310006", "220112195005310003", "22011319500531000X",
    "220122195005310006",
)  # fmt: skip


def day(text: str) -> dt.date:
    """A date of 2024 as MM-DD, or any as YYYY-MM-DD."""
    return dt.date.fromisoformat(text if len(text) > 5 else f"2024-{text}")


class _Undo(Exception):
    """Leaves nothing behind."""


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back."""
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass


@dataclass
class Paid:
    """An agency, its hosts and what happens to its parts."""

    staff: Staff
    folder: Path
    number: int = 1
    hosts: int = 1
    premium: str = "166.67"  # by 60 % a part of 100.00
    on: dt.date = dt.date(2024, 6, 3)
    unit: Unit = field(init=False)
    receipts: int = 0

    def __post_init__(self) -> None:
        self.unit = make_unit(
            self.number, "220102", uscc=AGENCIES[self.number - 1], dispatch_licence=f"SYN-{self.number}"
        )
        give_account(self.unit)
        whole = Decimal(self.premium) * (self.hosts + 1)
        judge(
            self.unit, "0.00", outcome="apply", reasons=["dispatch_must_apply"], premium=whole,
            dispatch_licence=f"SYN-{self.number}",
        )  # fmt: skip

    @property
    def application(self) -> Application:
        return Application.objects.get(uscc=self.unit.uscc)

    @property
    def case(self) -> Case:
        return Case.objects.get(subject=self.unit.uscc)

    @property
    def clerk(self) -> Actor:
        return self.staff.clerk

    def roster(self, hosts: Mapping[str, str] | None = None) -> Path:
        """Its own worker and one for each host."""
        names = hosts or dict.fromkeys(HOSTS[: self.hosts], self.premium)
        lines = [HEADER, f"{PEOPLE[0]},甲,own,,,,2023-01,2023-12,{self.premium}"]
        for place, (host, premium) in enumerate(names.items(), 1):
            lines.append(
                f"{PEOPLE[place]},乙{place},dispatched,{host},示例用工{place},enterprise,2023-01,2023-12,{premium}"
            )
        path = self.folder / f"roster{self.number}.csv"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path

    def apply(self) -> Paid:
        applications.submit(self.roster(), uscc=self.unit.uscc, year=2024, on=self.on, by=CLOCK, at=AT)
        return self

    def approve(self) -> Paid:
        openings.open_eligible(scheme="dispatch", year=2024, by=CLOCK, at=AT)
        for step in ROAD:
            history.take(step, [self.case.pk], by=CLOCK, at=AT, note="测试")
        return self

    def send(self, on: dt.date = CREDITED) -> Payment:
        drawn = batches.draw_up(
            scheme="dispatch", year=2024, case_ids=[self.case.pk], by=self.staff.cashier, at=AT, on=on
        )
        for batch in drawn:
            batches.release(batch, by=self.staff.second, at=AT)
            batches.send(batch, by=self.staff.cashier, at=AT, on=on)
        return Payment.objects.filter(case=self.case).latest("pk")

    def bank(self, payment: Payment, result: str, on: dt.date) -> None:
        path = self.folder / "bank.csv"
        path.write_text(
            f"payment_no,result,on,reason\n{payment.payment_no},{result},{on},账户已销户\n", encoding="utf-8"
        )
        bank_results.book(path, by=CLOCK, at=AT)

    def credited(self, on: dt.date = CREDITED) -> Paid:
        self.apply().approve()
        self.bank(self.send(min(on, CREDITED)), "paid", on)
        return self

    # -- what happens to a part

    def voucher(self, amount: str, paid_on: str, host: int = 0, receipt: str = "", **more: Any) -> vouchers.Outcome:
        self.receipts += 1
        given = vouchers.Given(
            self.unit.uscc, 2024, HOSTS[host], Decimal(amount), day(paid_on),
            receipt or f"SL{self.number:03d}{self.receipts:05d}", **more,
        )  # fmt: skip
        return vouchers.take([given], by=CLOCK, at=AT, channel=Channel.COMMAND)

    def decide(self, decision: str, on: str, reason: str = "", which: int = -1) -> Voucher:
        rows = list(Voucher.objects.filter(uscc=self.unit.uscc).order_by("pk"))
        opinion = Opinion(decision, day(on), reason or ("其他" if decision == "rejected" else ""))
        return decisions.decide(rows[which], opinion, by=self.clerk, at=AT)

    def give_back(self, amount: str, returned_on: str, confirmed_on: str = "", host: int = 0) -> returns.Outcome:
        self.receipts += 1
        given = returns.Given(
            self.unit.uscc, 2024, HOSTS[host], Decimal(amount), day(returned_on),
            f"TH{self.number:03d}{self.receipts:05d}", day(confirmed_on or returned_on),
        )  # fmt: skip
        return returns.confirm([given], by=self.clerk, at=AT)

    def sweep(self, as_of: str) -> enforcement.Swept:
        return enforcement.sweep(day(as_of), by=CLOCK, at=AT)

    # -- how it stands

    def part(self, host: int = 0) -> Obligation:
        return Obligation.objects.filter(uscc=self.unit.uscc, host_uscc=HOSTS[host]).standing().get()

    def stands(self, host: int = 0) -> str:
        """Forwarded, returned, recovered, still owed, state and the years barred, as `60 0 40 40 claimed 2025`."""
        part = self.part(host)
        found = Recovery.objects.filter(finding__obligation=part)
        recovered = sum((row.amount - row.reduced for row in found), Decimal(0))
        sums = (part.verified, part.returned, recovered, sum((row.owed for row in found), Decimal(0)))
        barred = sorted(Bar.objects.filter(uscc=self.unit.uscc).standing().values_list("year", flat=True))
        return " ".join([*(f"{amount.normalize():f}" for amount in sums), str(part.status), *map(str, barred)])


def offences() -> list[tuple[str, object]]:
    """What the books find wrong with agencies."""
    found: list[tuple[str, object]] = []
    with connection.cursor() as cursor:
        for name, each in CHECKS.items():
            cursor.execute(invariant(each).sql)
            found += [(name, row) for row in cursor.fetchall()]
    return found
