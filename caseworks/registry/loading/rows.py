"""One row of a file to the values that are staged, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caseworks.base.identifiers import normalise, uscc_problem
from caseworks.base.sealed import lookup_hash
from caseworks.base.sheets import cells
from caseworks.base.sheets.columns import Column
from caseworks.base.sheets.reading import Row
from caseworks.registry.specs.shape import FileSpec, Stored


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
        self._absent: dict[str, Any] = {column.name: None for column in spec.columns if column.name not in present}
        self._names = [column.name for column in spec.columns]

    def parse(self, row: Row) -> tuple[object, ...] | Rejected:
        """The values to stage, or the row's rejection."""
        found, problems = cells.parsed(row.cells, self._columns)
        values = self._absent | found
        problems.extend(self.spec.check(values))
        if row.excess:
            problems.append((self._names[0], cells.EXCESS))
        if problems:
            return self._rejected(row, values, problems)
        return tuple(blank if (value := values[name]) is None else make(value) for name, make, blank in self._makers)

    def _rejected(self, row: Row, values: dict[str, Any], problems: cells.Problems) -> Rejected:
        name, reason = cells.in_one(problems, self.spec.columns)
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
