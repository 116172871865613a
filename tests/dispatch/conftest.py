"""Agencies of the sample province on a training database."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.refunds.conftest import SAMPLE, bureau, load

__all__ = ["SAMPLE", "bureau", "load"]

DIRTY = SAMPLE / "dirty" / "20_rosters"


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file, row by row."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def submit(uscc: str, year: str, roster: Path, on: str) -> tuple[int, str]:
    """The command's exit code and what it says on stderr."""
    try:
        call_command("submit_dispatch", uscc, year, "--roster", str(roster), "--on", on)
    except CommandError as refused:
        return refused.returncode, str(refused)
    return 0, ""


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[str], list[dict[str, str]]]:
    """The parts of a year as the command writes them, without their status."""

    def export(year: str) -> list[dict[str, str]]:
        out = tmp_path / f"dispatch{year}.csv"
        call_command("export_results", "dispatch", year, str(out))
        return [{name: value for name, value in row.items() if name != "status"} for row in rows(out)]

    return export
