"""Dispatch agencies in a real browser: applied, paid, proved; or nothing done, claimed back and barred; or revoked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.base.notices.delivery import deliver
from caseworks.cases.models import Bar, Case
from caseworks.money.models import Payment
from dispatch import tasks
from dispatch.models import Application, Obligation, Voucher
from tests.e2e.conftest import DESK, PHONE, SAMPLE, sign_in
from tests.e2e.test_pages import serious
from tests.people.builders import PASSWORD, unit_user
from tests.refunds.conftest import KINDS, load
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.e2e
AGENCY = "91220182XNGDR7P009"  # two hosts; applied again in 2025
PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n%%EOF\n"
Opened = Callable[..., Page]


@pytest.fixture
def agency(transactional_db: None, settings: Any, tmp_path: Path) -> Path:
    """The sample province, screened on a training database; a clerk, a supervisor, and a login of the agency."""
    cache.clear()
    settings.TRAINING = True
    settings.SMS_GATEWAY = ""
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("setup")
    load(SAMPLE, *KINDS)
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    for role in ("clerk", "supervisor"):
        make_person(role)
    unit_user("agency", AGENCY)
    return tmp_path


def on(day: str) -> time_machine.travel:
    """Ten in the morning in Changchun."""
    return time_machine.travel(dt.datetime.fromisoformat(f"{day}T02:00:00+00:00"), tick=True)


def enter(open_page: Opened, viewport: dict[str, int] = PHONE) -> Page:
    page = open_page("", viewport)
    sign_in(page, "agency", PASSWORD)
    return page


def apply(page: Page, year: int, roster: Path) -> None:
    """Hand in the roster, look at the split, submit."""
    page.goto(f"/portal/dispatch/{year}/apply/")
    page.locator("input[type=file]").set_input_files(str(roster))
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_text("按名册拆分")).to_be_visible()
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("申请已提交。")).to_be_visible()


def credited(folder: Path, day: str, year: int = 2024) -> None:
    """Reviewed, announced and paid by the training staff; the bank says when it arrived."""
    call_command("rehearse", str(year), "--scheme", "dispatch")
    payment = Payment.objects.get(scheme="dispatch", year=year)
    file = folder / "bank.csv"
    file.write_text(f"payment_no,result,on,reason\n{payment.payment_no},paid,{day},\n", encoding="utf-8")
    call_command("import_bank_results", str(file))
    call_command("enforce_deadlines", "--as-of", day)


def applied_and_paid(folder: Path) -> None:
    """The same without a browser: the money is there since 2024-07-01, to be forwarded until 2024-08-12."""
    roster = SAMPLE / "dispatch" / f"roster_{AGENCY}.csv"
    call_command("submit_dispatch", AGENCY, "2024", "--roster", str(roster), "--on", "2024-06-03")
    credited(folder, "2024-07-01")


def hand_in(page: Page, row: Obligation, folder: Path) -> None:
    """A receipt for all that is left of a part."""
    number = f"SL{row.pk:06d}"
    file = folder / f"{number}.pdf"
    file.write_bytes(PDF + number.encode())
    page.goto("/portal/dispatch/obligations/")
    page.locator("li").filter(has_text=row.host_name).get_by_role("link", name="上传凭证").click()
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_label("付款日期").fill("2024-07-09")
    page.get_by_label("回单号").fill(number)
    page.get_by_role("button", name="提交凭证").click()
    expect(page.get_by_text("凭证已提交")).to_be_visible()


def test_an_agency_applies_is_paid_proves_and_settles(agency: Path, open_page: Opened, complaints: list[str]) -> None:
    with on("2024-06-03"):
        page = enter(open_page)
        page.get_by_role("link", name="去申请").first.click()
        expect(page.get_by_text("上年度实缴失业保险费").first).to_be_visible()
        apply(page, 2024, SAMPLE / "dispatch" / f"roster_{AGENCY}.csv")
    credited(agency, "2024-07-01")
    with on("2024-07-10"):
        page, rows = enter(open_page), list(Obligation.objects.order_by("pk"))
        expect(page.get_by_text(f"转付 {len(rows)} 个用工单位共")).to_be_visible()
        expect(page.get_by_text("还有 23 个工作日").first).to_be_visible()
        for row in rows:
            hand_in(page, row, agency)
        clerk = open_page("clerk")
        clerk.goto("/desk/dispatch/vouchers/")
        first = Voucher.objects.order_by("pk")[0]
        with clerk.expect_response(lambda answer: answer.url.endswith(f"/vouchers/{first.pk}/file/")) as shown:
            clerk.get_by_role("link", name=first.receipt_no).click()
        assert (shown.value.status, shown.value.headers["x-frame-options"]) == (200, "SAMEORIGIN")
        expect(clerk.locator("iframe[title^='银行回单']")).to_be_visible()
        for row in Voucher.objects.order_by("pk"):
            expect(clerk.get_by_role("heading", name="凭证核对")).to_be_visible()
            expect(clerk.locator("dd b", has_text=row.receipt_no)).to_be_visible()
            clerk.keyboard.press("p")
            expect(clerk.get_by_text(f"凭证 {row.receipt_no} 已核实。")).to_be_visible()
        page.goto("/portal/dispatch/obligations/")
        expect(page.get_by_text("现在没有待转付的款项")).to_be_visible()
        expect(page.get_by_text("已结清")).to_have_count(len(rows))
        case = Case.objects.get(scheme="dispatch")
        clerk.goto(f"/desk/cases/{case.pk}/")
        expect(clerk.get_by_role("heading", name="派遣申请与转付")).to_be_visible()
    assert list(Obligation.objects.values_list("status", flat=True)) == ["settled"] * len(rows)
    assert complaints == []


def next_year(folder: Path) -> None:
    """The year after is imported and screened; the fund has its reserve."""
    fund = folder / "fund.csv"
    fund.write_text("region,year,closing_balance,expenditure\n220000,2024,24000000,12000000\n", encoding="utf-8")
    call_command("import_data", str(SAMPLE / "year2025" / "contributions.csv"), str(fund))
    call_command("screen_refunds", "2025", "--as-of", "2025-06-30")


def test_who_does_nothing_is_reminded_claimed_back_barred_and_refused(
    agency: Path, open_page: Opened, complaints: list[str]
) -> None:
    applied_and_paid(agency)
    with on("2024-07-30"):
        tasks.enforce_deadlines()
        deliver(clock=timezone.now)
        page = enter(open_page)
        page.get_by_role("link", name="消息").first.click()
        expect(page.get_by_role("link").filter(has_text="转付").first).to_be_visible()
    with on("2024-08-13"):
        assert " recoveries, 1 bars" in tasks.enforce_deadlines()
        tasks.issue_letters()
        page = enter(open_page)
        expect(page.get_by_text("拟取消 2025 年度申领资格")).to_be_visible()
        page.get_by_role("link", name="查看和申辩").click()
        page.get_by_label("申辩内容").fill("账户被冻结（示例）。")
        page.get_by_role("button", name="提交申辩").click()
        expect(page.get_by_text("申辩已提交")).to_be_visible()
    with on("2024-08-21"):
        supervisor = open_page("supervisor")
        supervisor.goto("/desk/dispatch/bars/")
        supervisor.locator("table a").first.click()
        expect(supervisor.get_by_text("账户被冻结（示例）。")).to_be_visible()
        supervisor.get_by_label("决定书文号").fill("示例人社决〔2024〕7号")
        supervisor.get_by_label("送达日期").fill("2024-08-21")
        supervisor.get_by_role("button", name="查实，取消资格").click()
        expect(supervisor.get_by_text("已查实：取消 2025 年度申领资格。")).to_be_visible()
    with on("2025-07-15"):
        next_year(agency)
        page = enter(open_page)
        page.goto("/portal/dispatch/2025/apply/")
        expect(page.get_by_text("已被取消 2025 年度申领资格（示例人社决〔2024〕7号）")).to_be_visible()
        expect(page.get_by_text("取消期至 2025 年 12 月 31 日")).to_be_visible()
        expect(page.locator("input[type=file]")).to_have_count(0)
    assert not Application.objects.filter(year=2025).exists()
    assert complaints == []


def test_a_revoked_bar_lets_what_waited_go_on(agency: Path, open_page: Opened, complaints: list[str]) -> None:
    applied_and_paid(agency)
    with on("2024-08-13"):
        tasks.enforce_deadlines()
    with on("2025-07-15"):
        next_year(agency)
        apply(enter(open_page), 2025, SAMPLE / "year2025" / f"roster_{AGENCY}.csv")
        call_command("rehearse", "2025", "--scheme", "dispatch")
        assert not Payment.objects.filter(year=2025).exists()  # the payment waits for the decision
        supervisor = open_page("supervisor")
        supervisor.goto(f"/desk/dispatch/bars/{Bar.objects.get().pk}/")
        expect(supervisor.get_by_role("link", name="已提交，")).to_be_visible()
        supervisor.get_by_text("撤销", exact=True).first.click()
        supervisor.get_by_label("撤销原因").select_option("bank_error")
        supervisor.get_by_label("说明").fill("银行晚报到账")
        supervisor.get_by_label("尚未退回的部分不再追回").check()
        supervisor.get_by_role("button", name="撤销").click()
        expect(supervisor.get_by_text("已撤销：暂缓的申请和支付继续办理")).to_be_visible()
        call_command("rehearse", "2025", "--scheme", "dispatch")
        assert Payment.objects.get(year=2025).status == "sent"
        assert set(Obligation.objects.values_list("status", flat=True)) == {"excused"}
        page = enter(open_page)
        page.goto("/portal/dispatch/obligations/")
        expect(page.get_by_text("现在没有待转付的款项")).to_be_visible()
    assert complaints == []


def test_the_pages_are_accessible_and_no_wider_than_a_phone(
    agency: Path, open_page: Opened, complaints: list[str]
) -> None:
    applied_and_paid(agency)
    with on("2024-07-10"):
        hand_in(enter(open_page), Obligation.objects.order_by("pk")[0], agency)
    with on("2024-08-13"):
        tasks.enforce_deadlines()
        application, part, bar = Application.objects.get(), Obligation.objects.order_by("pk")[0], Bar.objects.get()
        desk = [
            f"/desk/cases/{application.case_id}/",
            *(f"/desk/dispatch/{path}" for path in (
                "applications/", f"applications/{application.pk}/", f"applications/{application.pk}/replace/",
                f"agencies/{AGENCY}/", "hosts/", f"hosts/{part.host_uscc}/", "obligations/", f"obligations/{part.pk}/",
                "vouchers/", f"vouchers/{Voucher.objects.get().pk}/", "bars/", f"bars/{bar.pk}/",
            )),
        ]  # fmt: skip
        mine = [
            "/portal/", "/portal/dispatch/", f"/portal/dispatch/applications/{application.pk}/",
            "/portal/dispatch/obligations/", f"/portal/dispatch/obligations/{part.pk}/", f"/portal/dispatch/bars/{bar.pk}/",
        ]  # fmt: skip
        findings: dict[str, object] = {}
        for viewport in (PHONE, DESK):
            for page, addresses in ((enter(open_page, viewport), mine), (open_page("supervisor", viewport), desk)):
                for address in addresses:
                    answer = page.goto(address, wait_until="load")
                    assert answer is not None
                    assert answer.status == 200, address
                    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    looked = serious(page) if (viewport is PHONE) == (addresses is mine) else []
                    findings[f"{address} {viewport['width']}"] = (looked, wide)
        assert {name: found for name, found in findings.items() if found != ([], 0)} == {}
    assert complaints == []
