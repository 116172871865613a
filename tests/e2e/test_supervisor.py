"""A supervisor in a real browser: from red to the list, the case and the confirmed bar, and a policy row drafted and put in force by another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.cases import reviews
from caseworks.cases.models import Bar
from caseworks.oversight import figures
from caseworks.registry.models import Unit
from dispatch import tasks
from dispatch.models import Obligation
from tests.e2e.conftest import PHONE
from tests.e2e.test_dispatch import AGENCY, agency, applied_and_paid, on
from tests.e2e.test_pages import serious
from tests.refunds_pages.conftest import assess, make_screening, make_unit
from tests.refunds_pages.staff import AT, SHELL, make_person

__all__ = ["agency"]
pytestmark = pytest.mark.e2e
PAGES = (
    "/admin/", "/admin/lists/cases/", "/admin/lists/obligations/", "/admin/lists/uses/", "/admin/fund/", "/admin/traces/?since=2024-01-01",
    "/admin/traces/exports/",
)  # fmt: skip


@pytest.fixture
def watched(bureau: None) -> None:
    """A judged province with one case that has waited for months, counted."""
    screening = make_screening()
    for number, region in ((1, "220102"), (2, "220202")):
        assess(make_unit(number, f"示例第{number}机械有限公司", region), screening)
    reviews.open_eligible(scheme="refunds", year=2024, by=SHELL, at=AT)
    figures.refresh_all(at=timezone.now())


def test_from_red_to_the_list_to_the_case(watched: None, open_page: Callable[..., Page], complaints: list[str]) -> None:
    page = open_page("supervisor")
    page.goto("/admin/")
    expect(page.locator("[data-chart=chart-funnel] svg")).to_be_visible()
    page.get_by_role("link", name="停留 15 天以上的业务件").click()
    expect(page.locator("#totals")).to_contain_text("2 件")
    page.get_by_role("link", name="示例第1机械有限公司").click()
    page.wait_for_url("**/desk/cases/*/")
    expect(page.locator("main")).to_contain_text("示例第1机械有限公司")
    page.goto("/admin/")
    page.get_by_role("link", name="长春市", exact=True).click()
    expect(page.get_by_role("heading", name="长春市 · 监管看板")).to_be_visible()
    assert complaints == []


def counted() -> None:
    """The clock has counted."""
    figures.refresh_all(at=timezone.now())


def test_from_red_to_the_list_to_the_case_to_the_confirmed_bar(
    agency: Path, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    applied_and_paid(agency)
    name = Unit.objects.get(uscc=AGENCY).name
    with on("2024-08-13"):
        counted()
        page = open_page("supervisor")
        page.goto("/admin/")
        page.get_by_role("link", name="派遣单位已过期限，未转付用工单位").click()
        expect(page.locator("#totals")).to_contain_text(f"{Obligation.objects.count()} 份")
        page.get_by_role("link", name=name).first.click()
        page.wait_for_url("**/desk/dispatch/obligations/*/")
        expect(page.locator("main")).to_contain_text("待转付")
        page.locator("main").get_by_role("link", name="支付", exact=True).click()
        page.locator("main").get_by_role("link", name="业务件", exact=True).click()
        page.wait_for_url("**/desk/cases/*/")
        expect(page.get_by_role("heading", name="派遣申请与转付")).to_be_visible()
        tasks.enforce_deadlines()
        counted()
        page.goto("/admin/?scheme=dispatch&year=2024")
        expect(page.get_by_role("link", name="派遣单位已过期限，未转付用工单位")).to_have_count(0)
        page.get_by_role("link", name="拟取消资格，待主管查实").click()
        expect(page.locator("#totals")).to_contain_text("1 户")
        page.get_by_role("link", name=name).click()
        page.wait_for_url("**/desk/dispatch/bars/*/")
        expect(page.locator("main")).to_contain_text("期限届满未转付也未退回")
        assert serious(page) == []
        address = page.url
    with on("2024-08-21"):  # its days to answer are over
        page = open_page("supervisor")
        page.goto(address)
        page.get_by_label("决定书文号").fill("示例人社决〔2024〕3号")
        page.get_by_label("送达日期").fill("2024-08-21")
        page.get_by_role("button", name="查实，取消资格").click()
        expect(page.get_by_text("已查实：取消 2025 年度申领资格。")).to_be_visible()
        assert Bar.objects.get(uscc=AGENCY).status == "confirmed"
        counted()
        page.goto("/admin/?scheme=dispatch&year=2024")
        expect(page.get_by_role("link", name="拟取消资格，待主管查实")).to_have_count(0)
        decided = page.locator("section", has=page.locator("#bars")).get_by_role("row", name="已查实")
        decided.get_by_role("link", name="1").click()
        expect(page.locator("tbody")).to_contain_text("示例人社决〔2024〕3号")
    assert complaints == []


def test_a_policy_row_is_drafted_by_one_and_put_in_force_by_another(
    watched: None, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    make_person("supervisor", "220000", "supervisor-two")
    page = open_page("supervisor")
    page.goto("/admin/law/policy/?scheme__exact=refunds&year__exact=2024&status__exact=in_force")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("button", name="复制为新版本").click()
    expect(page.get_by_role("button", name="试算")).to_be_visible()
    address = page.url.replace("/change/", "/force/")
    page.goto(address)
    expect(page.get_by_text("您是最后的起草人")).to_be_visible()
    other = open_page("")
    from tests.e2e.conftest import sign_in

    sign_in(other, "supervisor-two")
    other.wait_for_load_state()
    other.goto(address)
    other.get_by_role("checkbox").check()
    other.get_by_role("button", name="生效").click()
    expect(other.get_by_text("已生效").first).to_be_visible()
    assert [words for words in complaints if "Content Security" in words] == []


def test_supervisors_pages_are_accessible_fit_a_phone_and_keep_to_the_policy(
    watched: None, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    page = open_page("supervisor")
    found = {}
    for address in PAGES:
        answer = page.goto(address, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, address
        found[address] = serious(page)
    assert {address: words for address, words in found.items() if words} == {}
    phone = open_page("supervisor", PHONE)
    wide = {}
    for address in PAGES:
        phone.goto(address, wait_until="networkidle")
        wide[address] = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert {address: by for address, by in wide.items() if by > 0} == {}
    assert complaints == []
