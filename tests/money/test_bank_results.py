"""Bank results: a whole file or nothing, twice is as good as once, paid and later returned is no contradiction."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from caseworks.base.errors import Refusal
from caseworks.money import bank_results, payments
from caseworks.money.bank_results import Booked
from caseworks.money.models import Movement, Payment, ResultFile
from caseworks.registry.models import Account
from tests.money.conftest import AT, CLOCK, LATER, Cases, Results, Staff, give_account, state


def book(path: Path) -> Booked:
    return bank_results.book(path, by=CLOCK, at=AT)


def test_paid_and_returned_are_booked_with_their_money(cases: Cases, results: Results) -> None:
    one, two = cases.some(1, 2)
    first, second = cases.send([one, two])
    file = results(f"{first.payment_no},paid,2024-07-10,", f"{second.payment_no},退回,2024-07-11,账号户名不符")
    assert book(file) == Booked(2, 1, 1, 0)
    assert (state(one), state(two)) == ("paid", "returned")
    rows = Payment.objects.order_by("pk").values_list("status", "paid_on", "returned_on", "reason")
    assert list(rows) == [
        ("paid", dt.date(2024, 7, 10), None, ""),
        ("returned", None, dt.date(2024, 7, 11), "账号户名不符"),
    ]
    assert list(Movement.objects.order_by("pk").values_list("kind", "amount", "on")) == [
        ("paid", Decimal("101.00"), dt.date(2024, 7, 10)),
    ], "what came back without having been booked as paid never left"


def test_a_cumulative_file_books_only_what_is_new(cases: Cases, results: Results) -> None:
    first, second = cases.send(cases.some(1, 2))
    book(results(f"{first.payment_no},paid,2024-07-10,"))
    assert book(results(f"{first.payment_no},paid,2024-07-10,")) == Booked(1, 0, 0, 1)
    assert ResultFile.objects.count() == 1
    both = results(f"{first.payment_no},paid,2024-07-10,", f"{second.payment_no},paid,2024-07-10,")
    assert book(both) == Booked(2, 1, 0, 1)
    assert book(both) == Booked(2, 0, 0, 2)


def test_paid_and_later_returned(cases: Cases, results: Results) -> None:
    (case,) = cases.some(1)
    (payment,) = cases.send([case])
    no = payment.payment_no
    book(results(f"{no},paid,2024-07-10,"))
    assert book(results(f"{no},paid,2024-07-10,", f"{no},returned,2024-07-12,销户")) == Booked(2, 0, 1, 1)
    assert state(case) == "returned"
    assert Movement.objects.aggregate(left=Sum("amount"))["left"] == 0
    assert book(results(f"{no},returned,2024-07-12,销户", f"{no},paid,2024-07-10,")) == Booked(2, 0, 0, 2)


def test_paid_and_returned_in_one_file_whatever_the_order(cases: Cases, results: Results) -> None:
    (case,) = cases.some(1)
    (payment,) = cases.send([case])
    no = payment.payment_no
    assert book(results(f"{no},returned,2024-07-12,销户", f"{no},paid,2024-07-10,")) == Booked(2, 1, 1, 0)
    assert state(case) == "returned"


WRONG = {
    "unknown": ("R2024999999999,paid,2024-07-10,", "没有支付编号 R2024999999999"),
    "another day": ("{booked},paid,2024-07-11,", "已登记 2024-07-10 到账，与本行的到账日期 2024-07-11 矛盾"),
    "returned on the day": ("{booked},returned,2024-07-10,x", "退回日期 2024-07-10 须在其后"),
    "twice, differently": ("{new},returned,2024-07-10,x", "退回日期 2024-07-10 须在其后"),
    "before it was sent": ("{booked},returned,2024-07-01,x", "早于送银行日期 2024-07-09"),
    "no result": ("{booked},好,2024-07-10,", "不在代码表中"),
    "no day": ("{booked},paid,,", "on（日期）不能为空"),
    "bad mark": ("@91220102/0,paid,2024-07-10,", "写法应为 @对象/次数"),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_line_refuses_the_whole_file(case: str, cases: Cases, results: Results) -> None:
    booked, new = (payment.payment_no for payment in cases.send(cases.some(1, 2)))
    book(results(f"{booked},paid,2024-07-10,"))
    before = list(Payment.objects.order_by("pk").values())
    line, words = WRONG[case]
    with pytest.raises(Refusal, match="整个文件没有登记，未作任何更改") as refused:
        book(results(f"{new},paid,2024-07-10,", line.format(booked=booked, new=new)))
    assert words in str(refused.value)
    assert "第3行" in str(refused.value)
    assert list(Payment.objects.order_by("pk").values()) == before
    assert (Movement.objects.count(), ResultFile.objects.count()) == (1, 1)


def test_a_result_of_what_was_not_sent_is_refused(cases: Cases, results: Results) -> None:
    cases.draw_up(cases.some(1))
    with pytest.raises(Refusal) as refused:
        book(results(f"{Payment.objects.get().payment_no},paid,2024-07-10,"))
    assert "还没有送银行，不应有结果" in str(refused.value)


def test_a_day_in_the_future_is_refused_outside_training(cases: Cases, results: Results, settings: Any) -> None:
    (payment,) = cases.send(cases.some(1))
    settings.TRAINING = False
    with pytest.raises(Refusal) as refused:
        book(results(f"{payment.payment_no},paid,2024-07-10,"))
    assert "日期 2024-07-10 在今天之后" in str(refused.value)
    assert book(results(f"{payment.payment_no},paid,2024-07-09,")).paid == 1


def test_the_command_and_the_marks_of_a_training_database(
    cases: Cases, results: Results, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (case,) = cases.some(1)
    cases.send([case])
    uscc, header = cases.unit(1).uscc, "payment_no,result,on,reason,year"
    file = results(f"@{uscc}/1,paid,2024-07-10,,2024", header=header)
    call_command("import_bank_results", str(file))
    assert capsys.readouterr().out == "bank.csv: 1 read, 1 paid, 0 returned, 0 unchanged\n"
    assert state(case) == "paid"
    for line, words in {
        f"@{uscc}/2,paid,2024-07-10,,2024": "没有这一次支付",
        f"@{uscc}/1,paid,2024-07-10,,": "须在 year（年度）列写明年度",
    }.items():
        with pytest.raises(CommandError, match=words) as refused:
            call_command("import_bank_results", str(results(line, header=header)))
        assert refused.value.returncode == 1
    settings.TRAINING = False
    with pytest.raises(CommandError, match="只可用于训练库"):
        call_command("import_bank_results", str(file))


def test_a_file_that_cannot_be_read_is_a_file_error(bureau: None, results: Results, tmp_path: Path) -> None:
    for path in (results("x,paid", header="number,result"), tmp_path / "none.csv"):
        with pytest.raises(CommandError) as refused:
            call_command("import_bank_results", str(path))
        assert refused.value.returncode == 2


# -- paying again


def bounced(cases: Cases, results: Results) -> tuple[int, Payment]:
    (case,) = cases.some(1)
    (payment,) = cases.send([case])
    book(results(f"{payment.payment_no},returned,2024-07-10,账号户名不符"))
    return case, payment


def resend(case: int, by: Any) -> int:
    return payments.resend(scheme="refunds", year=2024, case_ids=[case], by=by, at=LATER)


def test_a_mended_account_is_paid_again_under_a_number_of_its_own(cases: Cases, results: Results, staff: Staff) -> None:
    case, old = bounced(cases, results)
    with pytest.raises(Refusal, match="1 件的收款账户尚未更正并经另一人确认"):
        resend(case, staff.clerk)
    Account.objects.update(status="superseded")
    give_account(cases.unit(1), number="99996666")
    assert resend(case, staff.clerk) == 1
    assert state(case) == "cleared"
    (new,) = cases.send([case], on=dt.date(2024, 7, 15))
    assert (new.attempt, new.account_tail, new.payment_no > old.payment_no) == (2, "6666", True)
    kept = Payment.objects.get(pk=old.pk)
    assert (kept.status, kept.account_no, kept.reason) == ("returned", old.account_no, "账号户名不符")
    book(results(f"{new.payment_no},paid,2024-07-16,"))
    assert state(case) == "paid"


def test_a_proposed_account_waits_for_the_other_person(cases: Cases, results: Results, staff: Staff) -> None:
    case, old = bounced(cases, results)
    payments.keep_account(old, words="已电话核实", by=staff.cashier, at=LATER)
    give_account(cases.unit(1), number="99996666", status="proposed")
    with pytest.raises(Refusal, match="尚未更正并经另一人确认"):
        resend(case, staff.clerk)


def test_an_account_that_was_right_takes_two_people(cases: Cases, results: Results, staff: Staff) -> None:
    case, old = bounced(cases, results)
    with pytest.raises(Refusal, match="请写明账户核实的情况"):
        payments.keep_account(old, words=" ", by=staff.clerk, at=LATER)
    payments.keep_account(old, words="开户行核实无误，系统故障", by=staff.clerk, at=LATER)
    with pytest.raises(Refusal, match="由您本人核实，须由另一人确认"):
        resend(case, staff.clerk)
    payments.keep_account(old, words="开户行核实无误，系统故障", by=staff.cashier, at=LATER)
    assert resend(case, staff.clerk) == 1
    (new,) = cases.send([case], on=dt.date(2024, 7, 15))
    assert (new.attempt, new.account_tail) == (2, old.account_tail)


def test_the_export_has_a_row_an_attempt(cases: Cases, results: Results, staff: Staff, tmp_path: Path) -> None:
    case, old = bounced(cases, results)
    payments.keep_account(old, words="核实无误", by=staff.cashier, at=LATER)
    resend(case, staff.clerk)
    (new,) = cases.send([case], on=dt.date(2024, 7, 15))
    out = tmp_path / "payments.csv"
    call_command("export_results", "payments", "2024", str(out))
    uscc = cases.unit(1).uscc
    assert out.read_text(encoding="utf-8-sig").splitlines() == [
        "payment_no,scheme,subject,share,attempt,amount,account_kind,status",
        f"{old.payment_no},refunds,{uscc},,1,101.00,corporate,returned",
        f"{new.payment_no},refunds,{uscc},,2,101.00,corporate,sent",
    ]
    assert new.sent_on == dt.date(2024, 7, 15)
