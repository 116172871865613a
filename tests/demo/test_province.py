"""The demo province as files: well formed, invented, the same for the same seed, with every situation in it."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from caseworks.base.identifiers import citizen_id_problem, uscc_problem

SCRIPT = Path(__file__).resolve().parents[2] / "script" / "demo_province.py"
MARKS = ("示例", "样例", "演示", "模拟", "虚构")


def write(folder: Path, *arguments: str) -> Path:
    """Run the generator as people do."""
    subprocess.run([sys.executable, str(SCRIPT), str(folder), *arguments], check=True, capture_output=True)
    return folder


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of one file."""
    with (folder / f"{name}.csv").open(encoding="utf-8") as source:
        return list(csv.DictReader(source))


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("province"), "--units", "600", "--clean")


def test_the_same_seed_gives_the_same_bytes(province: Path, tmp_path: Path) -> None:
    again = write(tmp_path / "again", "--units", "600", "--clean")
    other = write(tmp_path / "other", "--units", "600", "--clean", "--seed", "7")
    names = sorted(path.relative_to(province) for path in province.rglob("*.csv"))
    assert len(names) == 12
    assert all((again / name).read_bytes() == (province / name).read_bytes() for name in names)
    assert (other / "units.csv").read_bytes() != (province / "units.csv").read_bytes()


def test_identifiers_are_well_formed_and_of_ranges_that_are_not_handed_out(province: Path) -> None:
    units = rows(province, "units")
    assert len(units) == len({unit["uscc"] for unit in units}) == 600
    assert [unit["uscc"] for unit in units if uscc_problem(unit["uscc"])] == []
    assert {unit["uscc"][8:10] for unit in units} == {"XD"}
    people = [row["id_no"] for name in ("workers", "separations") for row in rows(province, name)]
    assert [id_no for id_no in people if citizen_id_problem(id_no)] == []
    assert {id_no[14:17] for id_no in people} == {"000"}
    assert len(people) == len(set(people))


def test_names_and_phones_say_that_they_are_invented(province: Path) -> None:
    units = rows(province, "units")
    assert [unit["name"] for unit in units if not any(mark in unit["name"] for mark in MARKS)] == []
    assert len({unit["name"] for unit in units}) == 600
    assert {unit["phone"][:6] for unit in units} == {"199000"}


def test_twenty_five_agencies_hold_a_licence_some_of_them_expired(province: Path) -> None:
    agencies = [unit for unit in rows(province, "units") if unit["dispatch_licence"]]
    assert len(agencies) == 25
    assert {unit["dispatch_licence_until"] for unit in agencies} == {"2023-09-30", "2027-12-31"}


def test_a_premium_is_one_per_cent_of_a_wage_base(province: Path) -> None:
    counted = [row for row in rows(province, "contributions") if row["kind"] == "normal" and row["headcount"] != "0"]
    bases = {float(row["due"]) / int(row["headcount"]) / 0.01 for row in counted}
    assert min(bases) > 3700
    assert max(bases) < 9900


def test_every_kind_of_row_is_there(province: Path) -> None:
    kinds = {row["kind"] for row in rows(province, "contributions")}
    assert kinds == {"normal", "supplement", "arrears", "refund", "late_fee"}
    assert {row["list"] for row in rows(province, "listings")} >= {"dishonest"}
    assert {row["reason"] for row in rows(province, "separations")} >= {"death", "retirement"}
    assert {row["kind"] for row in rows(province, "accounts")} == {"corporate", "tax"}


def test_the_reserve_lasts_for_a_year_everywhere(province: Path) -> None:
    short = [row for row in rows(province, "fund") if float(row["closing_balance"]) < float(row["expenditure"])]
    assert short == []
    assert {row["year"] for row in rows(province, "fund") if row["region"] == "220000"} == {"2021", "2022", "2023"}
