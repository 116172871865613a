"""The supervisors' pages over a judged province with its cases: each at `size` units beside the same with 1,000 units.

p95 over many requests of one supervisor after another, in process, through the whole of Django. What the pages show is
counted ahead: how long a count of everything takes is stated apart, and is the clock's business. (N7.2)
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from tests.bench import pages_data, watched_data
from tests.bench.bench_pages import SMALL, Page, Province, person
from tests.bench.harness import Bench

TIMES_SLOWER = 2.0
REQUESTS, ROUNDS = 60, 3
LEVELS = ("province", "city", "county")
MOST_SECONDS = 600.0  # of a count of everything: the clock asks for one every ten minutes


def board(scheme: str) -> Page:
    """The dashboard of a scheme, which supervisors of every level open."""
    address = f"/admin/?scheme={scheme}&year=2024"
    return Page(f"dashboard of {scheme}", lambda: [address], everybody=True, most_queries=None)


BOARDS = tuple(board(scheme) for scheme in ("refunds", "dispatch", "subsidies"))
#: the lists behind it, for comparison: no bound of their own here (bench pages has that of the desk's lists)
BEHIND = (
    Page("list of open cases", lambda: ["/admin/lists/cases/?scheme=refunds&year=2024&stage=open"], most_queries=None),
    Page("list of returned payments", lambda: ["/admin/lists/payments/?year=2024&status=returned"], most_queries=None),
    Page("list of parts", lambda: ["/admin/lists/obligations/?year=2024"], most_queries=None),
    Page("list of claims", lambda: ["/admin/lists/claims/?year=2024"], most_queries=None),
)


@dataclass
class Watched(Province):
    """A province with its cases opened and its figures counted, and supervisors of each level signed in."""

    @property
    def database(self) -> str:
        """Its name on the bench's server."""
        return f"dashboard_{self.size}"

    def make(self, bench: Bench) -> None:
        """Fill it, count."""
        from caseworks.oversight import figures

        pages_data.make(self.database)
        with bench.timed() as filling:
            pages_data.fill(self.size, contributions=False)
            watched_data.fill()
        bench.say(f"{self.size:,} judged units with their cases made in {filling.seconds:.0f} s")
        with bench.timed() as counting:
            count = figures.refresh_all(at=timezone.now())
        bench.say(f"{count:,} figures")
        bench.figure(f"all figures counted, {self.size:,} units", counting.seconds, ceiling=MOST_SECONDS)
        self.clients = {level: person(level, "supervisor") for level in LEVELS}


def run(bench: Bench) -> None:
    """Measure with 1,000 units and with the size asked for; the two databases take turns."""
    home = str(pages_data.connection.settings_dict["NAME"])
    small, large = Watched(SMALL), Watched(bench.size)
    for province in (small, large):
        province.make(bench)
        pages_data.use(home)
    try:
        for level in LEVELS:
            for page in (*BOARDS, *(BEHIND if level == LEVELS[0] else ())):
                queries = [
                    province.ask(level, page, REQUESTS // ROUNDS) for _ in range(ROUNDS) for province in (small, large)
                ]
                name, took = f"{page.name} ({level})", large.p95(level, page)
                limit = TIMES_SLOWER if page in BOARDS else None
                bench.figure(
                    f"{name}, p95", took, small.p95(level, page), of=f"with {SMALL:,} units", unit="ms", limit=limit
                )
                bench.figure(f"{name}, queries", max(queries), unit="")
    finally:
        pages_data.use(home)
        for province in (small, large):
            pages_data.drop(province.database)
