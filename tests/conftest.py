"""Shared fixtures. The suite runs on a throw-away PostgreSQL and Redis of its own (or on those of the environment)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_HOLD: list[object] = []


def _servers() -> None:
    """Start throw-away servers before Django reads its settings; xdist workers share their controller's."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    from caseworks.embedded import Servers

    folder = Path(tempfile.mkdtemp(prefix="caseworks-test-"))
    servers = Servers(folder, throwaway=True)
    servers.start()
    _HOLD.append(servers)
    os.environ.setdefault("DATABASE_URL", servers.database_url)
    os.environ.setdefault("REDIS_URL", "unix://" + str(servers.sockets / "redis.sock"))


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:  # pragma: no cover - runs before coverage
    _servers()


os.environ.setdefault("CASEWORKS_DEBUG", "1")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
os.environ["CASEWORKS_VAR"] = os.environ.get("CASEWORKS_TEST_VAR") or tempfile.mkdtemp(prefix="caseworks-var-")
_servers()


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    shutil.rmtree(os.environ["CASEWORKS_VAR"], ignore_errors=True)
    for servers in _HOLD:
        servers.stop()  # type: ignore[attr-defined]
        shutil.rmtree(servers.folder, ignore_errors=True)  # type: ignore[attr-defined]
        shutil.rmtree(servers.sockets, ignore_errors=True)  # type: ignore[attr-defined]
