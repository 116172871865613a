"""A bulk step over `size` cases, signed by a person, beside the bare UPDATE and INSERTs of the same rows.

The floor writes what the step wrote — the cases' states, the history lines, the signatures, the notices — into tables with
the same columns and indexes and without triggers, in one transaction, from rows made ready before. A real first batch was
34,101 cases: `script/bench cases --sizes 34101`. (Issue 3: section 8)
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from caseworks.base.notices import templates
from caseworks.cases import history, reviews
from caseworks.cases.models import Case
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from tests.bench.harness import Bench

MOST = 4.0
STAGES = (
    ("first", "clerk", "first review"),
    ("second", "reviewer", "second review"),
    ("approval", "approver", "approval"),
)
_ROWS = """
    SELECT '91220102' || lpad(n::text, 9, '0') || '0' AS subject, '示例' || n || '商贸有限公司' AS name,
           %(office)s::bigint AS office_id, %(city)s::bigint AS city_office_id,
           (100 + n %% 900)::numeric(14,2) AS amount, sha256(n::text::bytea) AS fingerprint
    FROM generate_series(1, %(count)s) n
"""
_SHEETS = """
    INSERT INTO cases_reviewsheet (case_id, flags, sampled, further, payable)
    SELECT id, '{}', false, false, true FROM cases_case
"""
# What a stage writes beside the cases themselves: table → which of its rows are the stage's.
_WRITTEN = {
    "cases_event": "e.seq = (SELECT c.seq FROM cases_case c WHERE c.id = e.case_id)",
    "cases_review": "e.stage = %(stage)s",
    "base_notice": "%(stage)s = 'approval'",
}


def make(bench: Bench) -> list[int]:
    """So many opened cases of one office, with their sheets."""
    bench.say("opening cases")
    templates.install(at=timezone.now())
    place = offices.place("220102")
    params = {"office": place.office_id, "city": place.city_office_id, "count": bench.size}
    by, at = Actor.of_command("bench"), timezone.now()
    history.open_cases(scheme="refunds", year=2024, select=_ROWS, params=params, by=by, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_SHEETS)
    analyse()
    return list(Case.objects.order_by("pk").values_list("pk", flat=True))


def analyse() -> None:
    """As autovacuum does by and by; without it a table that was empty a moment ago is thought to be so still."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) cases_case, cases_event, cases_review, cases_reviewsheet, base_notice")


def before() -> None:
    """The cases as they are before a stage, in a table that is like theirs."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS floor_case")
        cursor.execute("CREATE TABLE floor_case (LIKE cases_case INCLUDING INDEXES INCLUDING DEFAULTS)")
        cursor.execute("INSERT INTO floor_case SELECT * FROM cases_case")
        cursor.execute("VACUUM (ANALYZE) floor_case")


def ready(stage: str) -> None:
    """The rows that the stage wrote, to be written again; the tables they go to hold what stood before."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS moved")
        cursor.execute("CREATE TABLE moved AS SELECT id, status, seq, head, moved_at FROM cases_case")
        for table, of_stage in _WRITTEN.items():
            of = of_stage.replace("%(stage)s", f"'{stage}'")
            cursor.execute(f"DROP TABLE IF EXISTS floor_{table}, rows_{table}")
            cursor.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING INDEXES INCLUDING DEFAULTS)")
            cursor.execute(f"INSERT INTO floor_{table} SELECT * FROM {table} e WHERE NOT ({of})")
            cursor.execute(f"CREATE TABLE rows_{table} AS SELECT * FROM {table} e WHERE {of}")
            cursor.execute(f"VACUUM (ANALYZE) floor_{table}")
            cursor.execute(f"VACUUM (ANALYZE) rows_{table}")
        cursor.execute("VACUUM (ANALYZE) moved")


def bare() -> None:
    """The UPDATE and the INSERTs, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE floor_case f SET status = m.status, seq = m.seq, head = m.head, moved_at = m.moved_at
            FROM moved m WHERE m.id = f.id"""
        )
        for table in _WRITTEN:
            cursor.execute(f"INSERT INTO floor_{table} SELECT * FROM rows_{table}")


def once(bench: Bench, work: Callable[[], object]) -> float:
    """How long it took, with its commit."""
    with bench.timed() as timer, transaction.atomic():
        work()
    return timer.seconds


def passing(stage: str, ids: list[int], by: Actor) -> Callable[[], object]:
    """The bulk step of a stage, to be timed."""
    at = timezone.now()
    return lambda: reviews.pass_on(stage=stage, case_ids=ids, opinion="同意", by=by, at=at)


def run(bench: Bench) -> None:
    """Pass all cases at each of the three stages, in bulk."""
    ids = make(bench)
    for stage, role, label in STAGES:
        by = Actor.of_person(Person.objects.get(username=f"training-{role}"))
        before()
        work = once(bench, passing(stage, ids, by))
        analyse()
        ready(stage)
        floor = once(bench, bare)
        bench.figure(f"bulk {label}", work, floor, of="the bare UPDATE and INSERTs of its rows", limit=MOST)
