"""What is claimed back: found once, reduced, repaid through two hands, ended when nothing is owed (N6.2, J2.8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from caseworks.base.errors import Refusal
from caseworks.books import checking
from caseworks.money import recoveries
from caseworks.money.enums import EntryKind, RecoveryKind, RecoveryOrigin
from caseworks.money.models import Movement, Recovery, RecoveryEntry, Repayment
from caseworks.money.recoveries import Found
from caseworks.people.models import Office
from tests.money.conftest import AT, CLOCK, ON, Staff

KEY = "clawback:2024:one"
LATE = dt.date(2024, 9, 2)


def found(key: str = KEY, amount: str = "100.00", subject: str = "91220102XNQNQPW14U", **changes: Any) -> Found:
    office = Office.objects.get(code="220102")
    row = Found(
        key, RecoveryKind.CLAWBACK, RecoveryOrigin.SWEEP, "dispatch", 2024, subject, "示例派遣有限公司", office.pk,
        office.city_or_self_id, Decimal(amount), "到期未转付", "吉人社联〔2024〕43号",
    )  # fmt: skip
    return replace(row, **changes)


def put(*rows: Found, proposed: bool = False, by: Any = CLOCK) -> list[str]:
    return recoveries.find(rows or [found()], by=by, at=AT, on=ON, proposed=proposed)


def sums(key: str = KEY) -> tuple[str, str, str, str]:
    row = Recovery.objects.get(key=key)
    return f"{row.amount}", f"{row.reduced}", f"{row.repaid}", row.status


def paid_back(staff: Staff, amount: str, ref: str, key: str = KEY) -> Repayment:
    given = {"amount": Decimal(amount), "on": LATE, "bank_ref": ref, "at": AT}
    return recoveries.decide(recoveries.repay(key, by=staff.cashier, **given), confirm=True, by=staff.second, at=AT)


@pytest.fixture(autouse=True)
def _clean(bureau: None) -> Any:
    yield
    assert checking.offences() == []


def test_a_thousand_are_found_in_one_statement_and_once_only(staff: Staff) -> None:
    rows = [found(f"k{n}", f"{n + 1}.00", f"S{n}") for n in range(1000)]
    assert len(put(*rows)) == 1000
    assert put(*rows, found("k1000")) == ["k1000"]
    assert put() == [KEY]
    assert Recovery.objects.count() == RecoveryEntry.objects.filter(kind="found").count() == 1002
    assert [str(row.owed) for row in recoveries.open_of("S41")] == ["42.00"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({recoveries.obstacles().select}) o WHERE subject = 'S999'")
        assert cursor.fetchall() == [("S999", "有未退还的追回款 1,000.00 元")]


def test_what_is_proposed_waits_for_another_person(staff: Staff) -> None:
    put(proposed=True, by=staff.clerk)
    assert sums() == ("100.00", "0.00", "0.00", "proposed")
    with pytest.raises(Refusal, match="须由提出人以外的人确认，未作任何更改"):
        recoveries.confirm(KEY, by=staff.clerk, at=AT, on=ON)
    recoveries.confirm(KEY, by=staff.approver, at=AT, on=ON)
    with pytest.raises(Refusal, match="追回中，不能再确认"):
        recoveries.confirm(KEY, by=staff.approver, at=AT, on=ON)
    with pytest.raises(IntegrityError, match="recovery_four_eyes"), transaction.atomic():
        Recovery.objects.update(confirmed_by=staff.clerk.person)


def test_a_return_in_time_reduces_once_and_never_more_than_is_owed(staff: Staff) -> None:
    put()
    for _ in range(2):
        recoveries.reduce(KEY, Decimal("40.00"), ref="HD1", on=ON, because="期限内退回", by=staff.clerk, at=AT)
    with pytest.raises(Refusal, match=r"凭据 HD1 已登记 40.00 元，与 41.00 元不符"):
        recoveries.reduce(KEY, Decimal("41.00"), ref="HD1", on=ON, because="", by=staff.clerk, at=AT)
    with pytest.raises(Refusal, match=r"不超过尚欠的 60.00 元"):
        recoveries.reduce(KEY, Decimal("60.01"), ref="HD2", on=ON, because="", by=staff.clerk, at=AT)
    assert sums() == ("100.00", "40.00", "0.00", "open")
    recoveries.reduce(KEY, Decimal("60.00"), ref="HD2", on=ON, because="期限内退回", by=staff.clerk, at=AT)
    assert sums() == ("100.00", "100.00", "0.00", "closed")
    assert not recoveries.open_of("91220102XNQNQPW14U").exists()


def test_money_that_comes_back_counts_through_two_hands_and_moves(staff: Staff) -> None:
    put()
    given = {"amount": Decimal("30.00"), "on": LATE, "bank_ref": "B1", "at": AT}
    entered = recoveries.repay(KEY, by=staff.cashier, **given)
    assert recoveries.repay(KEY, by=staff.cashier, **given) == entered
    assert (sums()[2], Movement.objects.count()) == ("0.00", 0)
    with pytest.raises(Refusal, match="须由登记人以外的人确认"):
        recoveries.decide(entered, confirm=True, by=staff.cashier, at=AT)
    with pytest.raises(Refusal, match=r"尚欠的 100.00 元（其中待确认 30.00 元）"):
        recoveries.repay(KEY, by=staff.cashier, **{**given, "amount": Decimal("70.01"), "bank_ref": "B2"})
    recoveries.decide(entered, confirm=True, by=staff.second, at=AT)
    assert sums() == ("100.00", "0.00", "30.00", "open")
    assert list(Movement.objects.values_list("kind", "amount", "on", "payment")) == [
        ("repaid", Decimal("-30.00"), LATE, None)
    ]
    paid_back(staff, "70.00", "B2")
    assert sums() == ("100.00", "0.00", "100.00", "closed")
    with pytest.raises(Refusal, match="已结案，未作任何更改"):
        recoveries.repay(KEY, by=staff.cashier, **{**given, "bank_ref": "B3"})


def test_a_bank_reference_is_used_once_unless_it_was_rejected(staff: Staff) -> None:
    put(found(), found("other", subject="S2"))
    first = recoveries.repay(KEY, amount=Decimal("1.00"), on=LATE, bank_ref="B1", by=staff.cashier, at=AT)
    with pytest.raises(Refusal, match="银行流水号 B1 已登记过"):
        recoveries.repay("other", amount=Decimal("1.00"), on=LATE, bank_ref="B1", by=staff.cashier, at=AT)
    recoveries.decide(first, confirm=False, by=staff.second, at=AT, note="记错对象")
    paid_back(staff, "1.00", "B1", key="other")
    assert (sums()[2], sums("other")[2]) == ("0.00", "1.00")


def test_what_two_have_looked_at_counts_at_once(staff: Staff) -> None:
    put()
    given = {"amount": Decimal("100.00"), "on": LATE, "bank_ref": "B1"}
    recoveries.repay(KEY, by=staff.cashier, at=AT, confirmed=True, **given)
    recoveries.repay(KEY, by=staff.cashier, at=AT, confirmed=True, **given)
    assert sums() == ("100.00", "0.00", "100.00", "closed")


def test_closed_handed_over_or_struck_off(staff: Staff) -> None:
    put(found(), found("b"), found("c"))
    with pytest.raises(Refusal, match=r"尚欠 100.00 元，不能结案"):
        recoveries.close(KEY, on=LATE, by=staff.approver, at=AT)
    recoveries.hand_over(KEY, to="人民法院", on=LATE, because="逾期不退", by=staff.approver, at=AT)
    assert recoveries.open_of("91220102XNQNQPW14U").count() == 3
    paid_back(staff, "100.00", "B1")
    assert sums()[3] == recoveries.close(KEY, on=LATE, by=staff.approver, at=AT).status == "closed"
    paid_back(staff, "10.00", "B2", key="b")
    for key, end in (("b", "closed"), ("c", "withdrawn")):
        with pytest.raises(Refusal, match="请写明撤销理由"):
            recoveries.withdraw(key, on=LATE, because=" ", by=staff.approver, at=AT)
        recoveries.withdraw(key, on=LATE, because="复议撤销", by=staff.approver, at=AT)
        assert sums(key)[3] == end


def test_the_database_keeps_the_account(staff: Staff) -> None:
    put()
    for change in ({"amount": Decimal("1.00")}, {"key": "x"}, {"subject": "x"}):
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            Recovery.objects.update(**change)
    for change in ({"reduced": Decimal("60.00"), "repaid": Decimal("41.00")}, {"status": "closed"}):
        with pytest.raises(IntegrityError, match="recovery_ends_when_nothing_is_owed"), transaction.atomic():
            Recovery.objects.update(**change)
    for table in ("money_recovery", "money_recoveryentry"):
        with (
            pytest.raises(ProgrammingError, match="delete rows from"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        ("recovery_is_its_account", "UPDATE money_recovery SET reduced = 1"),
        ("repaid_is_what_came_back", "UPDATE money_recovery SET repaid = 11"),
    ],
)
def test_the_books_name_a_tampered_row(invariant: str, change: str, staff: Staff) -> None:
    put()
    paid_back(staff, "10.00", "B1")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(change)
        assert invariant in {offence.invariant for offence in checking.offences()}
        transaction.set_rollback(True)


def test_entries_say_what_was_done(staff: Staff) -> None:
    put(proposed=True, by=staff.clerk)
    recoveries.confirm(KEY, by=staff.approver, at=AT, on=ON)
    recoveries.record(KEY, EntryKind.NOTICED, on=ON, by=staff.clerk, at=AT, ref="〔2024〕1号", due_on=LATE)
    recoveries.record(KEY, EntryKind.URGED, on=LATE, by=staff.clerk, at=AT, note="电话催告")
    row = Recovery.objects.get()
    assert (row.due_on, list(row.entries.values_list("kind", flat=True))) == (
        LATE,
        ["found", "confirmed", "noticed", "urged"],
    )
    assert list(Recovery.objects.overdue(LATE)) == []
    assert list(Recovery.objects.overdue(LATE + dt.timedelta(days=1))) == [row]
