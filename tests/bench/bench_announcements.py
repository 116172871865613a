"""Announcements: the workbook of a real first batch beside bare writing, and the public search at `size` lines.

The search is that of anybody, through the whole of Django, over lists of 34,101 lines each; beside the same pages with
1,000 lines in a database of its own, in turns. (Issue 3: sections 3 and 8)
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from io import StringIO
from itertools import cycle, islice
from pathlib import Path

import xlsxwriter
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.bench import pages_data
from tests.bench.harness import Bench

BATCH = 34_101  # lines of a real first batch
SMALL = 1000
REQUESTS, ROUNDS = 60, 3
TIMES_SLOWER, TIMES_BARE = 1.5, 3.0
MOST_QUERIES = 12
CONTROL = ("BEGIN", "COMMIT")
# Names of a million units, every eight of a street of their own, so that there are rare and common words.
_LINES = """
    INSERT INTO cases_announcementline (announcement_id, position, case_id, name, name_key, former, former_key, shown,
                                        amount, fingerprint, live, change, before_name)
    SELECT %(announcement)s, n, %(case)s, name, name, '', '', '{"layoff_rate": "0.00%%"}', 1234.56 + n, '', false, '', ''
    FROM generate_series(1, %(lines)s) n CROSS JOIN LATERAL (
        SELECT '示例' || chr(19968 + ((n + %(first)s) / 8 %% 8000)::int) || chr(20000 + ((n + %(first)s) %% 9000)::int)
               || (ARRAY['商贸', '机械', '餐饮', '物流'])[1 + n %% 4] || '有限公司' AS name) made
"""
SEARCHES: dict[str, Callable[[str], list[str]]] = {
    "search in a list, rare words": lambda slug: [f"/announcements/{slug}/?q={part}" for part in rare()],
    "search in a list, common words": lambda slug: [f"/announcements/{slug}/?q=商贸", f"/announcements/{slug}/?q=公司"],
    "search in all lists, rare words": lambda slug: [f"/announcements/?q={part}" for part in rare()],
    "search in all lists, common words": lambda slug: ["/announcements/?q=机械", "/announcements/?q=有限公司"],
    "the list itself": lambda slug: [f"/announcements/{slug}/"],
}


def rare() -> list[str]:
    """Two characters of the middle of names, spread over the lines."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT substr(name, 3, 2) FROM cases_announcementline ORDER BY abs(hashint8(id)) LIMIT 20")
        return [part for (part,) in cursor.fetchall()]


def fill(lines: int) -> str:
    """So many announced lines in lists that run today; the address of the first."""
    from caseworks.cases import history
    from caseworks.cases.models import Announcement, Case
    from caseworks.people import offices
    from caseworks.people.actors import Actor

    office, now, on = offices.root(), timezone.now(), timezone.localdate()
    select = """SELECT 'BENCH' AS subject, '示例' AS name, %(office)s::bigint AS office_id, %(office)s::bigint AS
        city_office_id, 1::numeric(14,2) AS amount, sha256('') AS fingerprint"""
    by = Actor.of_command("bench")
    history.open_cases(scheme="refunds", year=2024, select=select, params={"office": office.pk}, by=by, at=now)
    case, slugs = Case.objects.get(subject="BENCH"), []
    for first in range(0, lines, BATCH):
        count, number = min(BATCH, lines - first), first // BATCH + 1
        row = Announcement.objects.create(
            scheme="refunds", year=2024, office=office, city_office=office, title=f"示例公示（第{number}批）",
            columns={"layoff_rate": "裁员率"}, documents=[], days=5, count=count, total=1, status="published",
            drawn_label="a", drawn_at=now, published_label="b", published_at=now, first_day=on,
            last_day=on + dt.timedelta(days=6), number=f"示例公示〔2024〕{number}号", slug=f"bench-{number}",
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_LINES, {"announcement": row.pk, "case": case.pk, "lines": count, "first": first})
        slugs.append(f"bench-{number}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_announcement; ANALYZE cases_announcementline")
    return slugs[0]


def bare(rows: list[list[object]], path: Path) -> None:
    """The same cells written by xlsxwriter in constant memory, and nothing else."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, place, value)
            else:
                sheet.write_number(number, place, float(value))  # type: ignore[arg-type]
    book.close()


def workbook(bench: Bench, slug: str) -> None:
    """The whole list as it is given away, from the database to the disk; the best of three, in turns with its floor."""
    from caseworks.cases import announcement_files
    from caseworks.cases.models import Announcement

    row = Announcement.objects.select_related("office", "corrects").get(slug=slug)
    rows: list[list[object]] = [list(announcement_files.header(row))]
    rows += [
        [line.position, line.name, *announcement_files.cells(row, line), line.amount]
        for line in announcement_files.lines(row).iterator(chunk_size=5000)
    ]
    ours, floors = [], []
    for _ in range(ROUNDS):
        with bench.timed() as floor:
            bare(rows, bench.folder / "bare.xlsx")
        announcement_files.remove(row)
        with bench.timed() as work:
            announcement_files.xlsx(row)
        ours.append(work.seconds)
        floors.append(floor.seconds)
    of = f"bare writing of {len(rows) - 1:,} rows"
    bench.figure("workbook of an announcement", min(ours), min(floors), of=of, limit=TIMES_BARE)


def run(bench: Bench) -> None:
    """Measure with 1,000 lines and with the number asked for."""
    settings.SEARCHES_A_MINUTE = 10**9  # one address asks for everybody here
    home = connection.settings_dict["NAME"]
    slugs: dict[int, str] = {}
    for size in (SMALL, bench.size):
        pages_data.make(f"announced_{size}")
        call_command("setup", stdout=StringIO())
        with bench.timed() as filling:
            slugs[size] = fill(size)
        bench.say(f"{size:,} announced lines made in {filling.seconds:.0f} s")
    try:
        workbook(bench, slugs[bench.size])
        for name, addresses in SEARCHES.items():
            taken: dict[int, list[float]] = {SMALL: [], bench.size: []}
            queries = 0
            for _ in range(ROUNDS):
                for size, times in taken.items():
                    pages_data.use(f"announced_{size}")
                    asked = addresses(slugs[size])
                    queries = ask(asked, times)
            small, large = (sorted(times)[int((len(times) - 1) * 0.95)] * 1000 for times in taken.values())
            of = f"with {SMALL:,} lines"
            bench.figure(f"{name}, p95", large, small, of=of, unit="ms", limit=TIMES_SLOWER)
            bench.figure(f"{name}, queries", queries, unit="", ceiling=MOST_QUERIES)
    finally:
        pages_data.use(home)
        for size in slugs:
            pages_data.drop(f"announced_{size}")


def ask(addresses: list[str], times: list[float]) -> int:
    """Ask for these pages in turn as anybody and keep the seconds; returns the queries of one request."""
    client = Client()
    assert client.get(addresses[0]).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(addresses[0])
        queries = sum(query["sql"] not in CONTROL for query in captured)
    for address in islice(cycle(addresses), REQUESTS // ROUNDS):
        start = time.perf_counter()
        client.get(address)
        times.append(time.perf_counter() - start)
    return queries
