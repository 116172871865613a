"""A year's contributions (twelve rows a unit) imported for the first time and again, beside a COPY of the same file.

The floor is a COPY of the file by the same client into a bare table of the same columns, durable as the import is.
"""

from __future__ import annotations

from pathlib import Path

from django.db import connection
from django.utils import timezone
from stdnum.cn import uscc

from caseworks.people.actors import Actor
from caseworks.registry import imports, partitions
from caseworks.registry.enums import FileKind
from tests.bench.harness import Bench

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BLOCK = 1 << 20
YEAR = 2023
MEMORY = 500.0  # MB


def _code(number: int) -> str:
    """A right code of an invented unit."""
    text = ""
    for _ in range(7):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    body = "91220102XN" + text
    return body + str(uscc.calc_check_digit(body))


def write_files(folder: Path, count: int) -> tuple[Path, Path]:
    """Units and a year of their contributions, unit by unit, as an upstream system writes them."""
    units, contributions = folder / "units.csv", folder / "contributions.csv"
    with units.open("w", encoding="utf-8") as names, contributions.open("w", encoding="utf-8") as months:
        names.write("uscc,name,unit_type,size,region,status,insured_from\n")
        months.write("uscc,period,kind,serial,headcount,due,paid,paid_on\n")
        for number in range(count):
            code, people = _code(number), number % 97 + 3
            amount = f"{people * 35.28:.2f}"
            names.write(f"{code},示例{number}商贸有限公司,enterprise,small,220102,active,2015-03-01\n")
            months.write(
                "".join(
                    f"{code},{YEAR}-{month:02d},normal,1,{people},{amount},{amount},{YEAR}-{month:02d}-20\n"
                    for month in range(1, 13)
                )
            )
    return units, contributions


def bare_copy(path: Path) -> None:
    """The floor: the same bytes by the same client into a table without a key."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_bare (LIKE {partitions.TABLE})")
        with path.open("rb") as stream, cursor.cursor.copy("COPY bench_bare FROM STDIN (FORMAT csv)") as copy:
            stream.readline()
            while block := stream.read(_BLOCK):
                copy.write(block)


def clear() -> None:
    """Nothing of an earlier bench stands in the way."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        for year in partitions.years():
            cursor.execute(f"DROP TABLE {partitions.name(year)}")


def _written() -> int:
    """Rows that were ever written to the year's table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = %s",
            [partitions.name(YEAR)],
        )
        return int(cursor.fetchone()[0])


def run(bench: Bench) -> None:
    """Measure."""
    clear()
    units, contributions = write_files(bench.folder, bench.size)
    actor = Actor(os_user="bench", command="bench")
    rows = bench.size * 12
    with bench.timed() as of_units:
        assert imports.load(units, FileKind.UNITS, actor, timezone.now()).new == bench.size
    bench.figure("units, first import", of_units.seconds)
    with bench.timed() as floor:
        bare_copy(contributions)
    clear()
    bench.reset_memory()
    with bench.timed() as first:
        assert imports.load(contributions, FileKind.CONTRIBUTIONS, actor, timezone.now()).new == rows
    of = "COPY of the file into a bare table"
    bench.figure("contributions, first import", first.seconds, floor.seconds, of=of, limit=3.0)
    before = _written()
    with bench.timed() as again:
        assert imports.load(contributions, FileKind.CONTRIBUTIONS, actor, timezone.now()).unchanged == rows
    bench.figure("contributions, the same file again", again.seconds, floor.seconds, of=of, limit=3.5)
    bench.figure("rows written by the second import", _written() - before, unit="", ceiling=0.0)
    bench.figure("memory of the importing process", bench.memory(), unit="MB", ceiling=MEMORY)
    for path in (units, contributions):
        path.unlink()
    clear()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE registry_unit CASCADE")
