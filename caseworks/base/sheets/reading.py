"""A file of rows, whatever its form: its header matched, blank rows passed over, the totals row recognised."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from caseworks.base.identifiers import normalise
from caseworks.base.sheets.columns import Column, Header, match_header
from caseworks.base.sheets.csv_reading import CsvReader, Record, Run
from caseworks.base.sheets.opening import Opened, inspect
from caseworks.base.sheets.xlsx_reading import XlsxReader

TOTALS = frozenset({"合计", "总计"})


@dataclass(frozen=True)
class Row:
    """A row by the columns of its specification: the trimmed text of each, None where the file lacks the column."""

    line: int
    cells: tuple[str | None, ...]
    excess: str = ""


class Sheet:
    """An open file. `rows()` may be read once; the counters are final when it is exhausted."""

    def __init__(self, opened: Opened, columns: Sequence[Column], reader: CsvReader | XlsxReader) -> None:
        self.opened = opened
        self._reader = reader
        self.header: Header = match_header(columns, reader.header().cells)
        self.totals_rows = 0
        self.blank_rows = 0
        self._held: Record | None = None

    @property
    def offset(self) -> int:
        """Bytes of the file read so far (all of them for a workbook)."""
        return self._reader.offset if isinstance(self._reader, CsvReader) else self.opened.size

    @property
    def notices(self) -> list[str]:
        """What somebody should know about the file, beside its rows."""
        notices = [*self.header.notices, *(self._reader.notices if isinstance(self._reader, XlsxReader) else [])]
        if self.blank_rows:
            notices.append(f"跳过了{self.blank_rows}个空白行。")
        if self.totals_rows:
            notices.append("末行是合计行，已识别，未导入。")
        return notices

    def _pieces(self, clean: re.Pattern[bytes] | None) -> Iterator[Run | Record]:
        if isinstance(self._reader, XlsxReader):
            return self._reader.records([self.header.shape_at(place) for place in range(self.header.width)])
        return self._reader.records() if clean is None else self._reader.pieces(clean)

    def pieces(self, clean: re.Pattern[bytes] | None = None) -> Iterator[Run | Row]:
        """Rows, or runs of clean lines where a pattern for them is given, in the order of the file.

        The totals row is known by 合计 or 总计 in its first cell as the last row (contract section 1): such a row is
        held back until another row shows that it was not the last.
        """
        for piece in self._pieces(clean):
            if isinstance(piece, Record) and not any(cell and not cell.isspace() for cell in piece.cells):
                self.blank_rows += 1
                continue
            if self._held is not None:
                yield self._row(self._held)
                self._held = None
            if isinstance(piece, Run):
                yield piece
            elif normalise(piece.cells[0]) in TOTALS:
                self._held = piece
            else:
                yield self._row(piece)
        self.totals_rows = int(self._held is not None)

    def rows(self) -> Iterator[Row]:
        """All rows, one by one."""
        for piece in self.pieces():
            assert isinstance(piece, Row)
            yield piece

    def _row(self, record: Record) -> Row:
        cells, width = record.cells, len(record.cells)
        picked = tuple(None if place < 0 else cells[place] if place < width else "" for place in self.header.places)
        excess = "".join(cells[self.header.width :]).strip() if width > self.header.width else ""
        return Row(record.line, picked, excess)


@contextlib.contextmanager
def open_sheet(
    path: Path,
    columns: Sequence[Column],
    watch: Callable[[int], None] = lambda size: None,
    opened: Opened | None = None,
) -> Iterator[Sheet]:
    """Open a CSV file or workbook, or refuse it in words (UnreadableFile)."""
    opened = opened or inspect(path, watch)
    if opened.form == "xlsx":
        yield Sheet(opened, columns, XlsxReader(path))
        return
    with path.open("rb", buffering=0) as stream:
        yield Sheet(opened, columns, CsvReader(stream, opened.encoding, path.name))
