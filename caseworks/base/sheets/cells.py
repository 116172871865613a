"""The cells of one row to values, and what is wrong with them in words. (contract section 1)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caseworks.base.identifiers import normalise
from caseworks.base.sheets.columns import Column
from caseworks.base.sheets.errors import BadValue, Damaged

BLANK = "不能为空，请补填"
LOST_DIGITS = "该单元格是数字格式，15位以后的数字已丢失；请把整列设为文本格式，重新填写完整号码"
EXCESS = "该行的列数多于表头（可能缺少引号或多了逗号），请核对后重新填写"

Problems = list[tuple[str, str]]  # name of the column, words


def placed(columns: Sequence[Column]) -> Sequence[tuple[int, Column]]:
    """Each column with its place among a row's cells."""
    return tuple(enumerate(columns))


def parsed(cells: Sequence[str | None], columns: Sequence[tuple[int, Column]]) -> tuple[dict[str, Any], Problems]:
    """Values by column, None where a cell is blank and nothing where it is wrong; and all that is wrong."""
    values: dict[str, Any] = {}
    problems: Problems = []
    for place, column in columns:
        raw = cells[place] or ""
        text = normalise(raw, identifier=column.identifier)
        if not text:
            values[column.name] = None
            if column.required:
                problems.append((column.name, BLANK))
            continue
        if isinstance(raw, Damaged):
            problems.append((column.name, LOST_DIGITS))
            continue
        try:
            values[column.name] = column.parse(text)
        except BadValue as problem:
            problems.append((column.name, str(problem)))
    return values, problems


def in_one(problems: Problems, columns: Sequence[Column]) -> tuple[str, str]:
    """The first column that is wrong, in the order of the columns, and all that is wrong in one text."""
    names = [column.name for column in columns]
    problems = sorted(problems, key=lambda problem: names.index(problem[0]))
    name, reason = problems[0]
    if len(problems) > 1:
        titles = {column.name: column.alias for column in columns}
        reason = "；".join(f"{titles[column]}：{words}" for column, words in problems)
    return name, reason
