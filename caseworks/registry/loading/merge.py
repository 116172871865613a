"""Staged rows against what is stored, in sets: what is unchanged is never written.

1. `fresh`: staged rows that are not stored exactly so, and every other row of their keys.
2. `judged`: of these, whether unit and person are known, and which row of each key is the first.
3. The first known row of a key stands: it is new, changed or (beside a rejected one) unchanged. A later one that is the
   same counts as unchanged, a different one is rejected and named after the first one's line. (contract section 1)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from caseworks.base.identifiers import uscc_problem
from caseworks.base.sealed import unseal
from caseworks.registry.loading import cards
from caseworks.registry.loading.copying import Lines
from caseworks.registry.loading.rejects import Spool
from caseworks.registry.loading.rows import Rejected
from caseworks.registry.loading.within import Within
from caseworks.registry.specs.fields import UNIT_KNOWN
from caseworks.registry.specs.shape import FileSpec, Known, Stored

_BATCH = 5000


@dataclass
class Counts:
    """What came of the rows of a file."""

    read: int = 0
    new: int = 0
    changed: int = 0
    rejected: int = 0
    unchanged: int = 0

    @property
    def stored(self) -> int:
        """New and changed rows."""
        return self.new + self.changed


def run(statement: str, parameters: Any = None) -> int:
    """Execute one statement; rows affected."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def scalar(statement: str, parameters: Any = None) -> Any:
    """The first column of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
        return row[0] if row else None


def unknown_reason(known: Known, value: str) -> str:
    """Why a row of an unknown unit or person is rejected; a wrong code is called wrong."""
    problem = uscc_problem(value) if known.column == "uscc" else None
    return f"{problem}，请核对" if problem else known.reason


def unknown_unit(spec: FileSpec, line: int, key: Sequence[str]) -> Rejected:
    """The rejection of a row whose unit (the first part of its key) is not known."""
    return Rejected(line, "uscc", key[0], unknown_reason(UNIT_KNOWN, key[0]), key[0], tuple(key))


class Merge:
    """The comparison of one staged file with its table."""

    def __init__(
        self, spec: FileSpec, stored: Sequence[Stored], stage: str, offices: tuple[int, ...] | None = None
    ) -> None:
        self.stage = stage
        self.spec = spec
        present = frozenset(column.name for column in stored)
        self.within = None if offices is None else Within(spec, offices, present)
        self.stored = stored
        self.landing = [column for column in stored if column.lands]
        self.compared = spec.compared or spec.table
        self.occupied = spec.occupied or spec.table

    # -- SQL of the parts

    def keys(self, left: str, right: str) -> str:
        """The keys of two aliases are the same."""
        return " AND ".join(f'{left}."{name}" = {right}."{name}"' for name in self.spec.key)

    def same(self, left: str, right: str) -> str:
        """Everything that decides whether two rows differ is the same, keys aside."""
        names = [c.name for c in self.stored if c.compares and c.lands and c.name not in self.spec.key]
        return " AND ".join(f'{left}."{name}" IS NOT DISTINCT FROM {right}."{name}"' for name in names) or "true"

    def _periods(self) -> tuple[str, dict[str, Any]]:
        """Stored periods outside the file's need not be looked at."""
        if self.spec.table != "registry_contribution":
            return "", {}
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT min(period), max(period) FROM {self.stage}")
            first, last = cursor.fetchone()
        return " AND t.period BETWEEN %(first)s AND %(last)s", {"first": first, "last": last}

    # -- steps

    def judge(self, lines: Lines, spool: Spool) -> int:
        """Steps 1 and 2; rejected rows go to the spool. How many staged rows were rejected."""
        run(f"ANALYZE {self.stage}")
        within, parameters = self._periods()
        run("DROP TABLE IF EXISTS import_fresh, import_judged")
        # A row of another office's is rejected also where it says what is stored: it tells nobody so.
        every = "true OR" if self.within else ""
        fresh = run(
            f"CREATE TEMPORARY TABLE import_fresh ON COMMIT DROP AS SELECT s.* FROM {self.stage} s WHERE {every} NOT EXISTS ("
            f"SELECT 1 FROM {self.compared} t WHERE {self.keys('t', 's')} AND {self.same('t', 's')}{within})",
            parameters,
        )
        if 0 < fresh < lines.count:
            run(
                f"INSERT INTO import_fresh SELECT s.* FROM {self.stage} s "
                f"WHERE EXISTS (SELECT 1 FROM import_fresh f WHERE {self.keys('f', 's')}) "
                "AND NOT EXISTS (SELECT 1 FROM import_fresh f WHERE f.ord = s.ord)"
            )
        run("ANALYZE import_fresh")
        known = [f'k{place}."{k.key}" IS NOT NULL AS known_{place}' for place, k in enumerate(self.spec.known)]
        joins = [
            f'LEFT JOIN {k.table} k{place} ON k{place}."{k.key}" = f."{k.column}"'
            for place, k in enumerate(self.spec.known)
        ]
        conditions = [f"known_{place}" for place in range(len(self.spec.known))]
        if self.within is not None:
            self.within.prepare(self.stage)
            join, elsewhere = self.within.joins()
            joins.append(join)
            known.append(f"{elsewhere} AS elsewhere")
            conditions.append("elsewhere IS NULL")
        all_known = " AND ".join(conditions) or "true"
        key = ", ".join(f'"{name}"' for name in self.spec.key)
        run(
            f"CREATE TEMPORARY TABLE import_judged ON COMMIT DROP AS SELECT j.*, {all_known} AS known, "
            f"first_value(ord) OVER (PARTITION BY {key}, ({all_known}) ORDER BY ord) AS first_ord "
            f"FROM (SELECT f.*{''.join(', ' + column for column in known)} FROM import_fresh f {' '.join(joins)}) j",
            self.within.parameters if self.within else None,
        )
        run("ANALYZE import_judged")
        before = spool.count
        for rejected in self._rejected(lines):
            spool.add(rejected)
        if self.within is not None:
            run(f"DELETE FROM {self.stage} s USING import_judged j WHERE j.ord = s.ord AND j.elsewhere IS NOT NULL")
        return spool.count - before

    def _rejected(self, lines: Lines) -> Iterator[Rejected]:
        key = ", ".join(
            f"encode(j.\"{name}\", 'hex')" if self._type(name) == "bytea" else f'j."{name}"::text'
            for name in self.spec.key
        )
        elsewhere = "j.elsewhere" if self.within else "NULL"
        known = "".join(f", j.known_{place}" for place in range(len(self.spec.known)))
        shown = [field.column.name for field in self.spec.fields if field.stored]
        uscc = 'j."uscc"' if "uscc" in shown else "''"
        person = 'j."id_no"' if "id_no" in shown else "NULL"
        statement = (
            f"SELECT j.ord, j.known, j.first_ord, {uscc}, {person}, ARRAY[{key}], {elsewhere}{known} "
            f"FROM import_judged j LEFT JOIN import_judged f ON f.ord = j.first_ord AND j.ord <> j.first_ord "
            f"WHERE NOT j.known OR (f.ord IS NOT NULL AND NOT ({self.same('f', 'j')})) ORDER BY j.ord"
        )
        with connection.connection.cursor(name="import_rejected") as cursor:  # a server-side cursor: rows may be many
            cursor.execute(statement)
            while rows := cursor.fetchmany(_BATCH):
                for order, is_known, first, uscc_text, person_sealed, parts, other, *found in rows:
                    line, begins = lines.of(order), lines.of(first)
                    if other is not None and self.within is not None:
                        column, reason = self.within.column, self.within.reason(other)
                        value = uscc_text if column == "uscc" else parts[0]
                    elif is_known:
                        reason = f"与第 {begins} 行的主键相同而内容不同，以第 {begins} 行为准，本行未导入；请删去或改正其中一行"
                        column, value = self.spec.key_columns[0], parts[0]
                    else:
                        missing = next(k for k, there in zip(self.spec.known, found, strict=True) if not there)
                        column, value = missing.file_column, uscc_text
                        reason = unknown_reason(missing, value)
                    if column == "id_no":
                        value = unseal(person_sealed)
                    yield Rejected(line, column, value, reason, uscc_text, tuple(parts))

    def _type(self, name: str) -> str:
        return next(column.type for column in self.stored if column.name == name)

    def standing(self) -> tuple[int, int]:
        """Step 3 without a write: how many rows are new, and how many are changed."""
        run("DROP TABLE IF EXISTS import_standing")
        missing = f't."{self.spec.key[0]}" IS NULL'
        more = cards.differs(self) if cards.stated(self) else f"NOT ({self.same('t', 'j')})"
        differs = f"({missing} OR {more})"
        if self.compared != self.occupied:
            differs = (
                f"NOT EXISTS (SELECT 1 FROM {self.compared} c WHERE {self.keys('c', 'j')} AND {self.same('c', 'j')})"
            )
        run(
            f"CREATE TEMPORARY TABLE import_standing ON COMMIT DROP AS SELECT j.*, {missing} AS is_new "
            f"FROM import_judged j LEFT JOIN {self.occupied} t ON {self.keys('t', 'j')} "
            f"WHERE j.known AND j.ord = j.first_ord AND {differs}"
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM import_standing"
            )
            new, changed = cursor.fetchone()
        return int(new), int(changed)
