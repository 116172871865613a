"""The dirty folders of the sample: every file's counts and every rejected row, imported twice, in the order of names."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from caseworks.registry.models import ImportFile
from tests.registry.support import SAMPLE, make_bureau

DIRTY = SAMPLE / "dirty"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


EXPECTED_FILES: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
for row in rows(DIRTY / "expected_files.csv"):
    EXPECTED_FILES[row["case"]][row["file"]] = row
EXPECTED_REJECTS: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
for row in rows(DIRTY / "expected_rejects.csv"):
    EXPECTED_REJECTS[row["case"], row["file"]].append(row)


def import_folder(folder: Path) -> int:
    try:
        call_command("import_data", str(folder))
    except CommandError as error:
        return error.returncode
    return 0


@pytest.mark.django_db
def test_dirty_folders_twice(sample: Path) -> None:
    make_bureau()
    wrong = []
    for case, files in sorted(EXPECTED_FILES.items()):
        for turn in (1, 2):
            last = ImportFile.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            code = import_folder(sample / "dirty" / case)
            expected_code = max(int(expected["exit_code"]) for expected in files.values())
            if code != expected_code:
                wrong.append(f"{case} turn {turn}: exit {code}, not {expected_code}")
            done = {found.name: found for found in ImportFile.objects.filter(pk__gt=last)}
            for name, expected in files.items():
                wrong += compare(case, name, turn, expected, done[name], sample / "dirty" / case / f"{name}.errors.csv")
    assert wrong == []


def compare(case: str, name: str, turn: int, expected: dict[str, str], found: ImportFile, errors: Path) -> list[str]:
    read, rejected = int(expected["read"]), int(expected["rejected"])
    stored = int(expected["stored"]) if turn == 1 else 0
    unchanged = int(expected["unchanged"]) if turn == 1 else read - rejected
    want = (read, stored, rejected, unchanged, int(expected["totals_rows"]))
    got = (found.read, found.stored, found.rejected, found.unchanged, found.totals_rows)
    where = f"{case}/{name} turn {turn}"
    wrong = [f"{where}: {got}, not {want}"] if got != want else []
    if (int(expected["exit_code"]) == 2) != (found.run.state == "refused"):
        wrong.append(f"{where}: {found.run.state}")
    reported = rows(errors) if errors.exists() else []
    wanted = EXPECTED_REJECTS[case, name]
    if [row["line"] for row in reported] != [row["line"] for row in wanted]:
        return [*wrong, f"{where}: lines {[row['line'] for row in reported]}"]
    for row, want_row in zip(reported, wanted, strict=True):
        if want_row["column"] != "*" and row["column"] not in want_row["column"].split("|"):
            wrong.append(f"{where}:{row['line']} column {row['column']}, not {want_row['column']}")
        if want_row["column"] != "*" and row["value"] != want_row["value"]:
            wrong.append(f"{where}:{row['line']} value {row['value']!r}, not {want_row['value']!r}")
        if want_row["names_line"] and f"第 {want_row['names_line']} 行" not in row["reason"]:
            wrong.append(f"{where}:{row['line']} does not name line {want_row['names_line']}: {row['reason']}")
        if not row["reason"]:
            wrong.append(f"{where}:{row['line']} has no reason")
    return wrong


@pytest.mark.django_db
def test_the_sample_province_is_stored_whole(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bureau()
    call_command("import_data", str(sample))
    first = [line for line in capsys.readouterr().out.splitlines() if " read, " in line]
    assert first == [
        "units.csv: 300 read, 300 stored, 0 rejected, 0 unchanged",
        "accounts.csv: 302 read, 302 stored, 0 rejected, 0 unchanged",
        "contributions.csv: 3758 read, 3758 stored, 0 rejected, 0 unchanged",
        "separations.csv: 57 read, 57 stored, 0 rejected, 0 unchanged",
        "listings.csv: 17 read, 17 stored, 0 rejected, 0 unchanged",
        "fund.csv: 30 read, 30 stored, 0 rejected, 0 unchanged",
        "workers.csv: 103 read, 103 stored, 0 rejected, 0 unchanged",
        "worker_insurance.csv: 111 read, 111 stored, 0 rejected, 0 unchanged",
        "benefit_spells.csv: 5 read, 5 stored, 0 rejected, 0 unchanged",
        "certificates.csv: 139 read, 139 stored, 0 rejected, 0 unchanged",
        "training_subsidies.csv: 22 read, 22 stored, 0 rejected, 0 unchanged",
    ]
    call_command("import_data", str(sample))
    second = [line for line in capsys.readouterr().out.splitlines() if " read, " in line]
    assert all(" 0 stored, 0 rejected" in line for line in second)
    assert not list(sample.glob("*.errors.csv"))
    for folder in ("20_rosters",):
        call_command("import_data", str(sample / "dirty" / folder))
    third = [line for line in capsys.readouterr().out.splitlines() if " read, " in line]
    assert len(third) == 3
    assert all(" 0 rejected, 0 unchanged" in line for line in third)
