"""The cashier's road in a real browser: drawn up, released by another, reported, sent, returned, mended, paid, reconciled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.money.models import Batch, Payment
from caseworks.people.actors import Actor
from caseworks.registry.models import FundYear
from tests.e2e.conftest import PHONE
from tests.money.conftest import CLOCK, Cases, Staff, give_account
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.e2e
ROLES = ("clerk", "reviewer", "approver", "cashier", "supervisor")


@pytest.fixture
def cleared(transactional_db: None, settings: Any, tmp_path: Path) -> Cases:
    """Three cleared cases, and a policy row that asks for the steps at the finance bureau."""
    cache.clear()
    settings.TRAINING = True
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("setup")
    people = {role: Actor.of_person(make_person(role)) for role in ROLES}
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )
    with connection.cursor() as cursor:  # a policy row in force refuses UPDATE: the test changes it beside the guard
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE law_policyfigure SET text = 'report;receipt' WHERE name = 'fiscal_steps'")
        cursor.execute("SET session_replication_role = origin")
    cases = Cases(Staff(people["cashier"], CLOCK, people["approver"], people["clerk"], people["reviewer"]))
    cases.some(1, 2)
    cases.make(3, account="")
    return cases


def release(page: Page, batch: Batch) -> None:
    """Another person lets it go."""
    page.goto(f"/desk/batches/{batch.pk}/")
    page.get_by_role("button", name="放行").click()
    expect(page.get_by_text("批次已放行。")).to_be_visible()


def to_the_bank(cashier: Page, batch: Batch, amount: str, folder: Path) -> str:
    """Through the finance bureau to the bank; the bank file's text."""
    today = timezone.localdate().isoformat()
    cashier.goto(f"/desk/batches/{batch.pk}/")
    cashier.get_by_role("button", name="出具资金拨付申请表").click()
    expect(cashier.get_by_text("资金拨付申请表：")).to_be_visible(timeout=60_000)
    cashier.get_by_label("报财政文号").fill("长社保财〔2024〕12号")
    cashier.get_by_label("报送日期").fill(today)
    cashier.get_by_role("button", name="登记报财政").click()
    cashier.get_by_label("到账金额（元）").fill(amount)
    cashier.get_by_label("凭证号").fill("P7")
    cashier.get_by_role("button", name="登记财政到账").click()
    cashier.get_by_role("button", name="再次核对并送银行").click()
    expect(cashier.get_by_text("请下载银行文件")).to_be_visible()
    with cashier.expect_download() as download:
        cashier.get_by_role("button", name="下载银行文件").click()
    path = folder / "bank.csv"
    download.value.save_as(path)
    return path.read_text(encoding="utf-8-sig")


def upload(page: Page, path: str, button: str, file: Path, *lines: str) -> None:
    """Hand a file in."""
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    page.goto(path)
    page.locator("input[type=file]").first.set_input_files(str(file))
    page.get_by_role("button", name=button).click()


def test_from_cleared_to_a_closed_month(
    cleared: Cases, open_page: Callable[..., Page], complaints: list[str], tmp_path: Path
) -> None:
    cashier, approver = open_page("cashier"), open_page("approver")
    today = timezone.localdate()
    cashier.goto("/desk/batches/new/?year=2024")
    expect(cashier.get_by_text("闸门开启")).to_be_visible()
    expect(cashier.get_by_text("暂缓 1 件，不影响其余")).to_be_visible()
    cashier.get_by_role("button", name="组批 2 件").click()
    expect(cashier.get_by_text("已组成 1 个批次，2 笔，203.00 元。1 件暂缓")).to_be_visible()
    batch = Batch.objects.get()
    release(approver, batch)
    assert to_the_bank(cashier, batch, "203.00", tmp_path).startswith(f"H,{batch.batch_no},原件,2,203.00,")

    one, two = Payment.objects.order_by("pk")
    upload(
        cashier, "/desk/payments/results/", "核对并登记", tmp_path / "回盘.csv",
        "payment_no,result,on,reason", f"{one.payment_no},paid,{today},", f"{two.payment_no},returned,{today},账户已销户",
    )  # fmt: skip
    expect(cashier.get_by_text("请单位提供仍在使用的账户")).to_be_visible()
    give_account(cleared.unit(2), number="88887777", status="proposed")
    reviewer = open_page("reviewer")
    reviewer.goto("/desk/accounts/")
    reviewer.locator("[data-bulk-item]").first.check()
    reviewer.get_by_role("button", name="确认变更").first.click()
    reviewer.locator("dialog[open]").get_by_role("button", name="确认变更").click()
    expect(reviewer.get_by_text("已确认 1 个账户。")).to_be_visible()

    clerk = open_page("clerk")
    clerk.goto("/desk/payments/returned/")
    expect(clerk.get_by_text("账户已更正，可以重新支付")).to_be_visible()
    clerk.locator("[data-bulk-item]").first.check()
    clerk.get_by_role("button", name="确认重新支付…").click()
    clerk.locator("dialog[open]").get_by_role("button", name="确认重新支付").click()
    expect(clerk.get_by_text("1 件已回到待拨付")).to_be_visible()
    cashier.goto("/desk/batches/new/?year=2024")
    cashier.get_by_role("button", name="组批 1 件").click()
    again = Batch.objects.latest("pk")
    release(approver, again)
    to_the_bank(cashier, again, "102.00", tmp_path)
    third = Payment.objects.latest("pk")
    assert (third.attempt, third.account_tail) == (2, "7777")
    upload(
        cashier, "/desk/payments/results/", "核对并登记", tmp_path / "回盘2.csv",
        "payment_no,result,on,reason", f"{third.payment_no},paid,{today},",
    )  # fmt: skip
    expect(cashier.get_by_text("到账 1 笔，退回 0 笔")).to_be_visible()

    account = one.city_office_id
    upload(
        cashier, f"/desk/reconciliation/?office={account}", "导入并勾对", tmp_path / "对账单.csv",
        "日期,金额,方向,摘要", f"{today},101.00,支出,{one.payment_no}", f"{today},102.00,支出,{third.payment_no}",
        f"{today},3.50,收入,利息",
    )  # fmt: skip
    expect(cashier.get_by_text("自动勾对流水 2 笔")).to_be_visible()
    cashier.get_by_label("核实说明").fill("银行结息")
    cashier.get_by_role("button", name="核实", exact=True).click()
    expect(cashier.get_by_text("两边相符")).to_be_visible()
    cashier.get_by_role("button", name="提请关账").click()
    supervisor = open_page("supervisor")
    month = f"/desk/reconciliation/{account}/{today:%Y-%m}/"
    supervisor.goto(month)
    supervisor.get_by_role("button", name="关账", exact=True).click()
    expect(supervisor.get_by_text("已关账").first).to_be_visible()

    phone = open_page("cashier", PHONE)
    two.refresh_from_db()
    file = f"/desk/payments/results/{two.result_file_id}/"
    for path in (
        "/desk/batches/new/?year=2024", "/desk/batches/", f"/desk/batches/{batch.pk}/", "/desk/payments/",
        "/desk/payments/results/", file, "/desk/payments/returned/", f"/desk/payments/{two.pk}/",
        "/desk/reconciliation/", month, "/desk/accounts/declarations/",
    ):  # fmt: skip
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert complaints == []
