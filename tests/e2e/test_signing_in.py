"""Signing in, as somebody at a keyboard meets it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import sign_in

pytestmark = pytest.mark.e2e


def test_a_wrong_password_is_answered_and_after_five_the_door_is_shut(
    bureau: None, open_page: Callable[..., Page]
) -> None:
    page = open_page("")
    sign_in(page, "clerk-220000", "wrong-password-1")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page).to_have_title("登录 · 失业保险援企稳岗")
    for number in range(2, 6):
        sign_in(page, "clerk-220000", f"wrong-password-{number}")
    expect(page.get_by_text("锁定").first).to_be_visible()
    sign_in(page, "clerk-220000")
    expect(page.get_by_text("锁定").first).to_be_visible()
    sign_in(page, "reviewer-220000")
    expect(page.get_by_role("heading", name="工作台")).to_be_visible()


def test_a_page_asks_for_the_login_and_leads_back(bureau: None, open_page: Callable[..., Page]) -> None:
    page = open_page("")
    page.goto("/desk/why/")
    page.get_by_label("用户名").fill("clerk-220000")
    page.get_by_label("密码").fill("Changbai-2024-fenxi")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="为什么没有我？")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    page.goto("/desk/why/")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
