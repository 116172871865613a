"""A file of rows handed in (a roster, vouchers, decisions, returns), read and checked line by line (contract 1).

Everything that is wrong with a row is named; what a row means is the business of the operation that asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from caseworks.base.identifiers import normalise
from caseworks.base.sheets.columns import Column
from caseworks.base.sheets.errors import BadValue, Damaged
from caseworks.base.sheets.reading import Row, open_sheet
from caseworks.base.sheets.writing import write_csv

HEADER = ("line", "column", "value", "reason")
BLANK = "不能为空，请补填"
LOST_DIGITS = "该单元格是数字格式，15位以后的数字已丢失；请把整列设为文本格式，重新填写完整号码"
EXCESS = "该行的列数多于表头（可能缺少引号或多了逗号），请核对后重新填写"
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
        present = [place >= 0 for place in sheet.header.places]
        for number, row in enumerate(sheet.rows(), 1):
            found = _read_row(row, columns, present, check)
            if isinstance(found, Line):
                lines.append(found)
            else:
                problems += found
            if tell is not None and number % EVERY == 0:
                tell(number)
        return Read(lines, problems, list(sheet.notices))


def _read_row(row: Row, columns: Sequence[Column], present: Sequence[bool], check: Check) -> Line | list[Problem]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    cells: dict[str, str] = {}
    for column, raw, there in zip(columns, row.cells, present, strict=True):
        text = normalise(raw or "", identifier=column.identifier)
        cells[column.name], values[column.name] = (raw or "").strip(), None
        if not text:
            if column.required and there:
                problems.append(Problem(row.line, column.name, "", BLANK))
        elif isinstance(raw, Damaged):
            problems.append(Problem(row.line, column.name, cells[column.name], LOST_DIGITS))
        else:
            try:
                values[column.name] = column.parse(text)
            except BadValue as problem:
                problems.append(Problem(row.line, column.name, cells[column.name], str(problem)))
    wrong = {problem.column for problem in problems}
    problems += [
        Problem(row.line, name, cells.get(name, ""), words) for name, words in check(values) if name not in wrong
    ]
    if row.excess:
        problems.append(Problem(row.line, columns[0].name, cells[columns[0].name], EXCESS))
    return problems or Line(row.line, values)


def write_errors(path: Path, problems: Iterable[Problem]) -> Path | None:
    """`<file name>.errors.csv` beside the input; one that an earlier import left goes where nothing is wrong."""
    target, found = path.with_name(f"{path.name}.errors.csv"), sorted(problems)
    if not found:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        return None
    write_csv(target, HEADER, found, for_people=False)
    return target
