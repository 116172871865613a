"""Money that was paid too much or too little, in a real browser: judged again, topped up, claimed back, repaid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.base.enums import Size
from caseworks.money import bank_results
from caseworks.money.models import Payment, Recovery
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import FundYear, Unit
from refunds import screening
from tests.e2e.conftest import PHONE
from tests.money.conftest import give_account
from tests.money.test_claims import PDF
from tests.refunds.build import a_year, make_unit, record
from tests.refunds.conftest import AS_OF, AT, OPERATOR
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.e2e
ROLES = ("clerk", "reviewer", "approver", "cashier", "supervisor")


@pytest.fixture
def paid(transactional_db: None, settings: Any, tmp_path: Path) -> list[Unit]:
    """Three units that were paid 720.00 each; of two the data has been corrected since."""
    cache.clear()
    settings.TRAINING = True
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("setup")
    for role in ROLES:
        make_person(role)
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )
    units = [make_unit(number) for number in range(1, 4)]
    for unit in units:
        a_year(unit.uscc)
        give_account(unit)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    call_command("rehearse", "2024", "--scheme", "refunds")
    file = tmp_path / "bank.csv"
    lines = [f"{payment.payment_no},paid,{payment.sent_on}," for payment in Payment.objects.all()]
    file.write_text("payment_no,result,on,reason\n" + "\n".join(lines), encoding="utf-8")
    cashier = Actor.of_person(Person.objects.get(username="training-cashier"))
    bank_results.book(file, by=cashier, at=AT + dt.timedelta(days=60))
    record(units[0].uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    Unit.objects.filter(pk=units[1].pk).update(size=Size.LARGE)
    return units


def decide(page: Page, kind: str, button: str, because: str) -> None:
    """Carry out all proposals of a kind."""
    page.goto("/desk/refunds/differences/")
    page.get_by_role("link", name=f"办理本条件全部{kind}").click()
    page.locator("#because").fill(because)
    page.get_by_role("button", name=button).click()


def test_a_difference_found_topped_up_and_claimed_back(
    paid: list[Unit], worker: None, open_page: Callable[..., Page], complaints: list[str], tmp_path: Path
) -> None:
    clerk = open_page("clerk")
    clerk.goto("/desk/refunds/recalculations/new/")
    clerk.get_by_role("button", name="开始重新核算").click()
    clerk.reload()
    expect(clerk.get_by_role("heading", name="结果")).to_be_visible(timeout=60_000)
    clerk.get_by_role("link", name="查看应补应退").click()
    expect(clerk.locator("tbody tr")).to_have_count(2)
    clerk.get_by_role("link", name=paid[1].name).click()
    expect(clerk.get_by_text("已核定 720.00 元 − 现核定 360.00 元 = 应退 360.00 元")).to_be_visible()
    expect(clerk.get_by_role("row").filter(has_text="企业划型")).to_contain_text("大型")
    decide(clerk, "应补", "办理 1 户", "补收更正")
    expect(clerk.get_by_text("已立补发业务件 1 件，进入初审。")).to_be_visible()

    approver = open_page("approver")
    decide(approver, "应退", "办理 1 户", "划型更正")
    expect(approver.get_by_text("由另一人在“追回”中确认")).to_be_visible()
    row = Recovery.objects.get()
    address = f"/desk/recoveries/{row.pk}/"

    supervisor = open_page("supervisor")
    supervisor.goto(address)
    supervisor.get_by_role("button", name="确认追回 360.00 元").click()
    clerk.goto(address)
    clerk.get_by_role("button", name="出具责令退回通知书").click()
    expect(clerk.get_by_text("已出具责令退回通知书")).to_be_visible(timeout=60_000)
    clerk.get_by_label("签收人").fill("王某")
    proof = tmp_path / "回证.pdf"
    proof.write_bytes(PDF)
    clerk.get_by_label("送达回证扫描件").set_input_files(str(proof))
    clerk.get_by_role("button", name="登记送达").click()
    expect(clerk.get_by_text("送达已登记，退还期限至")).to_be_visible()

    cashier = open_page("cashier")
    cashier.goto("/desk/recoveries/repayments/match/")
    statement = tmp_path / "statement.csv"
    statement.write_text(
        f"流水号,日期,金额,付款人,附言\nB1,{timezone.localdate() - dt.timedelta(days=1)},360.00,张三,退款 {row.number}\n",
        encoding="utf-8",
    )
    cashier.get_by_label("银行流水文件").set_input_files(str(statement))
    cashier.get_by_role("button", name="匹配并登记").click()
    expect(cashier.get_by_role("heading", name="登记 1 笔，已登记过 0 笔，未匹配 0 笔")).to_be_visible()
    approver.goto(address)
    approver.get_by_role("button", name="确认到账").click()
    expect(approver.get_by_role("heading", name=paid[1].name)).to_contain_text("已结案")
    approver.goto(f"/desk/units/{paid[1].uscc}/")
    ledger = approver.get_by_label("资金往来台账")
    expect(ledger.locator("tfoot")).to_contain_text("360.00")

    phone = open_page("clerk", PHONE)
    for path in (
        "/desk/refunds/differences/?status=",
        "/desk/recoveries/?state=",
        address,
        "/desk/left/",
        "/desk/uses/",
    ):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert complaints == []
