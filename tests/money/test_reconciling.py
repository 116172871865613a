"""The bank's statement beside our movements: matched by what is sure, settled in words, closed by another, held by the books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from caseworks.base.errors import Refusal
from caseworks.books import checking
from caseworks.money import bank_results, reconciling, recoveries, statements
from caseworks.money.enums import RecoveryKind, RecoveryOrigin
from caseworks.money.models import Match, Movement, MovementNote, Payment, ReconciledMonth, Statement, StatementLine
from caseworks.money.recoveries import Found
from caseworks.money.statements import Taken
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from tests.money.conftest import AT, CLOCK, LATER, ON, Cases, Results, Staff
from tests.people.builders import person

D = Decimal
HEADER = "日期,金额,方向,摘要,对方户名,对方账号,流水号"
AUGUST = dt.datetime(2024, 8, 5, 1, 30, tzinfo=dt.UTC)


@dataclass
class Account:
    """A city's account with three payments paid in July and one that came back."""

    office: Office
    paid: list[Payment]
    staff: Staff
    folder: Path

    def file(self, *lines: str, name: str = "七月.csv") -> Path:
        """A statement."""
        path = self.folder / name
        path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
        return path

    def take(self, *lines: str, by: Actor | None = None) -> Taken:
        """Take a statement of these lines, as the cashier."""
        return statements.take(self.file(*lines), self.office, by=by or self.staff.cashier, at=AUGUST)

    def figures(self, month: str = "2024-07") -> reconciling.Figures:
        """The month as it stands."""
        return reconciling.figures(self.office, month)


def paid_line(payment: Payment, day: str = "2024-07-10", way: str = "支出") -> str:
    """The bank's line of a payment, its number in the reference."""
    return f"{day},{payment.amount},{way},稳岗返还 {payment.payment_no},{payment.name},,"


@pytest.fixture
def account(cases: Cases, results: Results, staff: Staff, tmp_path: Path) -> Account:
    sent = cases.send(cases.some(1, 2, 3))
    bank_results.book(results(*(f"{row.payment_no},paid,2024-07-10," for row in sent)), by=CLOCK, at=AT)
    office = Office.objects.get(code="220100")
    return Account(office, list(Payment.objects.order_by("pk")), staff, tmp_path)


def test_payments_are_found_by_their_number(account: Account) -> None:
    taken = account.take(*(paid_line(row) for row in account.paid))
    assert taken == Taken(3, 3, 3, ("2024-07",))
    assert set(Match.objects.values_list("by", flat=True)) == {"number"}
    found = account.figures()
    assert (found.ours_count, found.ours, found.banks_count, found.banks) == (3, D("306.00"), 3, D("306.00"))
    assert (found.open, found.difference, found.balances) == (0, D("0.00"), True)


def test_the_same_statement_again_changes_nothing(account: Account) -> None:
    lines = [paid_line(row) for row in account.paid]
    account.take(*lines)
    assert account.take(*lines, "2024-07-31,3.50,收入,利息,,,") == Taken(4, 1, 0, ("2024-07",))
    assert (StatementLine.objects.count(), Statement.objects.count(), Match.objects.count()) == (4, 2, 3)


def test_a_sum_for_a_whole_batch(account: Account) -> None:
    batch = account.paid[0].batch
    assert account.take(f"2024-07-10,306.00,借,代发 {batch},,,").matched == 3
    assert list(Match.objects.values_list("by", "line")) == [("batch", StatementLine.objects.get().pk)] * 3
    assert checking.offences() == []


def test_a_sum_that_is_another_is_not_taken(account: Account) -> None:
    assert account.take(f"2024-07-10,305.00,借,代发 {account.paid[0].batch},,,").matched == 0


def test_by_amount_account_and_day_where_they_name_one(account: Account) -> None:
    one, two, _ = account.paid
    no = one.account_no
    assert account.take(f"2024-07-10,101.00,支出,拨款,{one.name},{no},S1").matched == 1
    assert Match.objects.get().by == "account"
    twice = [f"2024-07-10,102.00,支出,拨款,{two.name},{two.account_no},S{n}" for n in (2, 3)]
    assert account.take(*twice).matched == 0, "two lines for one movement: a person says which"


