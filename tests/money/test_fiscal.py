"""Batches by bank, the steps at the finance bureau, and a composition that is locked once it is released."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.law.models import PolicyFigure
from caseworks.money import batches, composing, fiscal
from caseworks.money.models import Batch, Payment
from caseworks.registry.models import Account
from tests.money.conftest import AT, LATER, ON, Cases, Staff, fresh, state
from tests.money.test_pages import page, words

Asks = Callable[[str, str], None]
BANKS = [
    ("中国工商银行长春南湖支行", "102241000001", "中国工商银行"),
    ("吉林银行股份有限公司长春分行", "", "吉林银行"),
    ("前郭县农村信用合作联社城区分社", "", "前郭县农村信用合作联社"),
    ("营业部", "", "营业部"),
    ("", "102241000001", "联行号 102"),
    ("", "", ""),
]


@pytest.fixture
def asks(db: None) -> Asks:
    """Let the policy rows ask for something that is off in the seeds."""

    def ask(name: str, text: str) -> None:
        # a policy row in force refuses UPDATE: the test changes it beside the guard
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE law_policyfigure SET text = %s WHERE name = %s", [text, name])
            cursor.execute("SET LOCAL session_replication_role = origin")
        assert PolicyFigure.objects.filter(name=name, text=text).exists()

    return ask


@pytest.mark.parametrize(("name", "code", "bank"), BANKS)
def test_the_bank_of_a_branch(name: str, code: str, bank: str) -> None:
    assert composing.bank_of(name, code) == bank


def test_a_batch_a_bank_where_the_policy_row_asks(cases: Cases, asks: Asks) -> None:
    ids = cases.some(1, 2, 3)
    for number, name in ((1, "吉林银行长春分行"), (2, "中国银行长春支行"), (3, "吉林银行吉林分行")):
        Account.objects.filter(uscc=cases.unit(number).uscc).update(bank_name=name)
    asks("batch_split", "bank")
    drawn = cases.draw_up(ids)
    assert [(batch.bank, batch.lines, batch.amount) for batch in drawn] == [
        ("中国银行", 1, Decimal("102.00")),
        ("吉林银行", 2, Decimal("204.00")),
    ]


def test_without_being_asked_there_is_one_batch_and_no_fiscal_step(cases: Cases, staff: Staff) -> None:
    (batch,) = cases.draw_up(cases.some(1, 2))
    assert (batch.bank, batch.fiscal_steps) == ("", "")
    assert batches.release(batch, by=staff.second, at=AT).next_step == "send"
    with pytest.raises(Refusal, match="现在不办“报财政”，未作任何更改"):
        fiscal.report(batch, number="1", on=ON, by=staff.cashier, at=AT)


def test_reported_funded_sent(cases: Cases, staff: Staff, asks: Asks) -> None:
    asks("fiscal_steps", "report;receipt")
    (batch,) = cases.draw_up(cases.some(1, 2))
    with pytest.raises(Refusal, match="待复核放行"):
        fiscal.report(batch, number="长社保财〔2024〕12号", on=ON, by=staff.cashier, at=AT)
    batches.release(batch, by=staff.second, at=AT)
    with pytest.raises(Refusal, match="须先办“报财政”再送银行，未作任何更改"):
        batches.send(batch, by=staff.cashier, at=AT, on=ON)
    with pytest.raises(Refusal, match="待报财政，现在不办“财政到账”"):
        fiscal.receive(batch, amount=batch.amount, voucher="P1", on=ON, by=staff.cashier, at=AT)
    wrong = [
        ({"number": " ", "on": ON, "by": staff.cashier}, "请填写报财政的文号"),
        ({"number": "x", "on": ON - dt.timedelta(days=1), "by": staff.cashier}, "早于制单日期"),
        ({"number": "x", "on": ON + dt.timedelta(days=1), "by": staff.cashier}, "在今天之后"),
        ({"number": "x", "on": ON, "by": staff.clerk}, "办理“报财政”的权限"),
    ]
    for given, text in wrong:
        with pytest.raises(Refusal, match=text):
            fiscal.report(batch, at=AT, **given)
    assert fiscal.report(batch, number="长社保财〔2024〕12号", on=ON, by=staff.cashier, at=AT).state == "待财政到账"
    with pytest.raises(Refusal, match=r"财政到账 200.00 元，批次为 203.00 元，未作任何更改"):
        fiscal.receive(batch, amount=Decimal("200.00"), voucher="P1", on=ON, by=staff.cashier, at=AT)
    funded = fiscal.receive(batch, amount=Decimal("203.00"), voucher="P1", on=ON, by=staff.cashier, at=LATER)
    assert (funded.status, funded.state, funded.voucher_no) == ("funded", "待送银行", "P1")
    with pytest.raises(Refusal, match="财政资金已到，不能撤销"):
        batches.dissolve(batch, by=staff.cashier, at=AT, because="x")
    Account.objects.filter(uscc=cases.unit(1).uscc).update(account_name="别家有限公司")
    assert batches.send(batch, by=staff.cashier, at=LATER, on=ON).lines == 1
    sent = fresh(batch)
    assert (sent.status, sent.amount, sent.funded_amount) == ("sent", Decimal("102.00"), Decimal("203.00"))


def test_the_steps_hold_by_constraint(cases: Cases, staff: Staff, asks: Asks) -> None:
    asks("fiscal_steps", "report;receipt")
    (batch,) = cases.draw_up(cases.some(1))
    batches.release(batch, by=staff.second, at=AT)
    row = Batch.objects.filter(pk=batch.pk)
    sent = {"status": "sent", "sent_by": staff.cashier.person, "sent_at": AT, "sent_on": ON}
    breaches: list[tuple[dict[str, object], str]] = [
        (sent, "batch_(reported|funded)_before_it_goes"),
        ({**sent, "reported_on": ON, "reported_no": "1"}, "batch_funded_before_it_goes"),
        ({"reported_on": ON}, "batch_reported_with_a_number"),
        ({"funded_on": ON, "voucher_no": "1", "funded_amount": Decimal("1.00")}, "batch_funded_with_a_voucher"),
    ]
    for change, name in breaches:
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            row.update(**change)


@pytest.mark.tampers
def test_nothing_joins_a_released_batch_and_nothing_leaves_one_that_was_sent(cases: Cases, staff: Staff) -> None:
    (batch,) = cases.draw_up(cases.some(1))
    (other,) = cases.draw_up(cases.some(2))
    batches.release(batch, by=staff.second, at=AT)
    row = Payment.objects.get(batch=other)
    Payment.objects.filter(pk=row.pk).update(status="cancelled")
    row.pk, row.payment_no, row.batch, row.attempt = None, "R2024999999999", batch, 9
    with pytest.raises(IntegrityError, match="batch_composition_locked: nothing is added"), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(lines=2)
    batches.send(batch, by=staff.cashier, at=AT, on=ON)
    with pytest.raises(IntegrityError, match="batch_composition_locked: nothing is taken out"), transaction.atomic():
        Payment.objects.filter(batch=batch).update(status="cancelled")


def test_the_steps_on_the_page(cases: Cases, staff: Staff, asks: Asks) -> None:
    asks("fiscal_steps", "report;receipt")
    (case,) = cases.some(1)
    (batch,) = cases.draw_up([case])
    cashier, second = page(staff.cashier), page(staff.second)
    detail, act = (reverse(f"money:batch_{name}", args=[batch.pk]) for name in ("detail", "act"))
    words(second, act, {"action": "release", "count": 1, "amount": "101.00"})
    assert "待报财政" in words(cashier, reverse("money:batch_list") + "?status=going")
    assert "送银行前须报财政" in words(cashier, detail)
    assert "请填写日期" in words(cashier, act, {"action": "report", "number": "12号"})
    report = {"action": "report", "number": "长社保财〔2024〕12号", "on": "2024-07-09"}
    assert "已登记报财政" in words(cashier, act, report)
    receipt = {"action": "receipt", "amount": "101.00", "voucher": "P7", "on": "2024-07-09"}
    assert "已登记财政到账" in words(cashier, act, receipt)
    seen = words(cashier, detail)
    assert "报财政：长社保财〔2024〕12号 2024-07-09" in seen
    assert "财政到账：101.00 元 2024-07-09，凭证 P7" in seen
    assert "已送银行 1 笔" in words(cashier, act, {"action": "send"})
    assert state(case) == "batched"
