"""The yearly partitions of the contributions."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

TABLE = "registry_contribution"


def name(year: int) -> str:
    """The partition's table."""
    return f"{TABLE}_{year:d}"


def bounds(year: int) -> str:
    """The range of periods of a year, as DDL writes it. Text compares by bytes, so a year ends before the next begins."""
    return f"FROM ('{year:04d}-') TO ('{year + 1:04d}-')"


def years() -> list[int]:
    """The years that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(c.relname, 4)::int FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(%s) ORDER BY 1",
            [TABLE],
        )
        return [year for (year,) in cursor.fetchall()]


def ensure(wanted: int | Iterable[int]) -> None:
    """Make the partitions of these years where they are missing."""
    missing = {wanted} if isinstance(wanted, int) else set(wanted)
    missing -= set(years())
    with connection.cursor() as cursor:
        for year in sorted(missing):
            cursor.execute(f"CREATE TABLE {name(year)} PARTITION OF {TABLE} FOR VALUES {bounds(year)}")
