"""The lines of a file of bank results, read and checked one by one (contract 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from caseworks.base.identifiers import normalise
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.base.sheets.reading import Row, open_sheet
from caseworks.money.enums import Result

COLUMNS = (
    Column("payment_no", ("支付编号",), values.text(80), required=True),
    Column("result", ("结果",), values.code(Result), required=True),
    Column("on", ("日期",), values.date, required=True, shape=Shape.DATE),
    Column("reason", ("原因",), values.text(300)),
    Column("year", ("年度",), values.year, shape=Shape.NUMBER),
)
_NTH = re.compile(r"@(?P<subject>[^/@]{1,64})/(?P<attempt>[1-9][0-9]{0,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """What the bank says of one payment; `subject` and `attempt` where it is named by them."""

    line: int
    payment_no: str
    result: str
    on: date
    reason: str
    year: int | None
    subject: str = ""
    attempt: int = 0


def read(path: Path) -> tuple[list[Line], list[tuple[int, str]]]:
    """The lines of a file, and what is wrong with others; a file that cannot be read is refused (UnreadableFile)."""
    lines: list[Line] = []
    problems: list[tuple[int, str]] = []
    with open_sheet(path, COLUMNS) as sheet:
        for row in sheet.rows():
            found = _parsed(row, problems)
            if found is not None:
                lines.append(found)
    return lines, problems


def _parsed(row: Row, problems: list[tuple[int, str]]) -> Line | None:
    given: dict[str, Any] = {}
    wrong = []
    for column, raw in zip(COLUMNS, row.cells, strict=True):
        text = normalise(raw or "")
        if not text:
            if column.required:
                wrong.append(f"{column.title}不能为空")
            continue
        try:
            given[column.name] = column.parse(text)
        except BadValue as problem:
            wrong.append(f"{column.title}“{text}”：{problem}")
    if given.get("result") == Result.RETURNED and not given.get("reason"):
        given["reason"] = "银行未说明原因"
    if wrong:
        problems.append((row.line, "；".join(wrong)))
        return None
    number = given["payment_no"]
    named = _NTH.fullmatch(number) if number.startswith("@") else None
    if number.startswith("@") and named is None:
        problems.append((row.line, f"“{number}”的写法应为 @对象/次数，如 @91220102XNQNQPW14U/1。"))
        return None
    return Line(
        row.line,
        number,
        given["result"],
        given["on"],
        given.get("reason", "") if given["result"] == Result.RETURNED else "",
        given.get("year"),
        named["subject"] if named else "",
        int(named["attempt"]) if named else 0,
    )
