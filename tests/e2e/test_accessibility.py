"""No serious finding of axe on any page of the desk, on the public pages, at the sign-in and in the rooms of the admin.

The desk's pages are those of every address that takes no number, each as somebody who may see it, and from each list its
first row; the portals have tests of their own.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.base.enums import Role
from caseworks.cases.models import Announcement, AnnouncementLine
from caseworks.law.models import Policy
from caseworks.oversight import figures
from caseworks.people.permissions import PERMISSIONS
from tests.architecture import addresses
from tests.e2e.conftest import DESK, PHONE, SAMPLE
from tests.e2e.test_dispatch import on
from tests.e2e.test_pages import serious
from tests.journeys.conftest import exported
from tests.refunds.conftest import KINDS, load
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.e2e
#: what answers with a file or a fragment, or asks for an address of its own
NO_PAGES = ("export", "totals", "progress", ".csv", ".xlsx", ".pdf", "nowhere", "basis", "template")


@pytest.fixture
def province(transactional_db: None, settings: Any, tmp_path: Path) -> Path:
    """The sample province: its refunds at the bank, which paid most and returned some; agencies that applied; counted."""
    cache.clear()
    settings.TRAINING = True
    settings.SMS_GATEWAY = ""
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("setup")
    load(SAMPLE, *KINDS)
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    call_command("rehearse", "2024", "--scheme", "refunds")
    sent = [row for row in exported("payments", tmp_path) if row["status"] == "sent"]
    path = tmp_path / "results.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["payment_no", "result", "on", "reason"])
        for number, row in enumerate(sent):
            returned = number % 7 == 0
            given = ["returned", "2024-07-30", "账户已销户"] if returned else ["paid", "2024-07-30", ""]
            writer.writerow([row["payment_no"], *given])
    call_command("import_bank_results", str(path))
    for role in Role:
        make_person(role.value)
    figures.refresh_all(at=timezone.now())
    return tmp_path


def looked(page: Page, address: str) -> list[str]:
    """What is wrong with a page: no page at all, findings, an overflow."""
    answer = page.goto(address, wait_until="load")
    assert answer is not None
    if answer.status != 200:
        return [f"status {answer.status}"]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return serious(page) + ([f"{wide} px too wide"] if wide > 0 else [])


def desk_pages() -> dict[str, str]:
    """The pages of the desk that take no number, each with a role that may see it."""
    found = {}
    for address in addresses():
        plain = address.path.startswith("/desk/") and not any(part in address.path for part in NO_PAGES)
        if plain and address.mark in PERMISSIONS and not any(word in address.path for word in ("/1/", "/x/", "/2024")):
            holders = PERMISSIONS[str(address.mark)]
            found[address.path] = next(role.value for role in Role if role in holders)
    return found


def test_every_page_of_the_desk(province: Path, open_page: Callable[..., Page], complaints: list[str]) -> None:
    pages: dict[str, Page] = {}
    wrong, seen = {}, 0
    for address, role in desk_pages().items():
        if role not in pages:
            pages[role] = open_page(role)
        page = pages[role]
        answer = page.request.get(address, max_redirects=0)
        if answer.status in (302, 405):  # answers a POST alone, or leads on
            continue
        seen += 1
        wrong[address] = looked(page, address)
        row = page.locator("tr[data-href]").first
        if row.count():
            seen += 1
            target = row.get_attribute("data-href") or ""
            wrong[target] = looked(page, target)
    assert seen > 60
    assert {address: found for address, found in wrong.items() if found} == {}
    assert complaints == []


ROOMS = (
    "/admin/", "/admin/?scheme=dispatch", "/admin/?scheme=subsidies", "/admin/fund/", "/admin/traces/", "/admin/trials/",
    "/admin/lists/cases/", "/admin/lists/uses/", "/admin/law/policy/", "/admin/law/policy/add/", "/admin/law/calendaryear/",
    "/admin/law/calendaryear/2024/change/", "/admin/law/calendaryear/add/", "/admin/law/deadline/", "/admin/people/person/",
    "/admin/people/office/", "/admin/people/appointment/", "/admin/people/standin/", "/admin/people/signin/",
    "/admin/base/noticetemplate/",
)  # fmt: skip


def test_the_rooms_of_the_admin(province: Path, open_page: Callable[..., Page], complaints: list[str]) -> None:
    policy = Policy.objects.in_force().get(scheme="refunds", year=2024, region="22")
    own = [f"/admin/law/policy/{policy.pk}/change/", f"/admin/law/policy/{policy.pk}/history/"]
    page, wrong = open_page("supervisor"), {}
    for address in (*(address for address in ROOMS if address != "/admin/trials/"), *own):
        wrong[address] = looked(page, address)
    administrator = open_page("administrator")
    for address in ("/admin/", "/admin/people/person/add/", "/admin/people/office/add/", "/admin/people/standin/add/"):
        wrong[f"{address} administrator"] = looked(administrator, address)
    assert {address: found for address, found in wrong.items() if found} == {}
    assert [words for words in complaints if "Content Security" in words] == []


def test_public_pages(province: Path, open_page: Callable[..., Page], complaints: list[str]) -> None:
    listed = Announcement.objects.order_by("pk")[0]
    line = AnnouncementLine.objects.filter(announcement=listed).order_by("position")[0]
    address = f"/announcements/{listed.slug}/"
    pages = [
        "/", "/login/", "/announcements/", f"/announcements/?q={line.name[:4]}", "/announcements/?q=没有这个单位", address,
        f"{address}?q={line.name[:4]}", f"{address}objections/{line.position}/", "/announcements/second-look/",
        "/final-calls/", "/portal/subsidies/",
    ]  # fmt: skip
    wrong: dict[str, list[str]] = {}
    with on(str(listed.last_day)):
        for viewport in (PHONE, DESK):
            page = open_page("", viewport)
            for each in pages:
                wrong[f"{each} {viewport['width']}"] = looked(page, each)
            missing = page.goto("/announcements/nowhere/")
            assert missing is not None
            assert missing.status == 404
            wrong[f"404 {viewport['width']}"] = serious(page)
        page.goto(f"{address}objections/{line.position}/")
        page.get_by_label("异议内容").fill("人数不实")
        page.get_by_label("您的姓名或单位名称").fill("李某")
        page.get_by_label("联系方式").fill("139-0000-0000")
        page.get_by_role("button", name="提交异议").click()
        expect(page.get_by_text("异议已登记").first).to_be_visible()
        wrong["received"] = serious(page)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert [words for words in complaints if "404" not in words] == []
