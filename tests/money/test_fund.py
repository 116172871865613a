"""The fund through the year: months on record, what stays for living benefits, and what waits for it. (N4, N6.1)"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from caseworks.base.errors import Refusal
from caseworks.money import batches, fund, priority, reserve
from caseworks.money.models import FundMonth
from caseworks.people.actors import Actor
from refunds import scheme as refunds_scheme
from tests.money.conftest import AT, ON, Cases, Staff
from tests.people.builders import person


def record(by: Actor, **changes: object) -> FundMonth:
    given: dict[str, object] = {
        "region": "220000", "period": "2024-06", "balance": Decimal("6000.00"), "expenditure": Decimal("1000.00"),
        "living": Decimal("800.00"), "source": "六月财务月报", "by": by, "at": AT, "on": ON,
    }  # fmt: skip
    return fund.record(**{**given, **changes})  # type: ignore[arg-type]


def test_a_month_is_recorded_once_and_corrected_by_another_record(staff: Staff) -> None:
    first = record(staff.cashier)
    with pytest.raises(Refusal, match="已登记相同的数字"):
        record(staff.cashier)
    record(staff.cashier, balance=Decimal("5000.00"), source="更正")
    assert FundMonth.objects.count() == 2
    assert reserve.look("220000", ON, required=12).stand == ("2024-06", Decimal("5000.00"))
    with pytest.raises(DatabaseError), transaction.atomic():
        FundMonth.objects.filter(pk=first.pk).update(balance=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"period": "2024-13"}, "月份"),
        ({"period": "2024-08"}, "不晚于本月"),
        ({"living": Decimal("1000.01")}, "保生活支出应在"),
        ({"region": "22"}, "6 位数字"),
        ({"source": " "}, "数据来源"),
    ],
)
def test_what_makes_no_sense_is_not_recorded(staff: Staff, changes: dict[str, object], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        record(staff.cashier, **changes)
    assert not FundMonth.objects.exists()


def test_only_finance_of_the_region_records(staff: Staff) -> None:
    with pytest.raises(Refusal, match="没有登记"):
        record(staff.clerk)
    elsewhere = Actor.of_person(person("cashier-x", "cashier", at_office="220200"))
    with pytest.raises(Refusal, match="没有登记"):
        record(elsewhere)


def test_the_reserve_is_the_balance_through_the_average_month(cases: Cases) -> None:
    before = reserve.look("220000", ON, required=12)
    assert (before.stand, before.lasts, before.living) == (("2023-12", Decimal("24000000.00")), 24, None)
    record(cases.staff.cashier)
    record(cases.staff.cashier, period="2024-05", expenditure=Decimal("500.00"), living=Decimal("400.00"))
    cases.send(cases.some(1))
    position = reserve.look("220000", ON, required=12)
    assert position.sent == Decimal("101.00")
    assert position.lasts == Fraction("5899.00") / 750
    assert (position.keep, position.tone) == (Decimal("3600.00"), "red")
    assert reserve.look("220000", ON, required=2).tone == "amber"
    assert reserve.look("220000", ON, required=0).tone == "green"
    assert reserve.look("220100", ON, required=0).tone == "grey"


def test_a_batch_of_lower_priority_waits_while_the_fund_is_short(cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    record(cases.staff.cashier, balance=Decimal("4900.00"))  # 4,800 stay for living benefits
    drawn = cases.draw_up(cases.some(1, 2))
    for batch in drawn:
        batches.release(batch, by=cases.staff.second, at=AT)
    batch = drawn[0]
    batch.refresh_from_db()
    with pytest.raises(Refusal) as refused:
        batches.send(batch, by=cases.staff.cashier, at=AT, on=ON)
    words = str(refused.value)
    assert "暂缓送银行，未作任何更改" in words
    assert "余 4,697.00 元，少于须留给保生活待遇的 4,800.00 元" in words
    batch.refresh_from_db()
    assert batch.status == "released"
    assert priority.waits_because(batch, ON) in words
    with monkeypatch.context() as patched:
        patched.setattr(refunds_scheme, "PRIORITY", reserve.LIVING, raising=False)
        assert priority.waits_because(batch, ON) == ""  # what people live on goes first
    record(cases.staff.cashier, balance=Decimal("5003.00"))
    assert batches.send(batch, by=cases.staff.cashier, at=AT, on=ON).lines == 2


def test_without_recorded_months_nothing_waits(cases: Cases) -> None:
    assert len(cases.send(cases.some(1))) == 1


def test_finance_records_at_the_desk(staff: Staff) -> None:
    client = Client()
    cashier = staff.cashier.person
    assert cashier is not None
    client.force_login(cashier, "caseworks.people.backends.RoleBackend")
    form = {
        "region": "220000", "period": "2024-06", "balance": "6000", "expenditure": "1000", "living": "800",
        "source": "六月财务月报",
    }  # fmt: skip
    assert "已登记地区 220000 2024-06" in client.post("/desk/fund/", form, follow=True).content.decode()
    assert "未重复登记" in client.post("/desk/fund/", form).content.decode()
    clerk = staff.clerk.person
    assert clerk is not None
    client.force_login(clerk, "caseworks.people.backends.RoleBackend")
    page = client.get("/desk/fund/").content.decode()
    assert "六月财务月报" in page
    assert "登记一个月" not in page
