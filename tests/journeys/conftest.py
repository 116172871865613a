"""The sample province on a training database; after every journey the books are clean and the histories whole."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from caseworks.books import checking
from caseworks.cases import verification
from tests.refunds.conftest import KINDS, SAMPLE, load

__all__ = ["SAMPLE"]


@pytest.fixture
def screened(transactional_db: None, settings: object) -> Iterator[Path]:
    """A training bureau with the sample province, imported and screened."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    call_command("setup")
    load(SAMPLE, *KINDS)
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    yield SAMPLE
    assert checking.offences() == []
    assert verification.findings() == []


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def exported(kind: str, folder: Path) -> list[dict[str, str]]:
    """The year's results as the command writes them."""
    out = folder / f"{kind}.csv"
    call_command("export_results", kind, "2024", str(out))
    return rows(out)


def paid_by(found: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    """These columns of each row, sorted."""
    return sorted(tuple(row[name] for name in names) for row in found)
