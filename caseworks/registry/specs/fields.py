"""The columns that the files of the contract share, each with its names, its check and where it is stored."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db.models import TextChoices

from caseworks.base.enums import IdType
from caseworks.base.sealed import lookup_hash, seal
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.registry.specs.shape import Field, Known, Stored, Values


def same(value: Any) -> object:
    """The value itself."""
    return value


def required(field: Field) -> Field:
    """The same column, required of every row and of the header."""
    return dataclasses.replace(field, column=dataclasses.replace(field.column, required=True))


def text(name: str, *aliases: str, length: int = 200) -> Field:
    """A text, blank if unknown."""
    return Field(Column(name, aliases, values.text(length)), (Stored(name, f"varchar({length})", same, ""),))


def choice(name: str, alias: str, choices: type[TextChoices]) -> Field:
    """A code of a list, blank if unknown."""
    return Field(Column(name, (alias,), values.code(choices)), (Stored(name, "varchar(40)", same, ""),))


def day(name: str, *aliases: str) -> Field:
    """A date."""
    return Field(Column(name, aliases, values.date, shape=Shape.DATE), (Stored(name, "date", same),))


def month(name: str, *aliases: str) -> Field:
    """A period."""
    stored = Stored(name, 'varchar(7) COLLATE "C"' if name == "period" else "varchar(7)", same)
    return Field(Column(name, aliases, values.period, shape=Shape.PERIOD), (stored,))


def money(name: str, *aliases: str, digits: int = 12) -> Field:
    """An amount in yuan."""
    column = Column(name, aliases, values.money(digits), shape=Shape.NUMBER)
    return Field(column, (Stored(name, f"numeric({digits + 2}, 2)", same),))


def number(name: str, alias: str, parse: values.Parser, sql: str = "integer") -> Field:
    """A whole number."""
    return Field(Column(name, (alias,), parse, shape=Shape.NUMBER), (Stored(name, sql, same),))


def secret(name: str, hashed: str, tail: str, *aliases: str, length: int = 60) -> Field:
    """A text that stands sealed, with the keyed hash that decides whether it changed, and maybe its last four signs."""
    stored = [
        Stored(name, "bytea", seal, b"", compares=False),
        Stored(hashed, "bytea", lookup_hash),
    ]
    if tail:
        stored.append(Stored(tail, "varchar(4)", lambda value: value[-4:], "", compares=False))
    return Field(Column(name, aliases, values.text(length)), tuple(stored))


USCC = Field(
    Column("uscc", ("统一社会信用代码",), values.uscc, required=True, identifier=True),
    (Stored("uscc", "varchar(18)", same),),
)
REGION = Field(Column("region", ("行政区划代码",), values.region), (Stored("region", "varchar(6)", same, ""),))
ID_TYPE = Field(Column("id_type", ("证件类型",), values.code(IdType)), ())
OCCUPATION_CODE = required(text("occupation_code", "职业编码", length=40))
LEVEL = required(number("level", "等级", values.level, "smallint"))


def id_no(lands: bool) -> Field:
    """The ID number: a keyed hash is the key; the number itself is stored sealed, or staged only to name it."""
    return Field(
        Column("id_no", ("证件号码",), values.text(30), required=True, identifier=True),
        (
            Stored("id_hash", "bytea", lookup_hash),
            Stored("id_no", "bytea", seal, b"", compares=False, lands=lands),
        ),
    )


def check_id(row: Values) -> list[tuple[str, str]]:
    """The ID number by its type; resident_id is the default. (GB 11643)"""
    if row.get("id_no") is None or "id_type" not in row:
        return []
    try:
        values.citizen_id(row["id_no"], row.get("id_type") or IdType.RESIDENT_ID.value)
    except BadValue as problem:
        return [("id_no", str(problem))]
    return []


UNIT_KNOWN = Known(
    "uscc", "uscc", "registry_unit", "uscc", "uscc", "该单位不在参保单位中，请核对代码，或先导入含有该单位的 units.csv"
)
PERSON_KNOWN = Known(
    "id_no",
    "id_hash",
    "registry_worker",
    "id_hash",
    "id_no",
    "该人员不在参保职工中，请核对证件号码，或先导入含有此人的 workers.csv",
)
UNIT_REGION = "SELECT 1 FROM registry_unit u WHERE u.uscc = t.uscc AND starts_with(u.region, %(region)s)"
PERSON_REGION = "SELECT 1 FROM registry_worker w WHERE w.id_hash = t.id_hash AND starts_with(w.region, %(region)s)"
