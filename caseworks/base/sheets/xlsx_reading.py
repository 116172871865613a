"""The first sheet of a workbook as records of text; numbers and dates become the text their column expects."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from caseworks.base.sheets.columns import Shape
from caseworks.base.sheets.csv_reading import Record
from caseworks.base.sheets.errors import Damaged, UnreadableFile

EXACT_DIGITS = 15  # that Excel keeps of a number


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    number = Decimal(format(value, f".{EXACT_DIGITS}g"))
    return format(number.quantize(Decimal(1)) if number == number.to_integral_value() else number, "f")


def cell_text(value: object, shape: Shape) -> str:
    """The text of a cell as the column's parser expects it. (contract section 1: numbers where text is expected and the reverse)"""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        text = _number(float(value))
        if shape is Shape.TEXT and abs(value) >= 10**EXACT_DIGITS:
            return Damaged(text)
        return text
    if isinstance(value, datetime.datetime):
        if value.time() != datetime.time():
            return value.isoformat(sep=" ")
        value = value.date()
    if isinstance(value, datetime.date):
        return value.strftime("%Y-%m") if shape is Shape.PERIOD and value.day == 1 else value.isoformat()
    return str(value)


class XlsxReader:
    """Reads the first sheet row by row; a record's line is its row in the sheet."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            workbook = CalamineWorkbook.from_path(str(path))
            names = workbook.sheet_names
            self._sheet = workbook.get_sheet_by_index(0)
        except (CalamineError, OSError, IndexError) as error:
            raise UnreadableFile(
                f"{path.name} 无法读取，文件可能已损坏。未导入任何内容，请重新另存为 .xlsx 后重试。"
            ) from error
        self.notices = [f"只读取了第一张工作表“{names[0]}”，其余{len(names) - 1}张未读取。"] if len(names) > 1 else []
        self._rows = enumerate(self._sheet.iter_rows(), start=1)

    def header(self) -> Record:
        """The first row that is not empty."""
        for line, row in self._rows:
            cells = [cell_text(value, Shape.TEXT) for value in row]
            if any(cell.strip() for cell in cells):
                return Record(line, cells)
        raise UnreadableFile(f"{self._name} 的第一张工作表没有内容。未导入任何内容，请重新导出后再试。")

    def records(self, shapes: list[Shape]) -> Iterator[Record]:
        """The rows behind the header."""
        for line, row in self._rows:
            yield Record(line, [cell_text(value, shape) for value, shape in zip(row, shapes, strict=False)])
