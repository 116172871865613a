"""CSV as bytes, block by block: records with the physical line on which they start, and runs of lines known to be clean."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from caseworks.base.sheets.errors import UnreadableFile
from caseworks.base.sheets.opening import BLOCK

csv.field_size_limit(1 << 20)


@dataclass(frozen=True)
class Record:
    """One record: the physical line on which it starts (the header being 1) and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Run:
    """Whole lines, as they stand in the file, that a pattern found clean."""

    line: int
    count: int
    content: bytes


class CsvReader:
    """Reads records one after another; quoted cells may hold line breaks. Lines end in LF or CRLF."""

    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._name = name
        self._buffer = b""
        self._at = 0
        self._ended = False
        self._line = 1  # of the next record
        self._taken: list[str] = []
        self._exhausted = False
        self._records = csv.reader(self._lines())
        self.width = 0
        self.offset = 0  # bytes read from the file

    def _fill(self) -> bool:
        """Read another block behind what is left of the buffer; False at the end of the file."""
        block = b"" if self._ended else self._stream.read(BLOCK)
        self._ended = not block
        self._buffer = self._buffer[self._at :] + block
        self._at = 0
        self.offset += len(block)
        return bool(block)

    def _next_line(self) -> str:
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            if not self._fill():
                end = len(self._buffer) - 1
                break
        line = self._buffer[self._at : end + 1]
        if not self._line_start:
            line = line.removeprefix(b"\xef\xbb\xbf")
        self._at = end + 1
        return line.decode("utf-8" if self._encoding == "utf-8-sig" else self._encoding)

    @property
    def _line_start(self) -> bool:
        return self._line > 1 or bool(self._taken)

    def _lines(self) -> Iterator[str]:
        while line := self._next_line():
            self._taken.append(line)
            yield line
        self._exhausted = True

    def _next_record(self) -> Record | None:
        """The next record, or None at the end of the file; an empty line is a record without cells."""
        start = self._line
        self._taken = []
        try:
            cells = next(self._records, None)
        except csv.Error as error:
            raise UnreadableFile(
                f"{self._name} 第{start}行无法读取（引号不配对，或换行符不是 LF、CRLF）。未导入任何内容，请修正后重试。"
            ) from error
        if cells is None:
            return None
        self._line += len(self._taken)
        # The reader asks for more lines than there are only inside an open quotation; a last line without a line break
        # may have been cut.
        cut = not self._taken[-1].endswith("\n") and len(cells) < self.width
        if self._exhausted or cut:
            raise UnreadableFile(f"{self._name} 在第{start}行中断，文件不完整。未导入任何内容，请重新导出后再试。")
        return Record(start, cells)

    def header(self) -> Record:
        """The first row that is not empty."""
        while record := self._next_record():
            if any(cell.strip() for cell in record.cells):
                self.width = len(record.cells)
                return record
        raise UnreadableFile(f"{self._name} 没有内容。未导入任何内容，请重新导出后再试。")

    def records(self) -> Iterator[Record]:
        """The records behind the header."""
        while record := self._next_record():
            yield record

    def pieces(self, clean: re.Pattern[bytes]) -> Iterator[Run | Record]:
        """The records behind the header, whole runs of lines that `clean` matches as they stand in the file."""
        while True:
            if self._buffer.find(b"\n", self._at) < 0:
                self._fill()
            found = clean.match(self._buffer, self._at)
            # Before Python 3.11.5 a possessive match may end inside the line that failed (gh-106052).
            end = self._buffer.rfind(b"\n", self._at, found.end()) + 1 if found is not None else 0
            if end > self._at:
                content = bytes(self._buffer[self._at : end])
                run = Run(self._line, content.count(b"\n"), content)
                self._at = end
                self._line += run.count
                yield run
                continue
            record = self._next_record()
            if record is None:
                return
            yield record
