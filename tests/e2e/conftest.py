"""A bureau in a real browser: live server, a Celery worker on the throw-away Redis, and a page that listens.

Every test has pages whose console is read: a breach of the content security policy or a script error fails it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from caseworks.celery import app
from tests.refunds_pages.conftest import policy_of
from tests.refunds_pages.staff import PASSWORD, make_person

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture
def bureau(transactional_db: None) -> None:
    """Offices, the policy of 2024 in force, and a clerk and a reviewer of the province."""
    cache.clear()
    for role in ("clerk", "reviewer", "supervisor"):
        make_person(role)
    policy_of(2024)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A worker of our own queue (other test processes may share the broker), one task at a time."""
    app.conf.task_default_queue = f"test-{os.getpid()}"
    with start_worker(
        app, pool="solo", perform_ping_check=False, shutdown_timeout=30, queues=app.conf.task_default_queue
    ):
        yield
    assert threading.active_count() < 50


@pytest.fixture
def complaints() -> list[str]:
    """What browsers complained about: policy breaches, script errors, failed requests."""
    return []


@pytest.fixture
def open_page(
    browser: Browser, browser_context_args: dict[str, object], live_server: object, complaints: list[str]
) -> Iterator[Callable[..., Page]]:
    """Opens a browser of its own, signed in as a role unless told otherwise."""
    contexts: list[BrowserContext] = []

    def heard(message: ConsoleMessage) -> None:
        # A request that a click on a link cuts short is told by htmx as an error; nothing is wrong with it.
        if message.type in ("error", "warning") and not message.text.startswith(("htmx:send", "htmx:afterRequest")):
            complaints.append(f"{message.type}: {message.text}")

    def make(role: str = "clerk", viewport: dict[str, int] = DESK) -> Page:
        context = browser.new_context(**{**browser_context_args, "base_url": live_server.url, "viewport": viewport})  # type: ignore[attr-defined]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        if role:
            sign_in(page, f"{role}-220000")
        return page

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Sign in on the login page."""
    page.goto("/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
