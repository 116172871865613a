"""Writing: text that looks like a formula stays text; reading cells of a workbook; searching names."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from io import StringIO
from pathlib import Path

import openpyxl
import pytest

from caseworks.base.sheets.columns import Shape
from caseworks.base.sheets.errors import BadValue, Damaged
from caseworks.base.sheets.values import date, money, period, whole
from caseworks.base.sheets.writing import csv_lines, write_xlsx
from caseworks.base.sheets.xlsx_reading import cell_text

FORMULAS = ["=cmd|' /C calc'!A0", "+SUM(1,2)", "-2+3", "@SUM(A1)", "\t=1+1"]


def test_exports_never_hold_a_formula(tmp_path: Path) -> None:
    rows = [[text, Decimal("-1.50"), 3, dt.date(2024, 5, 6), None] for text in FORMULAS]
    header = ["名称", "金额", "数", "日期", "空"]
    people = "".join(csv_lines(header, rows))
    assert people.startswith("\ufeff名称,金额")
    assert [row[:2] for row in list(csv.reader(StringIO(people)))[1:]] == [["'" + text, "-1.50"] for text in FORMULAS]
    programs = "".join(csv_lines(header, rows, for_people=False))
    assert [row[0] for row in list(csv.reader(StringIO(programs)))[1:]] == FORMULAS
    path = tmp_path / "out.xlsx"
    assert write_xlsx(path, "稳岗返还/2024", header, rows) == 5
    sheet = openpyxl.load_workbook(path).active
    cells = [list(row) for row in sheet.iter_rows(min_row=2)]
    assert [row[0].value for row in cells] == FORMULAS
    assert {cell.data_type for row in cells for cell in row} == {"s", "n", "d"}
    assert (cells[0][1].value, cells[0][3].value.date()) == (-1.5, dt.date(2024, 5, 6))


CELLS = [
    (220102.0, Shape.TEXT, "220102"),
    (1.0, Shape.NUMBER, "1"),
    (250.55, Shape.NUMBER, "250.55"),
    (250.555, Shape.NUMBER, "250.555"),
    (0.1 + 0.2, Shape.NUMBER, "0.3"),
    (202301.0, Shape.PERIOD, "202301"),
    (dt.date(2023, 1, 1), Shape.PERIOD, "2023-01"),
    (dt.date(2023, 1, 20), Shape.DATE, "2023-01-20"),
    (dt.datetime(2023, 1, 20), Shape.DATE, "2023-01-20"),  # noqa: DTZ001 - as openpyxl reads it
    (45000.0, Shape.DATE, "45000"),
    (None, Shape.TEXT, ""),
    (True, Shape.TEXT, "TRUE"),
]


@pytest.mark.parametrize(("value", "shape", "text"), CELLS)
def test_a_cell_becomes_the_text_its_column_expects(value: object, shape: Shape, text: str) -> None:
    assert cell_text(value, shape) == text


def test_sixteen_digits_in_a_number_cell_are_lost() -> None:
    assert isinstance(cell_text(1e15, Shape.TEXT), Damaged)
    assert not isinstance(cell_text(1e15 - 1, Shape.TEXT), Damaged)


@pytest.mark.parametrize(
    ("parse", "good", "bad"),
    [
        (money(), ["0", "1.5", "1,234.50", "1234567.89", "123456789012.99"],
         ["-1", "1.005", "1.000", "1,23.00", "NaN", "Infinity", "1e3", "=1+1", "1.", ".5", "1234567890123", "１"]),
        (period, ["2023-01", "202312"], ["2023-1", "2023-13", "202300", "2023年1月", "2023/01", "0023-01"]),
        (date, ["2024-02-29"], ["2023-02-29", "2023/02/03", "20230203", "2023-5-6", "长期", "45000"]),
        (whole(999), ["0", "12"], ["-3", "12.5", "五", "1,000", "1000"]),
    ],
)  # fmt: skip
def test_values(parse: object, good: list[str], bad: list[str]) -> None:
    for text in good:
        parse(text)  # type: ignore[operator]
    for text in bad:
        with pytest.raises(BadValue):
            parse(text)  # type: ignore[operator]


@pytest.mark.django_db
def test_units_are_found_by_any_part_of_any_name(bureau: object, write: object) -> None:
    from caseworks.registry import imports
    from caseworks.registry.enums import FileKind
    from caseworks.registry.models import Unit
    from tests.registry.support import AT, OPERATOR

    rows = [
        ["91220102XNDP8LW13M", "长春（示例）商贸有限公司", "enterprise", "small", "220102", "active", "2015-03-01",
         "", "", "", "", "", "", "吉林旧名厂;更旧名 社"],
        ["91220102XN8JCHX162", "Ａ&B 咨询", "enterprise", "", "220102", "active", "2015-03-01", "", "", "", "", "", "", ""],
    ]  # fmt: skip
    imports.load(write("units", rows), FileKind.UNITS, OPERATOR, AT)  # type: ignore[operator]

    def found(text: str) -> list[str]:
        return list(Unit.objects.search(text).values_list("uscc", flat=True))

    first, second = rows[0][0], rows[1][0]
    for text in ("长春", "(示例)", "（示例", "示例）商 贸", "旧名", "更旧名社", "91220102XND", "91220102xnd"):
        assert found(text) == [first], text
    for text in ("a&b", "咨询", "b咨"):
        assert found(text) == [second], text
    for text in ("长", "", "%", "__", "公司有限", "厂更"):
        assert found(text) == [], text
