"""Which rows a person's file may touch: those of the offices served; the others are row errors. (J1)

A row belongs to the office of its unit or, where it names none, of its person's region; of units and persons both the
row's own region and the stored one count, so that nobody takes a unit over or gives it away.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection

from caseworks.people.actors import Actor
from caseworks.people.offices import OFFICE_OF_REGION
from caseworks.people.scope import offices_in_scope, scope_of
from caseworks.registry.specs.shape import FileSpec

_OF_UNIT = (
    "LEFT JOIN (SELECT u.uscc, o.name FROM registry_unit u JOIN people_office o ON o.id = u.office_id "
    "WHERE u.office_id <> ALL(%(offices)s)) w1 ON w1.uscc = f.uscc"
)
_OF_PERSON = (
    "LEFT JOIN (SELECT w.id_hash, p.name FROM registry_worker w JOIN import_elsewhere p ON p.region = w.region) w3 "
    "ON w3.id_hash = f.id_hash"
)


def offices_of(actor: Actor, on: datetime.date) -> tuple[int, ...] | None:
    """The offices whose rows the actor may import; None for commands and for the province's people."""
    if actor.person is None or scope_of(actor.person, on, "registry.import").province:
        return None
    mine = offices_in_scope(actor.person, on, "registry.import")
    return tuple(sorted(mine.values_list("pk", flat=True)))


@dataclass(frozen=True)
class Within:
    """The offices that a file is limited to, as SQL for its comparison."""

    spec: FileSpec
    offices: tuple[int, ...]
    present: frozenset[str]  # columns that are staged

    @property
    def parameters(self) -> dict[str, Any]:
        """What the SQL is given."""
        return {"offices": list(self.offices)}

    @property
    def _names(self) -> set[str]:
        return {column.name for column in self.spec.stored}

    @property
    def column(self) -> str:
        """The column of the file that says whose a row is."""
        return next(name for name in ("uscc", "id_no", "region") if name in {c.name for c in self.spec.columns})

    def reason(self, office: str) -> str:
        """Why a row of another office is rejected."""
        what = {"uscc": "该单位", "id_no": "该人员", "region": "该地区"}[self.column]
        return f"{what}属于{office}，不在您的经办范围；请删去本行，由{office}或省级机构的经办人员导入"

    def prepare(self, stage: str) -> None:
        """List the regions (of the file and of what is stored) that other offices look after."""
        sources = ["SELECT ''::text AS region"]
        if "region" in self.present:
            sources.append(f"SELECT region FROM {stage}")
        if "region" in self._names:
            sources.append(f"SELECT region FROM {self.spec.table}")
        elif self.column == "id_no":
            sources.append("SELECT region FROM registry_worker")
        regions = OFFICE_OF_REGION.format(source=f"({' UNION '.join(sources)})")
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS import_elsewhere")
            cursor.execute(
                f"CREATE TEMPORARY TABLE import_elsewhere ON COMMIT DROP AS WITH {regions} SELECT r.region, o.name "
                "FROM office_of_region r JOIN people_office o ON o.id = r.office_id "
                "WHERE r.office_id <> ALL(%(offices)s)",
                self.parameters,
            )

    def joins(self) -> tuple[str, str]:
        """Joins of the staged rows `f`, and the name of the other office whose row it is (NULL for one's own)."""
        joins, names = [], []
        if self.column == "uscc":
            joins, names = [_OF_UNIT], ["w1.name"]
        if self.column == "id_no":
            joins, names = [_OF_PERSON], ["w3.name"]
            if "id_hash" not in self.spec.key:  # the key may stand with somebody else already
                key = self.spec.key[0]
                joins.append(
                    f"LEFT JOIN (SELECT c.{key}, p.name FROM {self.spec.table} c "
                    "JOIN registry_worker w ON w.id_hash = c.id_hash JOIN import_elsewhere p ON p.region = w.region) w4 "
                    f"ON w4.{key} = f.{key}"
                )
                names.append("w4.name")
        if "region" in self._names:
            if "region" in self.present:
                joins.append("LEFT JOIN import_elsewhere w2 ON w2.region = f.region")
            else:  # a new person without a region is the province's
                joins.append(
                    "LEFT JOIN import_elsewhere w2 ON w2.region = '' "
                    "AND NOT EXISTS (SELECT FROM registry_worker k WHERE k.id_hash = f.id_hash)"
                )
            names.append("w2.name")
        return " ".join(joins), f"coalesce({', '.join(names)})"

    def owned(self, alias: str) -> str:
        """The stored row of the alias is of the offices."""
        if self.column == "uscc":
            return (
                f"EXISTS (SELECT FROM registry_unit u WHERE u.uscc = {alias}.uscc AND u.office_id = ANY(%(offices)s))"
            )
        if self.column == "id_no":
            return (
                f"EXISTS (SELECT FROM registry_worker w WHERE w.id_hash = {alias}.id_hash "
                "AND NOT EXISTS (SELECT FROM import_elsewhere p WHERE p.region = w.region))"
            )
        return f"NOT EXISTS (SELECT FROM import_elsewhere p WHERE p.region = {alias}.region)"

    def disown_rejected(self, import_file_id: int) -> None:
        """Rejected rows of other offices' units neither flag these units nor stand for their earlier rejected rows."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE registry_rejectedrow r SET uscc = '', key = array_prepend('elsewhere', r.key) "
                "FROM registry_unit u WHERE r.import_file_id = %(file)s AND u.uscc = r.uscc "
                "AND u.office_id <> ALL(%(offices)s)",
                self.parameters | {"file": import_file_id},
            )
