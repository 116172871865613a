"""The first contributions of a year: clean lines go as bytes into a new table, which becomes the year's partition.

COPY, then one anti-join for unknown units, then the key. Where the file does not suit (a key twice, several years, too
many unknown units) the whole attempt is undone, and the usual way is taken.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.db import connection

from caseworks.base.sheets.opening import Opened
from caseworks.base.sheets.reading import Row, Sheet, open_sheet
from caseworks.registry import partitions
from caseworks.registry.loading.clean import clean_lines
from caseworks.registry.loading.copying import Lines, copy_into, csv_line, make_stage
from caseworks.registry.loading.merge import Counts, Merge, run, scalar, unknown_unit
from caseworks.registry.loading.rejects import Spool
from caseworks.registry.loading.rows import Rejected, RowParser
from caseworks.registry.loading.staged import Staging, Watch, compare
from caseworks.registry.specs.shape import FileSpec

ASIDE = 100_000  # rows of other years that are put aside
UNKNOWN = 50_000  # unknown units whose lines are looked up


class UnsuitableError(Exception):
    """The file is not the plain first file of one year."""


def year_of(path: Path, sheet: Sheet) -> int | None:
    """The year of the first clean line, if the year has no contributions yet."""
    place = dict(zip((column.name for column in sheet.header.columns), sheet.header.places, strict=True))["period"]
    with path.open("rb") as stream:
        start = stream.read(1 << 16).split(b"\n")[1:2]
    cells = start[0].split(b",") if start else []
    found = re.match(rb"(?:19|20)\d\d(?=-)", cells[place]) if place < len(cells) else None
    if found is None:
        return None
    year = int(found.group())
    return (
        year
        if year not in partitions.years() or not scalar(f"SELECT EXISTS (SELECT FROM {partitions.name(year)})")
        else None
    )


def load(
    spec: FileSpec, opened: Opened, sheet: Sheet, year: int, spool: Spool, watch: Watch
) -> tuple[Merge | None, Counts, str]:
    """Load the file; gives the merge of the rows put aside (if any), the counts, and the table of the good rows."""
    table = f"{partitions.name(year)}_new"
    run(f"CREATE TABLE {table} (LIKE {partitions.TABLE})")
    staging = Staging(spec, sheet, spool, clean_lines(spec, sheet, year))
    aside: list[tuple[int, bytes]] = []

    def of_the_year(row: Row, values: tuple) -> bool:
        if str(values[1]).startswith(f"{year}-"):
            return True
        if len(aside) >= ASIDE:
            raise UnsuitableError
        aside.append((row.line, csv_line(values)))
        return False

    staging.copy(table, watch, ", FREEZE", of_the_year)
    counts = Counts(read=staging.lines.count + spool.count)
    unknown = _unknown(spec, opened, table, year, spool) if staging.lines.count else 0
    counts.new = staging.lines.count - unknown
    run(f"ALTER TABLE {table} ADD PRIMARY KEY (uscc, period, kind, serial)")
    counts.rejected = spool.count
    merge = None
    if aside:
        merge, others = _compare_aside(spec, staging.parser, aside, spool)
        counts.read += others.read
        counts.new, counts.changed, counts.unchanged = counts.new + others.new, others.changed, others.unchanged
        counts.rejected += others.rejected
    _attach(table, year)
    return merge, counts, partitions.name(year)


def _attach(table: str, year: int) -> None:
    name = partitions.name(year)
    run(f"DROP TABLE IF EXISTS {name}")
    run(f"ALTER TABLE {table} RENAME TO {name}")
    run(f"ALTER INDEX {table}_pkey RENAME TO {name}_pkey")
    run(f"ALTER TABLE {partitions.TABLE} ATTACH PARTITION {name} FOR VALUES {partitions.bounds(year)}")


def _compare_aside(
    spec: FileSpec, parser: RowParser, aside: list[tuple[int, bytes]], spool: Spool
) -> tuple[Merge, Counts]:
    """Rows of other years take the usual way."""
    lines = Lines()
    make_stage(spool.stage, parser.stored)
    with copy_into(spool.stage, [column.name for column in parser.stored]) as copy:
        for line, content in aside:
            copy.write(content)
            lines.add(line)
    before = spool.count
    merge, counts = compare(spec, parser.stored, lines, spool)
    counts.read, counts.rejected = lines.count, spool.count - before
    return merge, counts


def _unknown(spec: FileSpec, opened: Opened, table: str, year: int, spool: Spool) -> int:
    """Take the rows of unknown units out again, and find their lines by a second reading of the file."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT n.uscc FROM {table} n WHERE NOT EXISTS (SELECT 1 FROM registry_unit u WHERE u.uscc = n.uscc) "
            "LIMIT %s",
            [UNKNOWN + 1],
        )
        unknown = {uscc for (uscc,) in cursor.fetchall()}
    if not unknown:
        return 0
    if len(unknown) > UNKNOWN:
        raise UnsuitableError
    removed = run(f"DELETE FROM {table} WHERE uscc = ANY(%s)", [sorted(unknown)])
    found = 0
    with open_sheet(opened.path, spec.columns, opened=opened) as sheet:
        parser = RowParser(spec, sheet.header.present)
        places = [sheet.header.places[place] for place in range(len(spec.columns))]
        wanted = {uscc.encode() for uscc in unknown}
        at = places[0]
        for piece in sheet.pieces(clean_lines(spec, sheet, year)):
            if isinstance(piece, Row):
                values = parser.parse(piece)
                if not isinstance(values, Rejected) and values[0] in unknown and str(values[1]).startswith(f"{year}-"):
                    spool.add(unknown_unit(spec, piece.line, [str(value) for value in values[:4]]))
                    found += 1
                continue
            for line, content in enumerate(piece.content.split(b"\n"), start=piece.line):
                cells = content.split(b",")
                if len(cells) > at and cells[at].strip() in wanted:
                    spool.add(unknown_unit(spec, line, [cells[place].strip().decode() for place in places[:4]]))
                    found += 1
    if found != removed:
        raise UnsuitableError
    return removed
