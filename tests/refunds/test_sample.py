"""The sample province, screened by command, equals the files of an independent implementation. (contract, 2)"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.core.management import call_command

from caseworks.cases.models import Bar
from tests.refunds.conftest import AT, SAMPLE, load

pytestmark = pytest.mark.django_db(transaction=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def exported(year: int, tmp_path: Path) -> list[dict[str, str]]:
    out = tmp_path / "out.csv"
    call_command("export_results", "refunds", str(year), str(out))
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    found = rows(out)
    assert {row.pop("status") for row in found} == {"screened"}
    return found


def test_2024_has_no_difference(province: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    assert exported(2024, tmp_path) == rows(SAMPLE / "expected_refunds.csv")
    lines = capsys.readouterr().out.splitlines()
    outcomes = {line.partition(":")[0]: int(line.split()[1]) for line in lines if "units" in line}
    assert outcomes == {"ineligible": 69, "apply": 51, "manual": 19, "eligible": 161}


def test_2025_has_no_difference_with_the_bars_of_the_sweeps(province: Path, tmp_path: Path) -> None:
    load(SAMPLE / "year2025", "contributions")
    for row in rows(SAMPLE / "expected_bars.csv"):
        Bar.objects.create(
            uscc=row["agency_uscc"], year=int(row["barred_year"]), reason="逾期未拨付", proposed_at=AT,
            proposed_label="sweep",
        )  # fmt: skip
    call_command("screen_refunds", "2025", "--as-of", "2025-06-30")
    expected = rows(SAMPLE / "expected_refunds_2025.csv")
    assert exported(2025, tmp_path) == expected
    assert any("disqualified" in row["reasons"] for row in expected)


def test_2024_stays_as_it_was_when_the_next_year_is_imported(province: Path, tmp_path: Path) -> None:
    load(SAMPLE / "year2025", "contributions")
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    assert exported(2024, tmp_path) == rows(SAMPLE / "expected_refunds.csv")