def test_what_came_back_and_what_was_given_back(account: Account, results: Results, staff: Staff) -> None:
    one, two, three = account.paid
    bank_results.book(results(f"{one.payment_no},returned,2024-07-12,销户"), by=CLOCK, at=AT)
    owed = Found(
        "k", RecoveryKind.OVERPAID, RecoveryOrigin.AUDIT, "refunds", 2024, two.subject, two.name, two.office_id,
        two.city_office_id, D("50.00"), "多付", "N6.5",
    )  # fmt: skip
    recoveries.find([owed], by=CLOCK, at=AT, on=ON)
    given = {"amount": D("20.00"), "on": dt.date(2024, 7, 20), "bank_ref": "HK77", "at": AT}
    recoveries.decide(recoveries.repay("k", by=staff.cashier, **given), confirm=True, by=staff.second, at=AT)
    taken = account.take(
        paid_line(one), paid_line(two), paid_line(three), paid_line(one, "2024-07-12", "收入"),
        "2024-07-20,20.00,贷,退款,,,HK77",
    )  # fmt: skip
    assert taken.matched == 5
    assert account.figures().ours == account.figures().banks == D("185.00")
    assert sorted(Match.objects.values_list("by", flat=True)) == ["number"] * 4 + ["repayment"]


def test_out_and_in_again_of_what_never_arrived_explains_itself(
    cases: Cases, account: Account, results: Results
) -> None:
    (fourth,) = cases.send(cases.some(4))
    bank_results.book(results(f"{fourth.payment_no},returned,2024-07-11,户名不符"), by=CLOCK, at=AT)
    account.take(paid_line(fourth), paid_line(fourth, "2024-07-11", "收入"))
    lines = StatementLine.objects.values_list("settled_because", "amount")
    assert set(lines) == {
        ("银行退回，未入账：同一支付一出一进", D("104.00")),
        ("银行退回，未入账：同一支付一出一进", D("-104.00")),
    }
    assert account.figures().banks == 0


