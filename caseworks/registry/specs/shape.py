"""What a file of the contract is: its columns, the table behind it, its key, and what else is checked of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from caseworks.base.sheets.columns import Column
from caseworks.registry.enums import FileKind

Values = Mapping[str, Any]
Check = Callable[[Values], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Stored:
    """A column of the table that a file's column fills.

    `compares` is false for what follows from another column (a sealed value from its keyed hash); `lands` is false for
    what is staged only, to be told about a rejected row.
    """

    name: str
    type: str
    make: Callable[[Any], object]
    blank: object = None
    compares: bool = True
    lands: bool = True


@dataclass(frozen=True)
class Field:
    """A column of the file with the columns of the table it fills (none where it only serves a check)."""

    column: Column
    stored: tuple[Stored, ...]


@dataclass(frozen=True)
class Known:
    """What must be stored before a row may be: the unit, or the person."""

    file_column: str
    column: str
    table: str
    key: str
    shown: str
    reason: str


@dataclass(frozen=True)
class Scope:
    """What a replacing file stands for: the column of the period and the way to a region. (SQL of the alias `t`)"""

    period: str
    region: str


@dataclass(frozen=True)
class FileSpec:
    """One file of contract section 1.

    A row is unchanged when one of the `compared` rows is the same, and new when none of the `occupied` ones has its key
    (SQL; both are the table itself unless said otherwise).
    """

    kind: FileKind
    table: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    key_columns: tuple[str, ...]
    known: tuple[Known, ...] = ()
    check: Check = lambda values: ()
    scope: Scope | None = None
    compared: str = ""
    occupied: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The file's columns in the contract's order."""
        return tuple(field.column for field in self.fields)

    @property
    def stored(self) -> tuple[Stored, ...]:
        """Every column of the table that the file may fill."""
        return tuple(stored for field in self.fields for stored in field.stored)

    def stored_by(self, present: frozenset[str]) -> tuple[Stored, ...]:
        """The columns that a file with these columns fills."""
        return tuple(stored for field in self.fields if field.column.name in present for stored in field.stored)
