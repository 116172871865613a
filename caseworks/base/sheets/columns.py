"""What the columns of a file are called and how the header of a file is matched to them. (contract section 1)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from caseworks.base.identifiers import normalise
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.base.sheets.values import Parser


class Shape(Enum):
    """What an xlsx cell of the column is meant to be when it holds a number or a date."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PERIOD = "period"


@dataclass(frozen=True)
class Column:
    """One column: its English name, its Chinese aliases, and what its cells may hold."""

    name: str
    aliases: tuple[str, ...]
    parse: Parser
    required: bool = False
    identifier: bool = False
    shape: Shape = Shape.TEXT

    @property
    def alias(self) -> str:
        """The Chinese name shown to people."""
        return self.aliases[0]

    @property
    def title(self) -> str:
        """Both names."""
        return f"{self.name}（{self.alias}）"


@dataclass(frozen=True)
class Header:
    """Where in a file's rows the columns stand; -1 is a column that the file does not have."""

    columns: tuple[Column, ...]
    places: tuple[int, ...]
    width: int
    unknown: tuple[str, ...] = ()
    notices: tuple[str, ...] = field(default=())

    @property
    def present(self) -> frozenset[str]:
        """Names of the columns that the file has."""
        return frozenset(column.name for column, place in zip(self.columns, self.places, strict=True) if place >= 0)

    def shape_at(self, place: int) -> Shape:
        """What the cells at this place of a row are meant to be."""
        for column, at in zip(self.columns, self.places, strict=True):
            if at == place:
                return column.shape
        return Shape.TEXT


def _folded(name: str) -> str:
    return normalise(name).casefold()


def match_header(columns: Sequence[Column], cells: Sequence[str]) -> Header:
    """Match a header row by English name or Chinese alias, in any order; a required column must not be missing."""
    by_name = {_folded(name): column for column in columns for name in (column.name, *column.aliases)}
    places: dict[str, int] = {}
    unknown = []
    for place, cell in enumerate(cells):
        column = by_name.get(_folded(cell))
        if column is None:
            if cell.strip():
                unknown.append(cell.strip())
            continue
        if column.name in places:
            raise UnreadableFile(
                f"表头重复：“{column.title}”出现了两次（第{places[column.name] + 1}列和第{place + 1}列）。"
                "未导入任何内容，请删去其中一列后重试。"
            )
        places[column.name] = place
    missing = [column.title for column in columns if column.required and column.name not in places]
    if missing:
        hint = "" if len(cells) > 1 else "文件只有一列，请确认各列以英文逗号分隔。"
        raise UnreadableFile(f"缺少必需的列：{'、'.join(missing)}。未导入任何内容，请补上后重试。{hint}")
    notices = [f"未知的列已忽略：{'、'.join(unknown)}"] if unknown else []
    return Header(
        tuple(columns),
        tuple(places.get(column.name, -1) for column in columns),
        len(cells),
        tuple(unknown),
        tuple(notices),
    )
