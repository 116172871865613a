"""Sealing anew with the newest key, and hashing anew with a new look-up key.

Both find their columns by `SealedField` and `HashField`, and touch nothing else of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pgtrigger
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Field, Model

from .errors import Refusal
from .sealed import HashField, SealedField, lookup_hash, newest_version, seal, unseal

BATCH = 5000

# SQL that brings hashes kept elsewhere (in a JSON key) along, joining the table `rehashed (old, new)`; apps add theirs.
FOLLOWERS: list[str] = []


def register_follower(sql: str) -> None:
    """Have a statement run with every re-hashing."""
    if sql not in FOLLOWERS:
        FOLLOWERS.append(sql)


class Column(NamedTuple):
    """A column of a table; for a hash, the sealed column it was made of, if that is in the same table."""

    table: str
    name: str
    of: str = ""


def _fields(kind: type[Field]) -> Iterator[tuple[type[Model], Field]]:
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy:
            for field in model._meta.local_concrete_fields:
                if isinstance(field, kind):
                    yield model, field


def sealed_columns() -> list[Column]:
    """Every sealed column."""
    return [Column(model._meta.db_table, str(field.column)) for model, field in _fields(SealedField)]


def hash_columns() -> list[Column]:
    """Every column of keyed hashes."""
    columns = []
    for model, field in _fields(HashField):
        of: str | None = getattr(field, "of", None)
        sealed = {beside.name: str(beside.column) for beside in model._meta.local_concrete_fields}
        columns.append(Column(model._meta.db_table, str(field.column), sealed[of] if of else ""))
    return columns


def _leaves(table: str) -> list[str]:
    """The tables that hold the rows: the partitions of a partitioned table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relid::regclass::text FROM pg_partition_tree(%s::regclass) WHERE isleaf", [table])
        return [row[0] for row in cursor.fetchall()] or [table]


def reseal(column: Column) -> int:
    """Seal a column's values with the newest key, a batch a transaction; may be broken off and run again. How many."""
    name, newest, count = connection.ops.quote_name(column.name), newest_version(), 0
    for leaf in _leaves(column.table):
        after = "(0,0)"
        while True:
            with transaction.atomic(), pgtrigger.ignore(), connection.cursor() as cursor:
                cursor.execute(
                    f"""SELECT ctid::text AS place, {name} FROM {leaf}
                         WHERE ctid > %s::tid AND length({name}) > 0 AND get_byte({name}, 0) <> %s
                         ORDER BY ctid LIMIT {BATCH} FOR UPDATE""",
                    [after, newest],
                )
                rows = cursor.fetchall()
                if not rows:
                    break
                after = rows[-1][0]
                places, values = zip(*rows, strict=True)
                cursor.execute(
                    f"""UPDATE {leaf} AS t SET {name} = fresh.value
                          FROM unnest(%s::tid[], %s::bytea[]) AS fresh(place, value)
                         WHERE t.ctid = fresh.place""",
                    [list(places), [seal(unseal(value)) for value in values]],
                )
                count += cursor.rowcount
    return count


@transaction.atomic
def rehash() -> dict[Column, int]:
    """Bring every keyed hash to the present look-up key, all or none; how many changed, a column.

    A hash whose value is sealed in another table follows that table. One whose value is sealed nowhere cannot be made
    anew: then nothing is changed.
    """
    columns = hash_columns()
    changed: dict[Column, int] = {}
    with pgtrigger.ignore(), connection.cursor() as cursor:
        for table in sorted({column.table for column in columns}):
            cursor.execute(f"LOCK TABLE {connection.ops.quote_name(table)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("CREATE TEMPORARY TABLE rehashed (old bytea PRIMARY KEY, new bytea) ON COMMIT DROP")
        for column in columns:
            if column.of:
                _map(column)
        cursor.execute("ANALYZE rehashed")
        lost = [(column, lost) for column in columns if (lost := _unmapped(column))]
        if lost:
            raise Refusal(
                "有检索码找不到对应的密封值，不能重新计算，未作任何更改。请联系技术支持核对。",
                [f"{column.table}.{column.name}：{count} 条" for column, count in lost],
            )
        for column in columns:
            name = connection.ops.quote_name(column.name)
            cursor.execute(
                f"""UPDATE {connection.ops.quote_name(column.table)} AS t SET {name} = rehashed.new
                      FROM rehashed WHERE t.{name} = rehashed.old AND rehashed.old <> rehashed.new"""
            )
            changed[column] = cursor.rowcount
        for follower in FOLLOWERS:
            cursor.execute(follower)
    return changed


def _map(column: Column) -> None:
    """Note the old and the new hash of every value sealed beside its hash."""
    table, name, of = (connection.ops.quote_name(part) for part in column)
    with connection.chunked_cursor() as rows:
        rows.execute(f"SELECT DISTINCT ON ({name}) {name}, {of} FROM {table} WHERE {name} IS NOT NULL")
        while batch := rows.fetchmany(BATCH):
            with connection.cursor() as cursor:
                cursor.execute(
                    """INSERT INTO rehashed SELECT * FROM unnest(%s::bytea[], %s::bytea[])
                       ON CONFLICT (old) DO NOTHING""",
                    [[bytes(old) for old, _ in batch], [lookup_hash(unseal(sealed)) for _, sealed in batch]],
                )


def _unmapped(column: Column) -> int:
    table, name = connection.ops.quote_name(column.table), connection.ops.quote_name(column.name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FROM {table} AS t
                 WHERE t.{name} IS NOT NULL AND NOT EXISTS (SELECT FROM rehashed WHERE old = t.{name})"""
        )
        return int(cursor.fetchone()[0])
