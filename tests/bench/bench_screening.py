"""Screening a province that is judged for the first time, and again, beside its own facts query and a bare aggregate.

Each work is timed in the same run as its floors, both the best of a few, after a warm-up. The floors run as the
screening's reader does, in one session; MATERIALIZED keeps the planner from dropping columns that count(*) never reads.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

import psycopg
from django.db import connection
from django.utils import timezone

from caseworks.base.side import side_connection
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.registry import partitions
from refunds import screening
from refunds.facts import Question
from tests.bench.harness import Bench

AS_OF = datetime.date(2024, 6, 28)
ROUNDS = 3
MEMORY = 300.0  # MB

_UNITS = """
    WITH place AS (
        SELECT array_agg(r.prefix ORDER BY r.prefix) AS regions, array_agg(o.id ORDER BY r.prefix) AS offices,
               array_agg(coalesce(o.city_id, o.id) ORDER BY r.prefix) AS cities, count(*)::int AS many
        FROM people_officeregion r JOIN people_office o ON o.id = r.office_id WHERE length(r.prefix) = 6
    ), numbered AS (
        SELECT n, 1 + (n::bigint * many / %(count)s)::int AS p, place.*
        FROM generate_series(0, %(count)s - 1) n, place
    )
    INSERT INTO registry_unit (uscc, name, name_key, former_names, former_key, unit_type, size, region, status,
        insured_from, dispatch_licence, dispatch_licence_until, phone, address, legal_representative, contact,
        office_id, city_office_id, updated_at)
    SELECT '91' || regions[p] || lpad(n::text, 9, '0') || '0', '示例' || n || '商贸有限公司', n::text, '', '',
           CASE WHEN n %% 20 = 0 THEN 'individual_business' ELSE 'enterprise' END,
           (ARRAY['large', 'medium', 'small', 'micro'])[1 + n %% 4], regions[p],
           CASE WHEN n %% 97 = 0 THEN 'suspended' ELSE 'active' END, '2015-01-01',
           CASE WHEN n %% 300 = 0 THEN 'L' || n ELSE '' END, NULL, ''::bytea, '', '', '', offices[p], cities[p], %(at)s
    FROM numbered ORDER BY 1
"""
# In unit order, as the import keeps them: each unit's twelve months, some in arrears, some made good, some shrinking.
_CONTRIBUTIONS = """
    INSERT INTO registry_contribution (uscc, period, kind, serial, headcount, due, paid, paid_on)
    SELECT u.uscc, '2023-' || lpad(m::text, 2, '0'), 'normal', '1', people, people * 45.50,
           CASE WHEN n %% 40 = 0 AND m = 5 THEN 0 ELSE people * 45.50 END,
           CASE WHEN n %% 40 = 0 AND m = 5 THEN NULL ELSE make_date(2023, m, 20) END
    FROM (SELECT uscc, row_number() OVER (ORDER BY uscc) AS n FROM registry_unit) u, generate_series(1, 12) m,
         LATERAL (SELECT (1 + (n * 7919) %% 60
             - CASE WHEN n %% 5 = 0 AND m > 6 THEN (n * 7919) %% 60 / 10 ELSE 0 END)::int AS people) p
    ORDER BY u.uscc, m
"""
_SEPARATIONS = """
    INSERT INTO registry_separation (id_hash, id_no, separated_on, uscc, reason)
    SELECT sha256(uscc::bytea), ''::bytea, '2023-06-15', uscc, 'retirement' FROM registry_unit WHERE id %% 20 = 0
"""
_LISTINGS = """
    INSERT INTO registry_listing (uscc, list, listed_on, source)
    SELECT uscc, 'dishonest', '2024-01-01', '' FROM registry_unit WHERE id %% 500 = 0
"""
_ONE_LEVEL = """
    WITH facts AS MATERIALIZED (
        SELECT uscc, count(*) FILTER (WHERE due > 0 AND paid >= due AND kind <> 'refund') AS months_paid,
               count(*) FILTER (WHERE paid < due) AS arrears_months,
               min(period) FILTER (WHERE paid < due) AS first_arrears,
               max(headcount) FILTER (WHERE kind = 'normal' AND period = '2023-01') AS opening_headcount,
               max(headcount) FILTER (WHERE kind = 'normal' AND period = '2023-12') AS closing_headcount,
               sum(paid) FILTER (WHERE kind IN ('normal', 'supplement', 'arrears') AND period >= '2023-01') AS premium,
               sum(paid) FILTER (WHERE kind = 'refund' AND period >= '2023-01') AS refunded,
               count(*) FILTER (WHERE paid_on > '2024-01-31' AND period >= '2023-01') AS late_months
        FROM registry_contribution WHERE period <= '2023-12' GROUP BY uscc)
    SELECT count(*) FROM facts
"""
_TABLES = (
    "registry_contribution, registry_separation, registry_listing, registry_account, registry_rejectedrow,"
    " registry_unit, refunds_assessment, refunds_assessmentchange, refunds_screeningrun"
)


def make(bench: Bench) -> None:
    """Units, twelve months each, separations and listings, all by SQL."""
    bench.say("making units and contributions")
    partitions.ensure([2023])
    offices.root()
    given = {"count": bench.size, "at": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLES} CASCADE")
        for sql in (_UNITS, _CONTRIBUTIONS, _SEPARATIONS, _LISTINGS):
            cursor.execute(sql, given)
        cursor.execute("VACUUM ANALYZE")


def fastest(bench: Bench, work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """The best of a few rounds."""
    found = []
    for _ in range(ROUNDS):
        before()
        with bench.timed() as timer:
            work()
        found.append(timer.seconds)
    return min(found)


def forget() -> None:
    """No judgement and no earlier run."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE refunds_assessment, refunds_assessmentchange, refunds_screeningrun CASCADE")
        cursor.execute("CHECKPOINT")


def screen() -> None:
    """As the command does it."""
    screening.run(2024, "", AS_OF, Actor.of_command("bench"), timezone.now())


def run(bench: Bench) -> None:
    """State the figures."""
    make(bench)
    question = Question(2024, AS_OF)
    with side_connection() as side, side.cursor():
        reader: psycopg.Connection[object] = side.connection
        reader.execute("SET jit = off")
        reader.execute("SET max_parallel_workers_per_gather = 0")
        chosen = psycopg.ClientCursor(reader).mogrify(question.sql("true"), question.parameters())
        facts = f"WITH facts AS MATERIALIZED ({chosen}) SELECT count(*) FROM facts"
        bench.say("floors")
        reader.execute(facts)
        own = fastest(bench, lambda: reader.execute(facts))
        bare = fastest(bench, lambda: reader.execute(_ONE_LEVEL))
    bench.say("screening")
    bench.reset_memory()
    first = fastest(bench, screen, before=forget)
    bench.figure("first screening", first, own, of="count(*) over its facts", limit=2.0, growth=1.15)
    bench.figure("first screening beside a bare aggregate", first, bare, of="a one-level aggregate", limit=3.5)
    again = fastest(bench, screen)
    bench.figure("the same screening again, nothing to write", again, own, of="count(*) over its facts", limit=2.5)
    bench.figure("memory of the process", bench.memory(), unit="MB", ceiling=MEMORY)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLES} CASCADE")
