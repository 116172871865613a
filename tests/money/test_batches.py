"""Drawing up, releasing and sending: two people, one gate, a second check that holds single lines."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.cases.history import Shown
from caseworks.cases.models import Bar, Case, Event, Hold
from caseworks.money import bank_files, batches
from caseworks.money.models import Batch, Payment
from caseworks.registry import declarations
from caseworks.registry.models import Account, AccountDeclaration, FundYear, Listing, Unit
from tests.money.conftest import AT, CLOCK, LATER, ON, Cases, Staff, declare, fresh, give_account, imported, state

FUND = {"closing_balance": Decimal("11999999.99"), "expenditure": Decimal("12000000.00")}


def test_a_case_goes_from_cleared_to_the_bank_through_two_people(cases: Cases, staff: Staff) -> None:
    one, two = cases.some(1, 2)
    (batch,) = cases.draw_up([one, two])
    assert (batch.lines, batch.amount, batch.status, batch.gate["months"]) == (2, Decimal("203.00"), "drawn", "24.0000")
    assert [state(one), state(two)] == ["batched", "batched"]
    with pytest.raises(Refusal, match="制单人不能放行自己的批次，未作任何更改"):
        batches.release(batch, by=staff.cashier, at=AT)
    with pytest.raises(Refusal, match="待复核放行，不能送银行"):
        batches.send(batch, by=staff.cashier, at=AT, on=ON)
    batches.release(batch, by=staff.approver, at=AT)
    sent = batches.send(batch, by=staff.cashier, at=AT, on=ON)
    assert (sent.lines, sent.amount, sent.taken_out) == (2, Decimal("203.00"), {})
    rows = Payment.objects.order_by("pk").values_list("attempt", "amount", "account_kind", "status", "sent_on")
    assert list(rows) == [
        (1, Decimal("101.00"), "corporate", "sent", ON),
        (1, Decimal("102.00"), "corporate", "sent", ON),
    ]
    unit, payment = cases.unit(1), Payment.objects.get(case=one)
    assert payment.payment_no == f"R2024{payment.pk:09d}"
    assert (payment.account_name, payment.account_no) == (unit.name, f"99990000{unit.pk:010d}")
    assert Event.objects.filter(case=one).order_by("-seq")[0].data == {"on": "2024-07-09"}


def test_four_eyes_by_constraint(cases: Cases, staff: Staff) -> None:
    (batch,) = cases.draw_up(cases.some(1))
    with pytest.raises(IntegrityError, match="batch_four_eyes"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(status="released", released_by=staff.cashier.person, released_at=AT)
    with pytest.raises(IntegrityError, match="batch_released_by_somebody"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(status="released")


def test_what_was_drawn_up_stays_as_it_was(cases: Cases) -> None:
    cases.draw_up(cases.some(1))
    for change in ({"amount": Decimal("9.00")}, {"account_name": "另一户名"}, {"attempt": 7}):
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            Payment.objects.update(**change)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Payment.objects.all().delete()


@pytest.mark.parametrize("who", ["clerk", "reviewer", "approver"])
def test_only_a_cashier_draws_up(who: str, cases: Cases, staff: Staff) -> None:
    (case,) = cases.some(1)
    with pytest.raises(Refusal, match="业务件组批的权限，未作任何更改"):
        batches.draw_up(scheme="refunds", year=2024, case_ids=[case], by=getattr(staff, who), at=AT, on=ON)
    with pytest.raises(Refusal, match="拨付须由本人在页面上办理"):
        batches.draw_up(scheme="refunds", year=2024, case_ids=[case], by=CLOCK, at=AT, on=ON)
    assert state(case) == "cleared"


def test_a_case_is_in_one_batch_only(cases: Cases) -> None:
    one, two = cases.some(1, 2)
    cases.draw_up([one])
    with pytest.raises(Refusal, match=r"1 件不在可组批的状态，未作任何更改：示例1商贸有限公司（拨付中）"):
        cases.draw_up([one, two])
    assert (state(two), Payment.objects.count()) == ("cleared", 1)


def test_what_was_shown_is_what_is_drawn_up(cases: Cases, staff: Staff) -> None:
    ids = cases.some(1, 2)
    seen = Shown(2, Decimal("200.00"))
    with pytest.raises(Refusal, match=r"所见为 2 件、200.00 元，现为 2 件、203.00 元"):
        batches.draw_up(scheme="refunds", year=2024, case_ids=ids, by=staff.cashier, at=AT, on=ON, shown=seen)


# -- the gate (N2.6)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (None, "缺少地区 220000 2023 年基金收支数据"),
        (FUND, "备付期限 12.0000 个月，低于要求的 12 个月"),
        ({**FUND, "expenditure": Decimal("0.00")}, "支出为零，无法计算备付期限"),
    ],
)
def test_no_batch_while_the_gate_is_closed(figures: dict[str, Decimal] | None, words: str, cases: Cases) -> None:
    (case,) = cases.some(1)
    if figures is None:
        FundYear.objects.filter(year=2023).update(year=2022)
    else:
        FundYear.objects.update(**figures)
    with pytest.raises(Refusal, match="闸门关闭，不能组批，未作任何更改") as refused:
        cases.draw_up([case])
    assert words in str(refused.value)
    assert (state(case), Batch.objects.count(), Hold.objects.count()) == ("cleared", 0, 0)


def test_twelve_months_are_enough(cases: Cases) -> None:
    FundYear.objects.update(closing_balance=Decimal("12000000.00"), expenditure=Decimal("12000000.00"))
    assert len(cases.draw_up(cases.some(1))) == 1


# -- the second check (N6.5) and the account (N5.2)


def listed(unit: Unit, **changes: Any) -> None:
    Listing.objects.create(**{"uscc": unit.uscc, "list": "dishonest", "listed_on": ON, **changes})


def barred(unit: Unit) -> None:
    Bar.objects.create(uscc=unit.uscc, year=2024, reason="未转付", proposed_at=AT, proposed_label="测试")


LINES = {
    "not_active": lambda unit: Unit.objects.filter(pk=unit.pk).update(status="deregistered"),
    "listed": listed,
    "bar": barred,
    "account_missing": lambda unit: Account.objects.filter(uscc=unit.uscc).delete(),
    "account_proposed": lambda unit: give_account(unit, number="99998888", status="proposed"),
    "account_doubtful": lambda unit: Account.objects.filter(uscc=unit.uscc).update(account_name="别家有限公司"),
}


@pytest.mark.parametrize("kind", LINES)
def test_one_line_is_held_and_the_rest_goes_on(kind: str, cases: Cases) -> None:
    one, two = cases.some(1, 2)
    LINES[kind](cases.unit(1))
    drawn = cases.draw_up([one, two])
    assert [batch.lines for batch in drawn] == [1]
    assert [held.kind for held in drawn.held[one]] == [kind]
    assert (state(one), state(two)) == ("cleared", "batched")
    assert list(Hold.objects.standing().values_list("case", "kind")) == [(one, kind)]


@pytest.mark.parametrize("kind", LINES)
def test_a_line_that_changes_before_it_is_sent_falls_out(kind: str, cases: Cases, staff: Staff) -> None:
    one, two = cases.some(1, 2)
    (batch,) = cases.draw_up([one, two])
    batches.release(batch, by=staff.second, at=AT)
    if kind == "account_missing":
        Account.objects.filter(uscc=cases.unit(1).uscc).update(status="superseded")
    else:
        LINES[kind](cases.unit(1))
    sent = batches.send(batch, by=staff.cashier, at=AT, on=ON)
    assert (sent.lines, sent.amount, list(sent.taken_out)) == (1, Decimal("102.00"), [one])
    assert (state(one), state(two)) == ("cleared", "batched")
    assert list(Payment.objects.order_by("pk").values_list("status", flat=True)) == ["cancelled", "sent"]
    assert (fresh(batch).lines, fresh(batch).amount, fresh(batch).status) == (1, Decimal("102.00"), "sent")


def test_a_hold_goes_when_its_cause_is_gone_and_the_number_of_the_attempt_is_kept(cases: Cases, staff: Staff) -> None:
    (case,) = cases.some(1)
    (batch,) = cases.draw_up([case])
    batches.release(batch, by=staff.second, at=AT)
    Unit.objects.update(status="revoked")
    batches.send(batch, by=staff.cashier, at=AT, on=ON)
    assert (fresh(batch).status, fresh(batch).lines, state(case)) == ("dissolved", 0, "cleared")
    Unit.objects.update(status="active")
    (payment,) = cases.send([case])[-1:]
    assert (payment.attempt, payment.status) == (1, "sent")
    hold = Hold.objects.get()
    assert hold.released_because == "再次核对时已无此情形"


def test_an_objection_keeps_a_line_back(cases: Cases) -> None:
    one, two = cases.some(1, 2)
    Hold.objects.create(case_id=one, kind="objection", reason="公示异议正在处理", since=AT, placed_label="测试")
    drawn = cases.draw_up([one, two])
    assert (state(one), state(two), drawn.held[one][0].reason) == ("cleared", "batched", "公示异议正在处理")
    assert Hold.objects.standing().count() == 1


@pytest.mark.parametrize(
    ("unit_type", "size", "paid"),
    [
        ("enterprise", "micro", True),
        ("enterprise", "small", True),
        ("enterprise", "medium", False),
        ("enterprise", "large", False),
        ("individual_business", "", True),
        ("law_firm", "small", False),
        ("social_organization", "", False),
    ],
)
def test_who_is_paid_to_the_tax_account(unit_type: str, size: str, paid: bool, cases: Cases) -> None:
    """N5.2: only a small or micro enterprise or an individual business without a corporate account."""
    case = cases.make(1, account="tax", unit_type=unit_type, size=size)
    drawn = cases.draw_up([case])
    assert bool(drawn) is paid
    if paid:
        assert Payment.objects.get().account_kind == "tax"
    else:
        assert Hold.objects.get().kind == "account_missing"


def test_the_tax_account_waits_for_the_declaration_of_two(cases: Cases, staff: Staff) -> None:
    case = cases.make(1, account="tax", declared=False, size="micro")
    unit = cases.unit(1)
    Account.objects.update(source="accounts.csv")
    assert cases.draw_up([case]) == []
    assert list(Hold.objects.values_list("kind", flat=True)) == ["account_undeclared"]
    declarations.declare([unit.uscc], source="单位书面声明", declared_on=ON, by=staff.clerk, at=AT)
    assert cases.draw_up([case]) == []
    (row,) = AccountDeclaration.objects.all()
    declarations.confirm([row.pk], by=staff.reviewer, at=AT)
    assert len(cases.draw_up([case])) == 1
    payment = Payment.objects.get()
    assert (payment.account_kind, payment.account_source, payment.account_on, payment.declaration) == (
        "tax", "accounts.csv", ON, row,
    )  # fmt: skip
    assert Hold.objects.standing().count() == 0


def test_what_was_declared_means_nothing_beside_a_corporate_account(cases: Cases) -> None:
    case = cases.make(1, account="tax", size="micro")
    give_account(cases.unit(1), number="99996666")
    cases.draw_up([case])
    payment = Payment.objects.get()
    assert (payment.account_kind, payment.declaration) == ("corporate", None)


def test_the_corporate_account_comes_first(cases: Cases) -> None:
    case = cases.make(1, size="micro")
    give_account(cases.unit(1), "tax", number="99997777")
    cases.draw_up([case])
    assert Payment.objects.get().account_kind == "corporate"


def test_the_second_check_asks_for_fresh_data(cases: Cases, settings: Any) -> None:
    (case,) = cases.some(1)
    settings.TRAINING = False
    imported("units", AT - dt.timedelta(days=4))
    with pytest.raises(Refusal, match="须在 3 天之内导入") as refused:
        cases.draw_up([case])
    assert "units.csv）：2024-07-05 导入\n名单（listings.csv）：从未导入" in str(refused.value)
    imported("units", AT - dt.timedelta(days=3))
    imported("listings", AT)
    assert len(cases.draw_up([case])) == 1


# -- batches


def test_a_batch_is_of_one_office(cases: Cases) -> None:
    near, far = cases.make(1), cases.make(2, region="220202")
    drawn = cases.draw_up([near, far])
    assert [(batch.office.code, batch.lines) for batch in drawn] == [
        (Batch.objects.get(payments__case=near).office.code, 1),
        (Batch.objects.get(payments__case=far).office.code, 1),
    ]
    assert len({batch.office_id for batch in drawn}) == 2


def test_a_batch_can_be_dissolved_until_it_is_sent(cases: Cases, staff: Staff) -> None:
    ids = cases.some(1, 2)
    (batch,) = cases.draw_up(ids)
    with pytest.raises(Refusal, match="请填写撤销理由"):
        batches.dissolve(batch, by=staff.cashier, at=AT, because=" ")
    assert batches.dissolve(batch, by=staff.cashier, at=AT, because="财政额度调整") == 2
    assert [state(case) for case in ids] == ["cleared", "cleared"]
    assert (fresh(batch).status, fresh(batch).lines, fresh(batch).amount) == ("dissolved", 0, Decimal(0))
    cases.send(ids)
    with pytest.raises(Refusal, match="已送银行，不能撤销"):
        batches.dissolve(Batch.objects.get(status="sent"), by=staff.cashier, at=AT, because="误")


def test_the_bank_file_is_issued_once_and_repeats_are_marked(cases: Cases, staff: Staff) -> None:
    ids = cases.some(1, 2)
    (batch,) = cases.draw_up(ids)
    with pytest.raises(Refusal, match="没有出具银行文件。请先送银行"):
        bank_files.issue(batch, by=staff.cashier, at=AT)
    batches.release(batch, by=staff.second, at=AT)
    batches.send(batch, by=staff.cashier, at=AT, on=ON)
    issued, content = bank_files.issue(batch, by=staff.cashier, at=AT)
    lines = content.decode("utf-8-sig").split("\r\n")
    head = f"{batch.batch_no},原件,2,203.00,{issued.digest}"
    assert (lines[0], lines[-2], lines[-1]) == (f"H,{head}", f"T,{head}", "")
    one = Payment.objects.get(case=ids[0])
    assert lines[1] == (
        f"D,{one.payment_no},{one.account_name},{one.account_no},虚构商业银行,999000000001,101.00,2024年度稳岗返还"
    )
    with pytest.raises(Refusal, match="已出具过 1 次。再次出具须写明理由"):
        bank_files.issue(batch, by=staff.cashier, at=LATER)
    again, repeated = bank_files.issue(batch, by=staff.cashier, at=LATER, reason="银行未收到")
    assert (again.issue, again.digest) == (2, issued.digest)
    assert repeated.decode("utf-8-sig").startswith(f"H,{batch.batch_no},重复件,2,203.00")


def test_a_name_that_looks_like_a_formula_stays_text_in_the_bank_file(cases: Cases, staff: Staff) -> None:
    (case,) = cases.some(1)
    Unit.objects.update(name="=cmd()贸易有限公司")
    Account.objects.update(account_name="=cmd()贸易有限公司", bank_name="@银行")
    (payment,) = cases.send([case])
    _, content = bank_files.issue(payment.batch, by=staff.cashier, at=AT)
    assert f"{payment.payment_no},'=cmd()贸易有限公司,{payment.account_no},'@银行," in content.decode("utf-8-sig")


def test_a_unit_is_asked_for_its_account_once_a_hold(cases: Cases, staff: Staff) -> None:
    ids = [cases.make(1), cases.make(2, account=""), cases.make(3, account="tax", declared=False, size="micro")]
    cases.draw_up(ids)
    asked = Notice.objects.filter(template="account_missing")
    rows = asked.filter(channel="sms").order_by("case").values_list("case", "subject", "params")
    assert [(case, subject) for case, subject, _ in rows] == [(pk, Case.objects.get(pk=pk).subject) for pk in ids[1:]]
    assert rows[0][2]["business"] == "稳岗返还"
    assert rows[0][2]["problem"].startswith("没有可用的收款账户")
    assert "尚未声明没有对公账户" in rows[1][2]["problem"]
    cases.draw_up(ids[1:])
    assert asked.count() == 4
    declare(cases.unit(3))
    cases.draw_up(ids[2:])
    assert asked.count() == 4
