"""The rows of a file of claims, on their way into the stage: those that are claims, and what is wrong with the others.

Most lines of a file are clean: a pattern finds whole runs of them, which need no parsing but the check character of the
number. A line that the pattern does not match is not wrong: it is parsed like any row (contract 1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from caseworks.base.enums import IdType
from caseworks.base.identifiers import check_character_right, citizen_id_problem
from caseworks.base.sealed import lookup_hash, seal
from caseworks.base.sheets import cells, values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.csv_reading import Run
from caseworks.base.sheets.errors import BadValue
from caseworks.base.sheets.reading import Row, Sheet
from subsidies import judging

_LIMITED = values.text(60)


def _certificate_number(text: str) -> str:
    """A certificate's number; an ID number in its place would be kept in the open."""
    if citizen_id_problem(text.upper()) is None:
        raise BadValue("填的是证件号码，请填写证书编号")
    return str(_LIMITED(text))


COLUMNS = (
    Column("id_no", ("证件号码", "身份证号码"), values.text(30), required=True, identifier=True),
    Column("cert_no", ("证书编号",), _certificate_number, required=True),
    Column("applied_on", ("申请日期", "申领日期"), values.date, required=True, shape=Shape.DATE),
    Column("id_type", ("证件类型",), values.code(IdType)),
)
_PLACED = cells.placed(COLUMNS)
_EVERY = 2000  # rows between two reports

_DAYS = (
    r"(?:{dash}(?:0[13578]|1[02]){dash}(?:0[1-9]|[12][0-9]|3[01])|{dash}(?:0[469]|11){dash}(?:0[1-9]|[12][0-9]|30)"
    r"|{dash}02{dash}(?:0[1-9]|1[0-9]|2[0-8]))"
)
_CLEAN = {
    "id_no": "[0-9]{6}(?:19|20)[0-9]{2}" + _DAYS.format(dash="") + "[0-9]{3}[0-9X]",
    "cert_no": "(?![0-9]{17}[0-9Xx](?:,|\\r|\\n))[0-9A-Za-z][0-9A-Za-z_/-]{0,59}+",
    "applied_on": "(?:19|20)[0-9]{2}" + _DAYS.format(dash="-"),
}


class Asked(NamedTuple):
    """A good row: whose claim, for which certificate, of which day."""

    line: int
    id_no: str
    cert_no: str
    applied_on: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that is no claim: the first thing that is wrong with it, and all of it in words."""

    line: int
    column: str
    value: str
    reason: str


def staged(sheet: Sheet, wrong: list[Wrong], tell: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Good rows as blocks of COPY's text, in the order of the file; what is wrong is put aside."""
    sealed = _Sealed()
    block: list[str] = []
    order = 0
    for piece in sheet.pieces(_clean_lines(sheet)):
        rows = (parsed(piece),) if isinstance(piece, Row) else _of_run(piece, sheet, sealed)
        for asked in rows:
            if isinstance(asked, Wrong):
                wrong.append(asked)
                continue
            order += 1
            line, id_no, cert_no, applied_on = asked
            block.append(f"{order}\t{line}\t{sealed[id_no]}\t{judging.escaped(cert_no)}\t{applied_on}\n")
            if len(block) == _EVERY:
                yield "".join(block)
                block.clear()
                tell()
    yield "".join(block)


def parsed(row: Row) -> Asked | Wrong:
    """A row's values, or what is wrong with it. (contract 1)"""
    given, problems = cells.parsed(row.cells, _PLACED)
    if given.get("id_no") and not any(name == "id_type" for name, _ in problems):
        try:
            values.citizen_id(given["id_no"], given.get("id_type") or IdType.RESIDENT_ID.value)
        except BadValue as problem:
            problems.append(("id_no", str(problem)))
    if row.excess:
        problems.append((COLUMNS[0].name, cells.EXCESS))
    if not problems:
        return Asked(row.line, given["id_no"], given["cert_no"], given["applied_on"].isoformat())
    name, reason = cells.in_one(problems, COLUMNS)
    place = next(place for place, column in _PLACED if column.name == name)
    return Wrong(row.line, name, (row.cells[place] or "").strip(), reason)


# -- clean lines


class _Sealed(dict[str, str]):
    """Number → its keyed hash and itself sealed, as two fields of COPY's text: once for all claims of a person."""

    _MOST = 50_000

    def __missing__(self, id_no: str) -> str:
        if len(self) >= self._MOST:
            self.clear()
        both = self[id_no] = f"\\\\x{lookup_hash(id_no).hex()}\t\\\\x{seal(id_no).hex()}"
        return both


def _clean_lines(sheet: Sheet) -> re.Pattern[bytes] | None:
    """A pattern of one or more clean lines of a sheet that has the three columns and no other."""
    header = sheet.header
    if sheet.opened.form != "csv" or header.width != len(_CLEAN) or header.present != frozenset(_CLEAN):
        return None
    at = {place: column.name for column, place in zip(header.columns, header.places, strict=True) if place >= 0}
    parts = ",".join(f"(?:{_CLEAN[at[place]]})" for place in range(header.width))
    return re.compile(f"(?:{parts}\\r?\\n)++".encode())


def _of_run(run: Run, sheet: Sheet, sealed: _Sealed) -> Iterator[tuple[int, str, str, str] | Asked | Wrong]:
    """The rows of a run; what is left to look at is the check character of the number. (GB 11643-1999)"""
    number, certificate, day = sheet.header.places[:3]
    for line, text in enumerate(run.content.decode("ascii").splitlines(), start=run.line):
        found = text.split(",")
        id_no = found[number]
        if id_no in sealed or check_character_right(id_no):
            yield line, id_no, found[certificate], found[day]
        else:
            yield parsed(Row(line, (id_no, found[certificate], found[day], None)))
