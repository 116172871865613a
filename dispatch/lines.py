"""A file of rows handed in (a roster, vouchers, decisions, returns), read and checked line by line (contract 1).

Everything that is wrong with a row is named; what a row means is the business of the operation that asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from caseworks.base.sheets import cells
from caseworks.base.sheets.columns import Column
from caseworks.base.sheets.reading import Row, open_sheet
from caseworks.base.sheets.writing import write_csv

HEADER = ("line", "column", "value", "reason")
EVERY = 2000  # rows between two reports of progress


class Problem(NamedTuple):
    """What is wrong with a row: where, and in words."""

    line: int
    column: str
    value: str
    reason: str

    @property
    def words(self) -> str:
        """As a refusal names it."""
        return f"第 {self.line} 行 {self.column}“{self.value}”：{self.reason}"


class Line(NamedTuple):
    """A good row: its line and its values by column; None where a cell is blank or the column is missing."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Read:
    """What a file holds."""

    lines: list[Line]
    problems: list[Problem]
    notices: list[str]

    @property
    def count(self) -> int:
        """Rows of the file, the totals row aside."""
        return len(self.lines) + len({problem.line for problem in self.problems})


Check = Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]


def read(
    path: Path, columns: Sequence[Column], check: Check = lambda values: (), tell: Callable[[int], None] | None = None
) -> Read:
    """The rows of a CSV file or workbook; UnreadableFile where it is none, or lacks a required column."""
    lines: list[Line] = []
    problems: list[Problem] = []
    with open_sheet(path, columns) as sheet:
        placed = cells.placed(columns)
        for number, row in enumerate(sheet.rows(), 1):
            found = _read_row(row, placed, check)
            if isinstance(found, Line):
                lines.append(found)
            else:
                problems += found
            if tell is not None and number % EVERY == 0:
                tell(number)
        return Read(lines, problems, list(sheet.notices))


def _read_row(row: Row, columns: Sequence[tuple[int, Column]], check: Check) -> Line | list[Problem]:
    found, problems = cells.parsed(row.cells, columns)
    values = {column.name: found.get(column.name) for _, column in columns}
    wrong = {name for name, _ in problems}
    problems += [(name, words) for name, words in check(values) if name not in wrong]
    if row.excess:
        problems.append((columns[0][1].name, cells.EXCESS))
    if not problems:
        return Line(row.line, values)
    written = {column.name: (row.cells[place] or "").strip() for place, column in columns}
    return [Problem(row.line, name, written.get(name, ""), words) for name, words in problems]


def write_errors(path: Path, problems: Iterable[Problem]) -> Path | None:
    """`<file name>.errors.csv` beside the input; one that an earlier import left goes where nothing is wrong."""
    target, found = path.with_name(f"{path.name}.errors.csv"), sorted(problems)
    if not found:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        return None
    write_csv(target, HEADER, found, for_people=False)
    return target
