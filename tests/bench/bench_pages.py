"""Pages over a judged province: each at `size` units beside the same page with 1,000 units in the same run.

p95 over many requests of one person after another, in process, through the whole of Django; at most twelve queries a
page; the totals of a filter, which load after the page, are stated apart. (Issue: section 8)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle, islice

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.bench import pages_data
from tests.bench.harness import Bench

SMALL = 1000
LEVELS = ("province", "city", "county")
REQUESTS, ROUNDS, DIFFERENT = 60, 3, 20
MOST_QUERIES = 12
CONTROL = ("BEGIN", "COMMIT")  # what keeps a session is a transaction, which is no query
TIMES_SLOWER = 1.5


@dataclass(frozen=True)
class Page:
    """A page with the addresses that are asked for in turn."""

    name: str
    addresses: Callable[[], list[str]]
    totals: bool = False
    everybody: bool = False  # asked for by people of a city and of a county too
    most_queries: int | None = MOST_QUERIES


def usccs() -> list[str]:
    """Codes spread over the province."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uscc FROM registry_unit WHERE id % (SELECT max(id) / 200 FROM registry_unit) = 1")
        return [uscc for (uscc,) in cursor.fetchall()]


def parts(size: int) -> list[str]:
    """Parts of names: two characters of the middle of one name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT substr(name, 3, %s) FROM registry_unit WHERE id %% 37 = 1 ORDER BY id LIMIT 20", [size])
        return [part for (part,) in cursor.fetchall()]


def judgements(query: str = "") -> Callable[[], list[str]]:
    """The list of judgements with a query."""
    return lambda: [f"/desk/refunds/?year=2024{query}"]


def totals(query: str = "") -> Callable[[], list[str]]:
    """The totals of the list of judgements with a query."""
    return lambda: [f"/desk/refunds/totals/?year=2024{query}"]


PAGES = (
    Page("unit list", lambda: ["/desk/units/"], everybody=True),
    Page("unit search, two rare characters", lambda: [f"/desk/units/?name={part}" for part in parts(2)]),
    Page("unit search, two common characters", lambda: ["/desk/units/?name=晨曦", "/desk/units/?name=商贸"]),
    Page("unit search, what every name has", lambda: ["/desk/units/?name=有限公司", "/desk/units/?name=示例"]),
    Page("unit list by name", lambda: ["/desk/units/?order=name"]),
    Page("unit page", lambda: [f"/desk/units/{uscc}/" for uscc in usccs()], everybody=True),
    Page("screening list", judgements(), everybody=True),
    Page("screening list by amount", judgements("&order=amount"), everybody=True),
    Page("screening list, eligible", judgements("&outcome=eligible")),
    Page("screening list, manual", judgements("&outcome=manual")),
    Page("screening list, a reason", judgements("&reason=size_unknown")),
    Page("screening list, flagged", judgements("&flag=any")),
    Page("screening list, name", lambda: [f"/desk/refunds/?year=2024&name={part}" for part in parts(2)]),
    Page("screening list, common name", lambda: ["/desk/refunds/?year=2024&name=晨曦"]),
    Page("screening list, amounts", judgements("&amount_from=5000&amount_to=9000&order=amount")),
    Page(
        "assessment page",
        lambda: [f"/desk/refunds/2024/{uscc}/" for uscc in usccs()],
        everybody=True,
        most_queries=None,
    ),
    Page("totals of all units", lambda: ["/desk/units/totals"], totals=True),
    Page("totals of all judgements", totals(), totals=True),
    Page("totals of a reason", totals("&reason=size_unknown"), totals=True),
    Page("totals of a common name", totals("&name=晨曦"), totals=True),
)


def person(level: str, role: str = "clerk") -> Client:
    """Somebody signed in, a clerk unless told otherwise, of the province, of a city or of a county."""
    from caseworks.people.enums import CLASS_OF_ROLE
    from caseworks.people.models import Appointment, Office, Person

    office = Office.objects.filter(level=level).order_by("code")[0]
    made = Person.objects.create(
        username=f"bench-{level}", full_name=f"示例{level}", office=office, must_change_password=False
    )
    Appointment.objects.create(
        person=made,
        office=office,
        role=role,
        role_class=CLASS_OF_ROLE[role],
        since=timezone.localdate(),
        made_at=timezone.now(),
    )
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(made, backend="caseworks.people.backends.RoleBackend")
    return client


@dataclass
class Province:
    """One of the two databases, the people signed in to it, and the seconds that pages took there."""

    size: int
    clients: dict[str, Client] = field(default_factory=dict)
    addresses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    taken: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    @property
    def database(self) -> str:
        """Its name on the bench's server."""
        return f"pages_{self.size}"

    def make(self, bench: Bench) -> None:
        """Fill it and sign people in."""
        pages_data.make(self.database)
        with bench.timed() as filling:
            pages_data.fill(self.size)
        bench.say(f"{self.size:,} judged units made in {filling.seconds:.0f} s")
        self.clients = {level: person(level) for level in LEVELS}

    def ask(self, level: str, page: Page, requests: int) -> int:
        """Ask for a page so often and keep the seconds; returns the queries of one request."""
        pages_data.use(self.database)
        client = self.clients[level]
        if (level, page.name) not in self.addresses:
            seen = (address for address in page.addresses() if client.get(address).status_code == 200)
            self.addresses[level, page.name] = list(islice(seen, DIFFERENT))
        addresses = self.addresses[level, page.name]
        if not addresses:
            raise RuntimeError(f"{page.name}: nothing to see for somebody of a {level}")
        client.get(addresses[0])  # a new connection asks for things of its own
        with CaptureQueriesContext(connection) as captured:
            client.get(addresses[0])
            queries = sum(query["sql"] not in CONTROL for query in captured)
        taken = self.taken.setdefault((level, page.name), [])
        for address in islice(cycle(addresses), requests):
            start = time.perf_counter()
            client.get(address)
            taken.append(time.perf_counter() - start)
        return queries

    def p95(self, level: str, page: Page) -> float:
        """Milliseconds within which 95 of 100 requests were answered."""
        taken = sorted(self.taken[level, page.name])
        return taken[int((len(taken) - 1) * 0.95)] * 1000


def compare(bench: Bench, small: Province, large: Province, level: str, page: Page) -> None:
    """State one page's figures; the two databases take turns, so that a busy moment falls on both."""
    queries = 0
    for _ in range(ROUNDS):
        for province in (small, large):
            queries = province.ask(level, page, REQUESTS // (ROUNDS * (5 if page.totals else 1)))
    name, took = f"{page.name} ({level})", large.p95(level, page)
    if page.totals:
        bench.figure(name, took, unit="ms")
        return
    of = f"with {SMALL:,} units"
    bench.figure(f"{name}, p95", took, small.p95(level, page), of=of, unit="ms", limit=TIMES_SLOWER)
    bench.figure(f"{name}, queries", queries, unit="", ceiling=page.most_queries)


def run(bench: Bench) -> None:
    """Measure with 1,000 units and with the size asked for."""
    home = connection.settings_dict["NAME"]
    small, large = Province(SMALL), Province(bench.size)
    for province in (small, large):
        province.make(bench)
        pages_data.use(home)
    try:
        for level in LEVELS:
            for page in PAGES:
                if level == LEVELS[0] or page.everybody:
                    compare(bench, small, large, level, page)
    finally:
        pages_data.use(home)
        for province in (small, large):
            pages_data.drop(province.database)
