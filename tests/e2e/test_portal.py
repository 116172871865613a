"""The portal on a phone, and the pages of notices and papers on the desk, in a real browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.base import notices
from caseworks.base.models import Document, Notice
from caseworks.base.notices import Event
from caseworks.base.notices.delivery import deliver
from caseworks.cases import history, holds, openings
from caseworks.cases.enums import HoldKind
from caseworks.cases.holds import Held
from caseworks.cases.models import Case
from caseworks.people.models import Office, Person
from caseworks.registry.models import Account, Unit
from refunds import decisions
from refunds.models import Assessment
from tests.e2e.conftest import DESK, PHONE, sign_in
from tests.e2e.test_pages import serious
from tests.people.builders import PASSWORD, unit_user
from tests.portal.conftest import real_unit, screened
from tests.refunds.build import a_year, record
from tests.refunds_pages.staff import SHELL

pytestmark = pytest.mark.e2e
AT = dt.datetime(2024, 7, 9, 1, 30, tzinfo=dt.UTC)


@pytest.fixture
def firm(bureau: None, settings: Any) -> Unit:
    """A unit that is owed 720.00 yuan, without an account; its user; a letter, and messages that it was sent."""
    settings.SMS_GATEWAY = ""
    Office.objects.filter(code="220100").update(phone="0431-1234567", address="长春市示例路 1 号")
    unit = real_unit(1, phone="13812345678")
    a_year(unit.uscc)
    assert screened(unit).outcome == "eligible"
    openings.open_eligible(scheme="refunds", year=2024, by=SHELL, at=AT)
    case = Case.objects.get(subject=unit.uscc)
    for step in ("pass_first", "pass_second", "approve", "announce", "clear"):
        history.take(step, [case.pk], by=SHELL, at=AT)
    held = Held(
        case.pk, HoldKind.ACCOUNT_MISSING, "没有可用的收款账户（缴税账户仅限小微企业和个体工商户），请单位补充。"
    )
    holds.place([held], by=SHELL, at=AT)
    params = {"business": "稳岗返还", "amount": "720.00", "problem": held.reason}
    about = (unit.uscc, unit.name, unit.office_id, unit.city_office_id, "refunds", 2024, case.pk, params)
    for template in ("approved", "account_missing"):
        notices.post([Event(f"{template}:1", *about)], template=template, at=AT)
    deliver(clock=timezone.now)
    decisions.issue(case.pk, by=SHELL, at=AT)
    unit_user("firm", unit.uscc)
    return unit


def enter(open_page: Callable[..., Page], viewport: dict[str, int] = PHONE) -> Page:
    page = open_page("", viewport)
    sign_in(page, "firm", PASSWORD)
    return page


def too_wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_an_enterprise_sees_its_state_and_hands_in_its_account(
    firm: Unit, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    page = enter(open_page)
    expect(page.get_by_role("heading", name=firm.name)).to_be_visible()
    expect(page.get_by_text("等待拨付")).to_be_visible()
    expect(page.get_by_text("720.00 元", exact=True)).to_be_visible()
    expect(page.locator(".cw-tabs .cw-count")).to_contain_text("2")
    page.get_by_role("link", name="提交账户").click()
    page.get_by_label("户名").fill(firm.name)
    page.get_by_label("银行账号", exact=False).first.fill("6222 0000 1111 2222")
    page.get_by_label("再次输入银行账号").fill("6222000011112223")
    page.get_by_label("开户银行").fill("示例银行长春人民大街支行")
    page.get_by_role("button", name="提交账户").click()
    expect(page.get_by_text("两次输入的账号不一致")).to_be_visible()
    page.get_by_label("再次输入银行账号").fill("6222000011112222")
    page.get_by_role("button", name="提交账户").click()
    expect(page.get_by_text("账户已提交，待经办机构核实")).to_be_visible()
    expect(page.get_by_text("**** 2222")).to_be_visible()
    row = Account.objects.get()
    assert (row.status, row.proposed_by) == ("proposed", Person.objects.get(username="firm"))
    page.get_by_role("link", name="消息").click()
    page.get_by_role("link", name="请补充收款账户").click()
    expect(page.locator("article")).to_contain_text("请在“收款账户”页面提交")
    page.get_by_role("link", name="首页").click()
    expect(page.get_by_text("现在没有需要您办理的事")).to_be_visible()
    expect(page.locator(".cw-tabs .cw-count")).to_contain_text("1")
    with page.expect_download() as taken:
        page.get_by_role("link", name="核定通知").click()
    assert taken.value.suggested_filename == "2024年度稳岗返还核定通知（长春市失业保险经办机构〔2024〕1号）.pdf"
    assert complaints == []


def test_the_pages_are_accessible_and_no_wider_than_a_phone(
    firm: Unit, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    refused = real_unit(2)
    a_year(refused.uscc)
    record(refused.uscc, "2023-12", serial="2", headcount=-4)
    Assessment.objects.filter(uscc=refused.uscc).delete()
    screened(refused)
    unit_user("two", firm.uscc, refused.uscc)
    document, notice = Document.objects.get(), Notice.objects.filter(channel="portal").latest("pk")
    case = Case.objects.get()
    mine = ["/portal/", "/portal/account/", "/portal/messages/", f"/portal/messages/{notice.pk}/", "/portal/documents/"]
    desk = [
        "/desk/notices/",
        f"/desk/notices/{Notice.objects.filter(channel='sms').latest('pk').pk}/",
        "/desk/notices/blocks/",
        "/desk/documents/",
        f"/desk/documents/{document.pk}/",
        f"/desk/cases/{case.pk}/",
        f"/desk/units/{firm.uscc}/",
    ]
    findings: dict[str, object] = {}
    several = open_page("", PHONE)
    sign_in(several, "two", PASSWORD)
    expect(several.get_by_role("heading", name="为哪个单位办理？")).to_be_visible()
    findings["choose"] = (serious(several), too_wide(several))
    several.get_by_role("button", name=refused.name).click()
    expect(several.get_by_text("不符合条件，原因如下")).to_be_visible()
    findings["refused"] = (serious(several), too_wide(several))
    for viewport in (PHONE, DESK):
        for page, addresses in ((enter(open_page, viewport), mine), (open_page("clerk", viewport), desk)):
            for address in addresses:
                answer = page.goto(address, wait_until="load")
                assert answer is not None
                assert answer.status == 200, address
                findings[f"{address} {viewport['width']}"] = (serious(page), too_wide(page))
    assert {name: found for name, found in findings.items() if found != ([], 0)} == {}
    assert complaints == []
