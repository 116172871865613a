"""One row of a file to the values that are staged, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caseworks.base.identifiers import normalise, uscc_problem
from caseworks.base.sealed import lookup_hash
from caseworks.base.sheets.columns import Column
from caseworks.base.sheets.errors import BadValue, Damaged
from caseworks.base.sheets.reading import Row
from caseworks.registry.specs.shape import FileSpec, Stored

BLANK = "不能为空，请补填"
LOST_DIGITS = "该单元格是数字格式，15位以后的数字已丢失；请把整列设为文本格式，重新填写完整号码"
EXCESS = "该行的列数多于表头（可能缺少引号或多了逗号），请核对后重新填写"


@dataclass(frozen=True)
class Rejected:
    """A row that is not stored: where, the first thing that is wrong, and all of it in words."""

    line: int
    column: str
    value: str
    reason: str
    uscc: str
    key: tuple[str, ...]


class RowParser:
    """Parses the rows of one file; built once from its specification and header."""

    def __init__(self, spec: FileSpec, present: frozenset[str]) -> None:
        self.spec = spec
        self.stored: tuple[Stored, ...] = spec.stored_by(present)
        self._columns: Sequence[tuple[int, Column]] = [
            (place, column) for place, column in enumerate(spec.columns) if column.name in present
        ]
        self._makers = [
            (field.column.name, stored.make, stored.blank)
            for field in spec.fields
            if field.column.name in present
            for stored in field.stored
        ]
        self._absent = {column.name: None for column in spec.columns if column.name not in present}
        self._names = [column.name for column in spec.columns]
        self._titles = {column.name: column.alias for column in spec.columns}

    def parse(self, row: Row) -> tuple[object, ...] | Rejected:
        """The values to stage, or the row's rejection."""
        values: dict[str, Any] = dict(self._absent)
        problems: list[tuple[str, str]] = []
        for place, column in self._columns:
            raw = row.cells[place] or ""
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
        problems.extend(self.spec.check(values))
        if row.excess:
            problems.append((self._names[0], EXCESS))
        if problems:
            return self._rejected(row, values, problems)
        return tuple(blank if (value := values[name]) is None else make(value) for name, make, blank in self._makers)

    def _rejected(self, row: Row, values: dict[str, Any], problems: list[tuple[str, str]]) -> Rejected:
        problems.sort(key=lambda problem: self._names.index(problem[0]))
        name, reason = problems[0]
        if len(problems) > 1:
            reason = "；".join(f"{self._titles[column]}：{words}" for column, words in problems)
        uscc = normalise(self._cell(row, "uscc"), identifier=True) if "uscc" in self._names else ""
        return Rejected(
            line=row.line,
            column=name,
            value=self._cell(row, name).strip(),
            reason=reason,
            uscc="" if uscc_problem(uscc) else uscc,
            key=tuple(self._key_part(row, values, column) for column in self.spec.key_columns),
        )

    def _cell(self, row: Row, name: str) -> str:
        return row.cells[self._names.index(name)] or ""

    def _key_part(self, row: Row, values: dict[str, Any], name: str) -> str:
        """A part of the key as the database writes it, or as the file has it where it is wrong; never an ID number."""
        value = values.get(name)
        text = str(value) if value is not None else normalise(self._cell(row, name))
        return lookup_hash(text).hex() if name == "id_no" else text[:200]