WRONG = {
    "no direction": ("2024-07-10,1.00,,x,,,", "方向不能为空"),
    "another direction": ("2024-07-10,1.00,进,x,,,", "应为 支出（借）或 收入（贷）"),
    "nothing": ("2024-07-10,0.00,支出,x,,,", "金额为 0"),
    "a negative": ("2024-07-10,-1.00,支出,x,,,", "金额不能为负数"),
    "a day that is none": ("2024-07-32,1.00,支出,x,,,", "没有这一天"),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_line_refuses_the_whole_statement(case: str, account: Account) -> None:
    line, words = WRONG[case]
    with pytest.raises(Refusal, match="1 行不能导入，整个文件没有导入，未作任何更改") as refused:
        account.take(paid_line(account.paid[0]), line)
    assert words in str(refused.value)
    assert "第3行" in str(refused.value)
    assert not StatementLine.objects.exists()


def test_who_may(account: Account, settings: Any) -> None:
    with pytest.raises(Refusal, match="办理对账的权限，未作任何更改"):
        account.take(paid_line(account.paid[0]), by=account.staff.clerk)
    far = Actor.of_person(person("far", "cashier", at_office="220200"))
    with pytest.raises(Refusal, match="办理对账的权限"):
        account.take(paid_line(account.paid[0]), by=far)
    county = Office.objects.get(code="220102")
    with pytest.raises(Refusal, match="没有自己的基金账户，由所属市级机构对账"):
        statements.take(account.file(paid_line(account.paid[0])), county, by=account.staff.cashier, at=AUGUST)
    settings.TRAINING = False
    with pytest.raises(Refusal) as refused:
        account.take("2024-09-01,1.00,支出,x,,,")
    assert "日期 2024-09-01 在今天之后" in str(refused.value)


def test_what_stands_on_one_side_alone_is_settled_in_words(account: Account) -> None:
    one, two, three = account.paid
    by, at = account.staff.cashier, AUGUST
    account.take(paid_line(one), paid_line(two), "2024-07-31,3.50,收入,利息,,,")
    assert (account.figures().ours_open, account.figures().banks_open) == (1, 1)
    with pytest.raises(Refusal, match="还有 1 笔流水、1 笔对账单明细没有勾对或核实，未作任何更改"):
        reconciling.propose(account.office, "2024-07", by=by, at=at)
    line, movement = StatementLine.objects.get(reference="利息"), Movement.objects.get(payment=three)
    with pytest.raises(Refusal, match="请写明核实情况"):
        reconciling.settle_line(line, because=" ", by=by, at=at)
    reconciling.settle_line(line, because="银行结息，转入利息收入", by=by, at=at)
    with pytest.raises(Refusal, match="已勾对或已核实"):
        reconciling.settle_line(line, because="再来", by=by, at=at)
    reconciling.settle_movement(movement, account.office, because="银行次月入账", by=by, at=at)
    with pytest.raises(Refusal, match="已勾对或已核实"):
        reconciling.settle_movement(movement, account.office, because="再来", by=by, at=at)
    row = reconciling.propose(account.office, "2024-07", by=by, at=at)
    assert (row.ours, row.ours_apart, row.banks, row.banks_apart) == (D("306.00"), D("103.00"), D("199.50"), D("-3.50"))


def test_by_hand_where_the_sums_are_the_same(account: Account) -> None:
    one, two, three = (Movement.objects.get(payment=row) for row in account.paid)
    account.take("2024-07-11,204.00,支出,手工划款,,,", paid_line(account.paid[1]))
    line = StatementLine.objects.get(reference="手工划款")
    by = account.staff.cashier
    for movements, words in (
        ([one.pk], "所选流水合计 101.00 元，对账单为 204.00 元，未作任何更改"),
        ([one.pk, two.pk], "其中有的已勾对"),
        ([], "没有选中流水"),
    ):
        with pytest.raises(Refusal, match=words):
            reconciling.match_by_hand(line, movements, by=by, at=AUGUST)
    assert reconciling.match_by_hand(line, [one.pk, three.pk], by=by, at=AUGUST) == 2
    assert account.figures().open == 0
    assert reconciling.unmatch(line, by=by) == 2
    assert account.figures().open == 3


def explained(account: Account) -> ReconciledMonth:
    account.take(*(paid_line(row) for row in account.paid), "2024-07-31,3.50,收入,利息,,,")
    line = StatementLine.objects.get(reference="利息")
    reconciling.settle_line(line, because="结息", by=account.staff.cashier, at=AUGUST)
    return reconciling.propose(account.office, "2024-07", by=account.staff.cashier, at=AUGUST)


def test_a_month_is_closed_by_another_and_stays_closed(account: Account, staff: Staff) -> None:
    row = explained(account)
    with pytest.raises(Refusal, match="关账须由提请人和核实人以外的人办理，未作任何更改"):
        reconciling.close(row, by=staff.cashier, at=AUGUST)
    with pytest.raises(Refusal, match="办理对账的权限"):
        reconciling.close(row, by=staff.clerk, at=AUGUST)
    assert reconciling.close(row, by=staff.second, at=AUGUST).status == "closed"
    line = Match.objects.all()[0].line
    changes: list[Callable[[], object]] = [
        lambda: reconciling.unmatch(line, by=staff.cashier),
        lambda: reconciling.propose(account.office, "2024-07", by=staff.cashier, at=AUGUST),
        lambda: reconciling.settle_line(line, because="x", by=staff.cashier, at=AUGUST),
    ]
    for change in changes:
        with pytest.raises(Refusal, match="2024-07 已关账，未作任何更改"):
            change()
    with pytest.raises(Refusal) as refused:
        account.take("2024-07-30,9.00,支出,补录,,,")
    assert "2024-07 已关账，须先重开" in str(refused.value)
    assert account.take(paid_line(account.paid[0])) == Taken(1, 0, 0, ("2024-07",)), "a known line is no change"
    with pytest.raises(IntegrityError, match="match_of_a_closed_month_stays"), transaction.atomic():
        Match.objects.filter(line=line).delete()
    assert checking.offences() == []


def test_who_explained_a_part_does_not_close(account: Account, staff: Staff) -> None:
    account.take(*(paid_line(row) for row in account.paid), "2024-07-31,3.50,收入,利息,,,")
    reconciling.settle_line(StatementLine.objects.get(reference="利息"), because="结息", by=staff.second, at=AUGUST)
    row = reconciling.propose(account.office, "2024-07", by=staff.cashier, at=AUGUST)
    with pytest.raises(Refusal, match="提请人和核实人以外的人"):
        reconciling.close(row, by=staff.second, at=AUGUST)


def test_what_changed_since_it_was_handed_over_is_handed_over_again(
    cases: Cases, account: Account, staff: Staff, results: Results
) -> None:
    row = explained(account)
    account.take("2024-07-31,1.00,支出,手续费,,,")
    with pytest.raises(Refusal, match="1 笔对账单明细没有勾对或核实"):
        reconciling.close(row, by=staff.second, at=AUGUST)
    line = StatementLine.objects.get(reference="手续费")
    reconciling.settle_line(line, because="手续费", by=staff.cashier, at=AUGUST)
    with pytest.raises(Refusal, match="数字在提请之后有变化，未作任何更改。请重新提请"):
        reconciling.close(row, by=staff.second, at=AUGUST)
    again = reconciling.propose(account.office, "2024-07", by=staff.cashier, at=AUGUST)
    assert (again.pk, reconciling.close(again, by=staff.second, at=AUGUST).banks) == (row.pk, D("303.50"))


def test_reopened_in_words_by_a_supervisor_and_closed_anew(account: Account, staff: Staff) -> None:
    row = reconciling.close(explained(account), by=staff.second, at=AUGUST)
    supervisor = Actor.of_person(person("supervisor-a", "supervisor"))
    with pytest.raises(Refusal, match="办理对账的权限"):
        reconciling.reopen(row, because="x", by=staff.cashier, at=AUGUST)
    with pytest.raises(Refusal, match="请写明核实情况"):
        reconciling.reopen(row, because="", by=supervisor, at=AUGUST)
    assert reconciling.reopen(row, because="银行更正一笔", by=supervisor, at=AUGUST).status == "reopened"
    again = reconciling.propose(account.office, "2024-07", by=staff.cashier, at=AUGUST)
    assert again.pk != row.pk
    assert reconciling.close(again, by=staff.second, at=AUGUST).status == "closed"


def test_a_late_line_of_the_next_month_finds_the_movement(account: Account, staff: Staff) -> None:
    one, two, three = account.paid
    account.take(paid_line(one), paid_line(two))
    note = reconciling.settle_movement(
        Movement.objects.get(payment=three), account.office, because="在途", by=staff.cashier, at=AUGUST
    )
    row = reconciling.propose(account.office, "2024-07", by=staff.cashier, at=AUGUST)
    reconciling.close(row, by=staff.second, at=AUGUST)
    assert account.take(paid_line(three, "2024-08-01")).matched == 1
    assert (account.figures("2024-08").banks_apart, account.figures("2024-08").open) == (D("103.00"), 0)
    assert MovementNote.objects.get() == note
    august = reconciling.propose(account.office, "2024-08", by=staff.cashier, at=AUGUST)
    assert (august.ours, august.banks, august.banks_apart) == (0, D("103.00"), D("103.00"))
    assert checking.offences() == []
    line = StatementLine.objects.get(month="2024-08")
    with pytest.raises(Refusal, match="2024-07 已关账"):
        reconciling.unmatch(line, by=staff.cashier)


@pytest.mark.tampers
def test_the_books_see_a_line_that_is_not_its_movements(account: Account) -> None:
    account.take(paid_line(account.paid[0]))
    other = Movement.objects.get(payment=account.paid[1])
    Match.objects.create(movement=other, line=StatementLine.objects.get(), by="hand", label="测试", at=AT)
    (offence,) = checking.offences()
    assert offence.invariant == "statement_line_is_its_movements"
    assert offence.words == "勾对的流水合计 203.00 元"


@pytest.mark.tampers
def test_the_books_see_what_comes_into_a_closed_month(
    cases: Cases, account: Account, staff: Staff, results: Results
) -> None:
    reconciling.close(explained(account), by=staff.second, at=AUGUST)
    (late,) = cases.send(cases.some(5))
    bank_results.book(results(f"{late.payment_no},paid,2024-07-15,"), by=CLOCK, at=LATER)
    (offence,) = checking.offences()
    assert offence.invariant == "closed_month_is_movements_and_bank"
    assert "关账时流水 306.00 元、对账单 302.50 元，现为 411.00 元、302.50 元，未核实 1 笔、0 笔" in offence.words


def test_a_month_that_is_not_over_is_not_closed(account: Account, staff: Staff, settings: Any) -> None:
    account.take(*(paid_line(row) for row in account.paid))
    settings.TRAINING = False
    with pytest.raises(Refusal, match="2024-07 尚未结束，未作任何更改"):
        reconciling.propose(account.office, "2024-07", by=staff.cashier, at=dt.datetime(2024, 7, 31, 1, tzinfo=dt.UTC))
    with pytest.raises(Refusal, match="没有流水，也没有对账单"):
        reconciling.propose(account.office, "2024-05", by=staff.cashier, at=AUGUST)


def test_a_line_is_written_once(account: Account) -> None:
    account.take(paid_line(account.paid[0]))
    for change in ({"amount": D("1.00")}, {"on": ON}, {"reference": "x"}):
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            StatementLine.objects.update(**change)
    with pytest.raises(IntegrityError, match="reconciledmonth_balances"), transaction.atomic():
        ReconciledMonth.objects.create(
            office=account.office, month="2024-07", status="proposed", ours_count=1, ours=D("1.00"), ours_apart=0,
            banks_count=0, banks=0, banks_apart=0, proposed_by=account.staff.cashier.person, proposed_at=AT,
        )  # fmt: skip
