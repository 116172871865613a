"""Writing CSV (UTF-8 with BOM) and xlsx in constant memory; text that looks like a formula stays text."""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import BinaryIO, TextIO

import xlsxwriter

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
BOM = "\ufeff"
EXACT_DIGITS = 15
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def neutral(value: object) -> str:
    """The text of a CSV cell for people: a spreadsheet program shows it and never runs it as a formula."""
    text = plain(value)
    if isinstance(value, str) and _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def plain(value: object) -> str:
    """The text of a CSV cell for programs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


class CsvWriter:
    """Writes rows to a text stream opened with newline=""; `for_people` neutralises formulas."""

    def __init__(self, stream: TextIO, header: Sequence[str], *, for_people: bool = True) -> None:
        self._cell = neutral if for_people else plain
        self._writer = csv.writer(stream, lineterminator="\r\n")
        stream.write(BOM)
        self._writer.writerow(header)

    def row(self, values: Iterable[object]) -> None:
        """Write one row."""
        self._writer.writerow([self._cell(value) for value in values])


def csv_lines(header: Sequence[str], rows: Iterable[Iterable[object]], *, for_people: bool = True) -> Iterable[str]:
    """A CSV file line by line, for a streaming response."""
    buffer = StringIO(newline="")
    writer = CsvWriter(buffer, header, for_people=for_people)
    for row in rows:
        writer.row(row)
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable[object]], *, for_people: bool = True) -> int:
    """Write a CSV file and tell how many rows it has."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = CsvWriter(stream, header, for_people=for_people)
        for row in rows:
            writer.row(row)
            count += 1
    return count


def write_xlsx(
    target: Path | BinaryIO,
    title: str,
    header: Sequence[str],
    rows: Iterable[Iterable[object]],
    widths: Sequence[int] = (),
) -> int:
    """Write a workbook of one sheet, row by row, and tell how many rows it has. Text is written as text only."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)
    bold = book.add_format({"bold": True, "bottom": 1})
    money = book.add_format({"num_format": "#,##0.00"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(header):
        sheet.write_string(0, place, name, bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, Decimal) and value.adjusted() < EXACT_DIGITS - 2:
                sheet.write_number(count, place, float(value), money)
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**EXACT_DIGITS:
                sheet.write_number(count, place, value)
            elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
                sheet.write_datetime(count, place, value, day)
            else:
                sheet.write_string(count, place, ILLEGAL.sub("", plain(value))[:32767])
    if header:
        sheet.autofilter(0, 0, count, len(header) - 1)
    book.close()
    return count
