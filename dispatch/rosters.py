"""A roster's file: its columns, its rows as the rules read them, and the empty form that agencies fill in (J2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from caseworks.base.enums import IdType, UnitType
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.base.sheets.opening import inspect
from caseworks.base.sheets.writing import write_xlsx
from dispatch import lines
from dispatch.enums import Form
from dispatch.lines import Line, Problem
from dispatch.policy import Row

COLUMNS = (
    Column("id_no", ("证件号码", "身份证号码", "公民身份号码"), values.text(30), required=True, identifier=True),
    Column("name", ("姓名",), values.text(100)),
    Column("employment_form", ("用工形式",), values.code(Form), required=True),
    Column("host_uscc", ("用工单位代码", "用工单位统一社会信用代码"), values.uscc, identifier=True),
    Column("host_name", ("用工单位名称",), values.text(200)),
    Column("host_type", ("用工单位类型",), values.code(UnitType)),
    Column("period_from", ("起始期",), values.period, required=True, shape=Shape.PERIOD),
    Column("period_to", ("截止期",), values.period, required=True, shape=Shape.PERIOD),
    Column(
        "premium_paid", ("该期间实缴失业保险费", "实缴失业保险费"), values.money(), required=True, shape=Shape.NUMBER
    ),
    Column("id_type", ("证件类型",), values.code(IdType)),
)
_WIDTHS = (22, 12, 12, 22, 30, 14, 12, 12, 16, 16)


@dataclass(frozen=True)
class Roster:
    """What a file holds: its rows, what is wrong with others, and its digest."""

    rows: list[Row]
    problems: list[Problem]
    notices: list[str]
    sha256: str
    count: int


def read(path: Path, tell: Callable[[int], None] | None = None) -> Roster:
    """The rows of a roster; UnreadableFile where the file is none, or lacks a required column."""
    found = lines.read(path, COLUMNS, _check_id, tell)
    return Roster(
        [_row(line) for line in found.lines], found.problems, found.notices, inspect(path).sha256, found.count
    )


def write_form(target: Path | BinaryIO) -> None:
    """The empty form, with Chinese headers."""
    write_xlsx(target, "派遣单位名册", [column.alias for column in COLUMNS], (), _WIDTHS)


def shown(rows: Iterable[Row]) -> dict[int, dict[str, str]]:
    """The cells of rows by line, as a page shows them beside a problem; column names are those of the file."""
    return {row.line: {"name": row.name, "host_name": row.host_name, "employment_form": row.form} for row in rows}


def cell(row: Row, column: str) -> str:
    """The text of a row's cell, by the column's name."""
    return str({"employment_form": row.form, "premium_paid": row.premium}.get(column, getattr(row, column, "")))


def _check_id(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The ID number by its type; resident_id is the default. (GB 11643)"""
    if given["id_no"] is None:
        return []
    try:
        values.citizen_id(given["id_no"], given["id_type"] or IdType.RESIDENT_ID.value)
    except BadValue as problem:
        return [("id_no", str(problem))]
    return []


def _row(line: Line) -> Row:
    given = line.values
    return Row(
        line.line,
        given["id_type"] or IdType.RESIDENT_ID.value,
        given["id_no"],
        given["name"] or "",
        given["employment_form"],
        given["host_uscc"] or "",
        given["host_name"] or "",
        given["host_type"] or "",
        given["period_from"],
        given["period_to"],
        given["premium_paid"],
    )
