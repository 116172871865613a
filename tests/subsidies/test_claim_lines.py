"""Clean lines of a claims file take a short way; what comes of a row is the same on both. (contract, 1 and 4)"""

from __future__ import annotations

from pathlib import Path

import pytest

from caseworks.base.sealed import lookup_hash, unseal
from caseworks.base.sheets.reading import open_sheet
from subsidies import claim_lines
from subsidies.claim_lines import COLUMNS, Wrong, staged

RIGHT, OTHER, LEAP = "220103196105140003", "220104198811230027", "22010319880229000X"
ROWS = [
    (RIGHT, "S000000000001", "2024-05-06"),
    (RIGHT, "S000000000002", "2024-05-07"),
    (OTHER[:17] + ("1" if OTHER[17] != "1" else "2"), "S000000000003", "2024-05-07"),
    (RIGHT, "证字第 3 号", "2024-05-07"),
    (RIGHT, "S000000000004", "2024-02-29"),
    (RIGHT, "S000000000005", "2023-02-29"),
    (RIGHT.lower(), "", "2024-05-07"),
    (RIGHT, "S\\000006", "2024-12-31"),
]


def read(path: Path) -> tuple[list[tuple[str, ...]], list[Wrong]]:
    wrong: list[Wrong] = []
    with open_sheet(path, COLUMNS) as sheet:
        text = "".join(staged(sheet, wrong))
    found = []
    for line in text.splitlines():
        order, at, hashed, sealed, certificate, day = line.split("\t")
        number = unseal(bytes.fromhex(sealed.removeprefix("\\\\x")))
        assert bytes.fromhex(hashed.removeprefix("\\\\x")) == lookup_hash(number)
        found.append((order, at, number, certificate, day))
    return found, wrong


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_is_the_same_on_the_short_and_the_long_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...], end: str
) -> None:
    file = tmp_path / "claims.csv"
    lines = [("id_no", "cert_no", "applied_on"), *ROWS]
    file.write_text(end.join(",".join(row[at] for at in order) for row in lines) + end, encoding="utf-8", newline="")
    short = read(file)
    monkeypatch.setattr(claim_lines, "_clean_lines", lambda sheet: None)
    assert short == read(file)
    rows, wrong = short
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row[1] for row in rows] == ["2", "3", "5", "6", "9"]
    assert [(row.line, row.column) for row in wrong] == [(4, "id_no"), (7, "applied_on"), (8, "cert_no")]


def test_a_file_with_the_type_of_the_number_is_parsed_row_by_row(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text("id_no,cert_no,applied_on,id_type\nE1234567,S1,2024-05-06,passport\n", encoding="utf-8")
    assert read(file) == ([("1", "2", "E1234567", "S1", "2024-05-06")], [])
