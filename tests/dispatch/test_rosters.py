"""Rosters of the sample, good and dirty: every bad row is named, good ones are split as the contract says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command

from dispatch.models import Application, RosterRow, Share
from tests.dispatch.conftest import DIRTY, SAMPLE, load, rows, submit

Exported = Callable[[str], list[dict[str, str]]]


def named(words: str) -> set[int]:
    """The lines that a refusal names, wherever it does."""
    return {int(number) for number in re.findall(r"第 (\d+) 行", words)}


def test_every_roster_of_the_sample_is_taken(bureau: None, exported: Exported) -> None:
    load(SAMPLE, "units", "contributions", "separations", "listings")
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    for row in rows(SAMPLE / "dispatch" / "applications.csv"):
        assert submit(row["agency_uscc"], row["year"], SAMPLE / "dispatch" / row["roster"], row["on"]) == (0, "")
    assert exported("2024") == rows(SAMPLE / "expected_dispatch_start.csv")


def test_dirty_rosters_are_refused_with_every_bad_row_named(bureau: None, exported: Exported) -> None:
    load(DIRTY, "units", "contributions", "listings")
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    wrong = []
    for row in rows(DIRTY / "expected_rosters.csv"):
        code, words = submit(row["agency_uscc"], row["year"], DIRTY / row["roster"], row["on"])
        lines = named(words)
        wanted = [{int(one) for one in every.split("|")} for every in row["names"].split(";") if every]
        if str(code) not in row["exit"].split("|") or not all(lines & any_of for any_of in wanted):
            wrong.append((row["note"], code, words))
    assert wrong == []
    assert exported("2024") == rows(DIRTY / "expected_dispatch.csv")
    assert Application.objects.count() == len(
        [row for row in rows(DIRTY / "expected_rosters.csv") if row["accepted"] == "yes"]
    )


def test_a_refused_roster_leaves_nothing(bureau: None) -> None:
    load(DIRTY, "units", "contributions", "listings")
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    uscc = "91220104XNT285C299"
    code, words = submit(uscc, "2024", DIRTY / f"roster_{uscc}.csv", "2024-07-01")
    assert code == 1
    assert words.startswith("名册有 3 行不符合要求，整份申请没有受理，未作任何更改。")
    assert (Application.objects.count(), RosterRow.objects.count(), Share.objects.count()) == (0, 0, 0)


def test_a_file_that_is_no_roster_is_a_file_error(bureau: None, tmp_path: Path) -> None:
    load(DIRTY, "units", "contributions", "listings")
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    file = tmp_path / "roster.csv"
    file.write_text("id_no,name\n220182195005310002,王示例\n", encoding="utf-8")
    uscc = "91220104XN6NQP823M"
    assert submit(uscc, "2024", file, "2024-07-01")[0] == 2
    assert submit(uscc, "2024", tmp_path / "missing.csv", "2024-07-01")[0] == 2
