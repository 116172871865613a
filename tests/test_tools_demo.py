"""The demonstration: a province made, imported and screened by one command, kept by the second, gone after a reset."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseworks.embedded import Servers

BASE_DIR = Path(__file__).resolve().parent.parent
ROLES = ["clerk", "reviewer", "approver", "cashier", "supervisor", "auditor", "administrator"]


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for the demonstration."""
    path = Path(tempfile.mkdtemp(prefix="caseworks-demo-"))
    yield path
    shutil.rmtree(Servers(path / "servers").sockets, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def demo(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration in that folder, on embedded servers."""
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    environment |= {"CASEWORKS_VAR": str(var), "CASEWORKS_DEBUG": "1"}
    command = [sys.executable, "script/demo_site.py", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True)


def outcomes(text: str) -> list[str]:
    """The lines of the summary."""
    return re.findall(r"^  (\w+ +\S+ +[\d,]+ units +[\d,.]+ yuan)$", text, re.M)


def test_a_province_is_made_imported_and_screened_and_the_second_start_keeps_it(var: Path) -> None:
    first = demo(var, "--once", "--units", "400")
    assert first.returncode == 0, first.stderr
    assert len(outcomes(first.stdout)) == 4, "every outcome has units"
    assert "units.csv: " in first.stdout
    for role in ROLES:
        assert f"training-{role}" in first.stdout
    second = demo(var, "--once")
    assert second.returncode == 0, second.stderr
    assert "units.csv" not in second.stdout
    assert outcomes(second.stdout) == outcomes(first.stdout)
    servers = Servers(var / "servers")
    assert servers.pid("postgres") is None
    assert servers.pid("redis") is None


def test_a_reset_while_the_database_is_used_throws_nothing_away(var: Path) -> None:
    with Servers(var / "servers").used():
        done = demo(var, "--once", "--reset")
        assert done.returncode == 1
        assert "nothing was thrown away" in done.stderr
        assert (var / "servers" / "pg" / "PG_VERSION").exists()
