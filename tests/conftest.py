"""Shared fixtures. The suite runs on a throw-away PostgreSQL and Redis of its own (or on those of the environment).

The servers are started before Django reads its settings, by the process that controls the run; xdist's workers find
them in the environment and take a database (pytest-django) and a Redis number each. They end with that process,
however it ends (caseworks.embedded).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

BASE_DIR = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_STACK = contextlib.ExitStack()


def _environment() -> None:
    """What a developer's `.env` says must not change a test."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")  # not in an ini: that is read before this
    os.environ["CASEWORKS_DEBUG"] = "1"
    os.environ["CASEWORKS_TRAINING"] = "0"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the thread of the tests
    for name in ("CASEWORKS_SECRET_KEY", "CASEWORKS_SEAL_KEYS", "CASEWORKS_LOOKUP_KEY"):
        os.environ[name] = ""
    for name in ("CASEWORKS_HOSTS", "CASEWORKS_ORIGINS"):
        os.environ.pop(name, None)


def _var() -> None:
    """A folder of this process, with the pages' third-party files in it."""
    var = Path(tempfile.mkdtemp(prefix="caseworks-var-"))
    os.environ["CASEWORKS_VAR"] = str(var)
    os.environ["CASEWORKS_UPLOADS"] = str(var / "uploads")
    (var / "assets").symlink_to(BASE_DIR / "var" / "assets")
    (var / "static").mkdir()
    _STACK.callback(shutil.rmtree, var, ignore_errors=True)


def _servers() -> None:
    """Throw-away servers, where the environment names none."""
    if not ("DATABASE_URL" in os.environ and "REDIS_URL" in os.environ):
        from caseworks.embedded import Servers

        servers = Servers(Path(tempfile.mkdtemp(prefix="caseworks-test-")), throwaway=True)
        _STACK.enter_context(servers.used())
        os.environ.setdefault("DATABASE_URL", servers.database_url)
        os.environ.setdefault("REDIS_URL", servers.redis_url)
    if WORKER.startswith("gw"):
        number = int(WORKER[2:]) + 1
        os.environ["REDIS_URL"] += f"?db={number}"


atexit.register(_STACK.close)  # where the run ends before pytest can unconfigure
_environment()
_var()
_servers()
django.setup()  # the conftests below import models

from tests.clean_books import bare_steps_write_less, pytest_runtest_call  # noqa: E402

__all__ = ["bare_steps_write_less", "pytest_runtest_call"]


def pytest_unconfigure(config: pytest.Config) -> None:
    _STACK.close()


@pytest.fixture(autouse=True)
def no_year_of_contributions_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test with real transactions takes its partitions along: flushing empties tables, it drops none."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" not in request.fixturenames and not (marker and marker.kwargs.get("transaction")):
        return
    from django.db import connection

    from caseworks.registry import partitions

    with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20s'")
        for year in partitions.years():
            cursor.execute(f"DROP TABLE {partitions.name(year)}")
        cursor.execute("RESET lock_timeout")


# -- a real browser


def chromium() -> str:
    """Path of Chromium: `CASEWORKS_CHROMIUM`, else the one of PATH."""
    found = os.environ.get("CASEWORKS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        pytest.fail("Chromium is missing: run script/test as root, or apt-get install chromium fonts-noto-cjk.", False)
    if not (BASE_DIR / "var" / "assets" / ".stamp").exists():
        pytest.fail("The pages' third-party files are missing: run `python -m caseworks.assets`.", False)
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """pytest-playwright starts Debian's Chromium; its own sandbox does not work for root."""
    flags = [
        "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ]  # fmt: skip
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": chromium(), "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """A caseworker's browser: Simplified Chinese, Shanghai time."""
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
