"""Loading: unchanged rows are not touched, the quick and the usual way agree, a killed import leaves nothing."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.people.models import Office
from caseworks.registry import imports, partitions
from caseworks.registry.enums import FileKind
from caseworks.registry.imports import Wish
from caseworks.registry.loading import fresh
from caseworks.registry.models import Contribution, ImportFile, Unit
from tests.children import database_url
from tests.registry.support import AT, OPERATOR, Writer, make_bureau

UNITS = ("91220102XNDP8LW13M", "91220102XN8JCHX162", "91220102XNBULT726Y")
HEADER = "uscc,period,kind,serial,headcount,due,paid,paid_on"


def unit_rows() -> list[list[str]]:
    return [
        [
            uscc,
            "长春示例商贸有限公司",
            "enterprise",
            "small",
            "220102",
            "active",
            "2015-03-01",
            "",
            "",
            "0431-1",
            "",
            "",
            "",
            "",
        ]
        for uscc in UNITS
    ]


@pytest.fixture
def units(bureau: Office, write: Writer) -> None:
    imports.load(write("units", unit_rows()), FileKind.UNITS, OPERATOR, AT)


def load(path: Path, kind: FileKind = FileKind.CONTRIBUTIONS) -> ImportFile:
    return imports.load(path, kind, OPERATOR, AT)


def counts(done: ImportFile) -> tuple[int, int, int, int, int]:
    return done.read, done.new, done.changed, done.rejected, done.unchanged


def touched(table: str) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ctid::text, xmin::text FROM {table}")
        return set(cursor.fetchall())


@pytest.mark.django_db
def test_the_same_file_again_writes_nothing(units: None, write: Writer, tmp_path: Path) -> None:
    text = "\n".join(
        [HEADER, *(f"{uscc},2023-{m:02d},normal,1,5,10.00,10,2023-{m:02d}-20" for uscc in UNITS for m in range(1, 13))]
    )
    (tmp_path / "contributions.csv").write_text(text + "\n")
    assert counts(load(tmp_path / "contributions.csv")) == (36, 36, 0, 0, 0)
    before = touched("registry_contribution"), touched("registry_unit")
    assert counts(load(tmp_path / "contributions.csv")) == (36, 0, 0, 0, 36)
    assert counts(load(tmp_path / "units.csv", FileKind.UNITS)) == (3, 0, 0, 0, 3)
    assert (touched("registry_contribution"), touched("registry_unit")) == before


@pytest.mark.django_db
def test_a_column_that_a_later_file_lacks_stays(units: None, write: Writer) -> None:
    row = [UNITS[0], "长春示例更名有限公司", "enterprise", "220102", "active", "2015-03-01"]
    header = ["uscc", "name", "unit_type", "region", "status", "insured_from"]
    assert counts(load(write("units", [row], header), FileKind.UNITS)) == (1, 0, 1, 0, 0)
    unit = Unit.objects.get(uscc=UNITS[0])
    assert (unit.name, unit.phone, unit.size, unit.search_key) == (
        "长春示例更名有限公司",
        "0431-1",
        "small",
        unit.name_key,
    )


QUICK = [
    f"{UNITS[0]},2023-01,normal,1,5,10.00,10.00,2023-01-20",
    f"{UNITS[0]},2023-02,normal,1,5,10.00,0,",
    f"{UNITS[0]},2023-02,late_fee,1,0,0,3.10,2023-03-01",
    f'{UNITS[1]},202303,正常应缴,1,5,"1,010.00",10,2023-01-20',
    f"{UNITS[1]},2022-12,normal,1,5,10,10,2023-01-05",
    f"{UNITS[1]},2023-02,normal,1,5,10.001,10,2023-01-05",
    "91220102XNTN8L826C,2023-01,normal,1,5,10,10,2023-01-05",
    "91220102XNTN8L8260,2023-01,normal,1,5,10,10,2023-01-05",
    f"{UNITS[2]},2023-05,refund,1,0,0,1,2023-01-05",
    f"{UNITS[2]},2023-06,refund,1,0,1,1,2023-01-05",
    "合计,,,,,,,",
]


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("quick", [True, False])
def test_the_quick_and_the_usual_way_agree(
    units: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: bool, ending: str
) -> None:
    path = tmp_path / "contributions.csv"
    path.write_bytes((ending.join([HEADER, *QUICK]) + ending).encode())
    if not quick:
        monkeypatch.setattr(fresh, "year_of", lambda path, sheet: None)
    done = load(path)
    assert counts(done) == (10, 6, 0, 4, 0)
    assert done.totals_rows == 1
    rejected = [(row.line, row.column, row.value) for row in done.rejected_rows.order_by("line")]
    assert rejected == [
        (7, "due", "10.001"),
        (8, "uscc", "91220102XNTN8L826C"),
        (9, "uscc", "91220102XNTN8L8260"),
        (11, "due", "1"),
    ]
    assert "校验码" in done.rejected_rows.get(line=9).reason
    assert partitions.years() == [2022, 2023]
    assert Contribution.objects.count() == 6
    again = load(path)
    assert counts(again) == (10, 0, 0, 4, 6)


@pytest.mark.django_db
def test_a_key_twice_sends_the_first_file_the_usual_way(units: None, tmp_path: Path) -> None:
    path = tmp_path / "contributions.csv"
    path.write_text("\n".join([HEADER, QUICK[0], QUICK[1], QUICK[0], QUICK[0].replace(",5,", ",6,"), ""]))
    done = load(path)
    assert counts(done) == (4, 2, 0, 1, 1)
    assert "第 2 行" in done.rejected_rows.get(line=5).reason


CELLS = st.tuples(
    st.sampled_from(UNITS),
    st.sampled_from(["2023-01", "202302", "2024-01", "2023-1"]),
    st.sampled_from(["normal", "退收", "late_fee", "x"]),
    st.sampled_from(["1", "2", "01"]),
    st.sampled_from(["1", "２", "-1"]),
    st.sampled_from(["0", "1.00", "1,000.10", "0.001"]),
    st.sampled_from(["0", "2.5"]),
    st.sampled_from(["", "2023-05-06", "2024-02-29", "2023-02-29"]),
)


@pytest.mark.django_db(transaction=False)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows=st.lists(CELLS, max_size=25), seed=st.randoms(use_true_random=False))
def test_twice_is_once_and_order_matters_only_to_repeated_keys(
    units: None, write: Writer, rows: list[tuple[str, ...]], seed: random.Random
) -> None:
    def stored() -> list[tuple[object, ...]]:
        return sorted(Contribution.objects.values_list("uscc", "period", "kind", "serial", "headcount", "due", "paid"))

    def key(row: tuple[str, ...]) -> tuple[str, ...]:
        return row[0], row[1].replace("-", "").zfill(6), row[2], row[3]

    try:
        with transaction.atomic():
            once = load(write("contributions", rows))
            first = stored()
            twice = load(write("contributions", rows))
            assert once.read == len(rows) == once.new + once.changed + once.rejected + once.unchanged
            assert (twice.stored, twice.rejected) == (0, once.rejected)
            assert stored() == first
            Contribution.objects.all().delete()
            shuffled = list({key(row): row for row in reversed(rows)}.values())
            seed.shuffle(shuffled)
            if len({key(row) for row in rows}) == len(rows):
                load(write("contributions", shuffled))
                assert stored() == first
            raise Undone
    except Undone:
        pass


class Undone(Exception):
    """Leaves nothing behind for the next example."""


@pytest.mark.django_db
def test_a_preview_stores_nothing(units: None, tmp_path: Path) -> None:
    path = tmp_path / "contributions.csv"
    path.write_text("\n".join([HEADER, *QUICK]))
    records = ImportFile.objects.count()
    seen = imports.preview(path, Wish(FileKind.CONTRIBUTIONS), by=OPERATOR, at=AT)
    assert (seen.read, seen.new, seen.changed, seen.unchanged, seen.rejected, seen.totals_rows) == (10, 6, 0, 0, 4, 1)
    assert [row["line"] for row in seen.first_rejected] == [7, 11, 8, 9]
    assert (Contribution.objects.count(), ImportFile.objects.count(), partitions.years()) == (0, records, [])


KILLED = """
    import datetime as dt, os, sys
    import django
    django.setup()
    from pathlib import Path
    from caseworks.people.actors import Actor
    from caseworks.registry import imports
    from caseworks.registry.enums import FileKind
    from caseworks.registry.loading import rejects
    def wait(*arguments):
        print("loaded", flush=True)
        import time
        time.sleep(60)
    rejects.mend = wait
    imports.load(Path(sys.argv[1]), FileKind.CONTRIBUTIONS, Actor(os_user="x", command="y"), dt.datetime.now(dt.UTC))
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_leaves_nothing_half_done(write: Writer, tmp_path: Path) -> None:
    make_bureau()
    load(write("units", unit_rows()), FileKind.UNITS)
    path = tmp_path / "contributions.csv"
    path.write_text("\n".join([HEADER, *QUICK]))
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "caseworks.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(path)], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loaded\n"
    with pytest.raises(Refusal, match="正在进行"):
        load(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)
    assert (Contribution.objects.count(), partitions.years()) == (0, [])
    lost = ImportFile.objects.filter(kind="contributions").order_by("pk").first()
    assert lost is not None
    assert (lost.run.state, lost.read) == ("running", 0)
    assert runs.settle(lost.run, lost.run.started_at + 2 * runs.GRACE).state == "interrupted"  # type: ignore[operator]
    assert counts(load(path)) == (10, 6, 0, 4, 0)


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_file(units: None, tmp_path: Path) -> None:
    path = tmp_path / "contributions.csv"
    with path.open("w") as stream:
        stream.write(HEADER + "\n")
        for number in range(400_000):
            paid = "x" if number % 20 == 0 else "10.00"
            stream.write(f"{UNITS[number % 3]},2023-{number % 12 + 1:02d},normal,{number},5,10.00,{paid},2023-01-20\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert counts(load(path)) == (400_000, 380_000, 0, 20_000, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB
