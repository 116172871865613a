"""The main pages: no serious accessibility finding, no breach of the content policy, no overflow on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from caseworks.registry import imports
from caseworks.registry.specs import kind_of
from refunds import screening
from refunds.models import Assessment, ScreeningRun
from tests.e2e.conftest import PHONE, SAMPLE
from tests.refunds_pages.staff import AT, SHELL

pytestmark = pytest.mark.e2e
SERIOUS = {"serious", "critical"}


@pytest.fixture
def judged_sample(bureau: None) -> list[str]:
    """The sample province, imported and screened; the addresses of the main pages."""
    for name in ("units.csv", "contributions.csv", "separations.csv", "listings.csv"):
        kind = kind_of(SAMPLE / name)
        assert kind is not None
        imports.load(SAMPLE / name, kind, SHELL, timezone.now())
    screening.run(2024, "22", AT.date(), SHELL, AT)
    refused = Assessment.objects.filter(reasons__contains=["layoff_rate_exceeded"]).order_by("uscc")[0].uscc
    manual = Assessment.objects.filter(outcome="manual").order_by("uscc")[0].uscc
    run = ScreeningRun.objects.get().pk
    return [
        "/desk/",
        "/desk/units/",
        f"/desk/units/{refused}/",
        "/desk/imports/",
        "/desk/imports/new",
        "/desk/refunds/",
        "/desk/refunds/?outcome=manual&reason=size_unknown",
        f"/desk/refunds/2024/{refused}/",
        f"/desk/refunds/2024/{manual}/",
        "/desk/refunds/screenings/",
        f"/desk/refunds/screenings/{run}/",
        f"/desk/refunds/screenings/{run}/changes/",
        "/desk/refunds/screenings/new/",
        "/desk/refunds/determinations/manual/",
        "/desk/refunds/determinations/",
        f"/desk/refunds/determinations/new/2024/{manual}/",
        "/desk/refunds/determinations/sheet/",
        "/desk/why/",
        f"/desk/why/?q={refused}",
    ]


def serious(page: Page) -> list[str]:
    """Serious findings of axe on a page, each with the first element."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in SERIOUS]


def test_main_pages_are_accessible_and_keep_to_the_policy(
    judged_sample: list[str], open_page: Callable[..., Page], complaints: list[str]
) -> None:
    page = open_page("clerk")
    findings = {}
    for address in judged_sample:
        answer = page.goto(address, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, address
        findings[address] = serious(page)
    assert {address: found for address, found in findings.items() if found} == {}
    assert complaints == []


def test_no_page_is_wider_than_a_phone(judged_sample: list[str], open_page: Callable[..., Page]) -> None:
    page = open_page("clerk", PHONE)
    wide = {}
    for address in judged_sample:
        page.goto(address, wait_until="networkidle")
        wide[address] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert {address: by for address, by in wide.items() if by > 0} == {}


def test_the_list_is_worked_by_keyboard_alone(judged_sample: list[str], open_page: Callable[..., Page]) -> None:
    page = open_page("clerk")
    page.goto("/desk/refunds/")
    first = page.locator("tbody tr").nth(0)
    first.focus()
    page.keyboard.press("ArrowDown")
    code = page.evaluate("document.activeElement.querySelector('.rf-code').textContent").split(" · ")[0]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/2024/{code}/")
