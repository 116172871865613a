"""Judging again all that was paid of a year, where nothing changed and where every ratio was raised, beside its facts.

The floor is `count(*)` over the facts query, as it is for a screening; units stand as paid by cases made with SQL.
"""

from __future__ import annotations

import datetime

import psycopg
from django.db import connection
from django.utils import timezone

from caseworks.base.side import side_connection
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.people.actors import Actor
from refunds import recalculation
from refunds.facts import Question
from tests.bench.bench_screening import AS_OF, fastest, forget, make, screen
from tests.bench.harness import Bench

RAISED = datetime.date(2024, 7, 1)
MEMORY = 300.0  # MB
# A case of the judgement that stands as paid, with a history of one line: enough for what is compared.
_CASES = """
    WITH made AS (
        SELECT nextval(pg_get_serial_sequence('cases_case', 'id')) AS case_id, a.uscc, a.name, a.office_id,
               a.city_office_id, a.amount
        FROM refunds_assessment a
        WHERE a.year = 2024 AND a.outcome = 'eligible' AND a.amount > 0
    ), told AS (
        INSERT INTO cases_event (case_id, seq, step, from_status, to_status, at, actor, address, note, data, digest)
        SELECT case_id, 1, 'open', '', 'paid', %(at)s, 'bench', '', '', '{}', sha256(uscc::bytea) FROM made
    ), opened AS (
        INSERT INTO cases_case (id, scheme, year, subject, round, name, office_id, city_office_id, amount, fingerprint,
                                opened_at, status, seq, head)
        SELECT case_id, 'refunds', 2024, uscc, 1, name, office_id, city_office_id, amount, ''::bytea, %(at)s, 'paid', 1,
               sha256(uscc::bytea) FROM made
    )
    UPDATE refunds_assessment a SET case_id = made.case_id FROM made WHERE a.year = 2024 AND made.uscc = a.uscc
"""


def again(on: datetime.date) -> None:
    """As the page does it."""
    recalculation.run(2024, on=on, by=Actor.of_command("bench"), at=timezone.now())


def clear() -> None:
    """No difference is known."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE refunds_difference, refunds_recalculation CASCADE")
        cursor.execute("CHECKPOINT")


def run(bench: Bench) -> None:
    """State the figures."""
    make(bench)
    forget()
    screen()
    bench.say("opening cases")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE cases_event, cases_case CASCADE")
    screen()
    with connection.cursor() as cursor:
        cursor.execute(_CASES, {"at": timezone.now()})
        cursor.execute("VACUUM ANALYZE")
    row = policies.copy_as_draft(
        Policy.objects.in_force().of("refunds", 2024).first(), by=Actor.of_command("bench"), at=timezone.now()
    )
    row.effective_from = RAISED
    row.save()
    row.figures.filter(name__in=("ratio_sme", "ratio_large", "ratio_reference")).update(number="0.9")
    policies.put_in_force(row, by=Actor.of_command("bench"), at=timezone.now(), training=True)
    question = Question(2024, AS_OF)
    with side_connection() as side, side.cursor():
        reader: psycopg.Connection[object] = side.connection
        reader.execute("SET jit = off")
        reader.execute("SET max_parallel_workers_per_gather = 0")
        chosen = psycopg.ClientCursor(reader).mogrify(question.sql("true"), question.parameters())
        facts = f"WITH facts AS MATERIALIZED ({chosen}) SELECT count(*) FROM facts"
        reader.execute(facts)
        own = fastest(bench, lambda: reader.execute(facts))
    bench.reset_memory()
    same = fastest(bench, lambda: again(AS_OF), before=clear)
    bench.figure("judged again, nothing differs", same, own, of="count(*) over its facts", limit=3.0, growth=1.15)
    raised = fastest(bench, lambda: again(RAISED), before=clear)
    bench.figure("judged again, every unit is topped up", raised, own, of="count(*) over its facts", limit=4.0)
    bench.figure("memory of the process", bench.memory(), unit="MB", ceiling=MEMORY)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE cases_event, cases_case, refunds_assessment, refunds_difference CASCADE")
