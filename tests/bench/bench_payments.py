"""A batch of payments on its way: the bank's file beside bare writing of its lines, and the bank's results of all of
them beside COPY of the lines and the bare INSERTs and UPDATEs of the same rows into tables with the same indexes.

A real first batch was 34,101 lines: `script/bench payments --sizes 34101`.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from caseworks.law.models import Policy
from caseworks.money import bank_files, bank_results
from caseworks.money.models import Batch, Payment
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import FundYear
from tests.bench.harness import Bench
from tests.bench.pages_data import ACCOUNTS

_UNITS = """
    INSERT INTO registry_unit (uscc, name, name_key, former_names, former_key, unit_type, size, region, status,
        insured_from, dispatch_licence, dispatch_licence_until, phone, address, legal_representative, contact,
        office_id, city_office_id, updated_at)
    SELECT '91220102' || lpad(n::text, 9, '0') || '0', '示例' || n || '商贸有限公司', n::text, '', '', 'enterprise',
           'medium', '220102', 'active', '2015-01-01', '', NULL, ''::bytea, '', '', '', %(office)s, %(city)s, %(at)s
    FROM generate_series(1, %(count)s) n
"""
_ASSESSMENTS = """
    INSERT INTO refunds_assessment (year, uscc, unit_id, office_id, city_office_id, policy_id, joined, judged_on,
        months_paid, arrears_months, opening_headcount, closing_headcount, deaths, retirements, net_reduction,
        rejected_rows, late_months, account_proposed, name, region, unit_type, size, status, dispatch_licence,
        first_arrears, lists, bar, determined, outcome, reasons, flags, premium, layoff_rate, ratio, amount)
    SELECT 2024, u.uscc, u.id, u.office_id, u.city_office_id, %(policy)s, '', '2024-06-28', 12, 0, 10, 10, 0, 0, 0, 0, 0,
           false, u.name, u.region, u.unit_type, u.size, u.status, '', '', '', '', '', 'eligible', '{}', '{}',
           (100 + u.id %% 900) * 10, 0, 0.6, (100 + u.id %% 900) * 6
    FROM registry_unit u
"""
# What booking the results wrote, for the floor: table, the rows, and what of a row was changed where it stood before.
_WRITTEN = {
    "money_movement": "TRUE",
    "cases_event": "step = 'pay'",
    "base_notice": "template = 'paid'",
}
_CHANGED = {
    "money_payment": "status = status, paid_on = paid_on, reason = reason",
    "cases_case": "status = status, seq = seq, head = head",
}


def make(bench: Bench) -> list[Batch]:
    """Units with accounts and judgements, their cases carried to the bank in batches of the policy row's size."""
    bench.say("making units, judgements and cases")
    policy = Policy.objects.in_force().of("refunds", 2024).get(region="22")
    place = offices.place("220102")
    at = timezone.now()
    given: dict[str, Any] = {
        "count": bench.size,
        "at": at,
        "policy": policy.pk,
        "office": place.office_id,
        "city": place.city_office_id,
    }
    with connection.cursor() as cursor:
        for sql in (_UNITS, ACCOUNTS, _ASSESSMENTS):
            cursor.execute(sql, given)
        cursor.execute("ANALYZE")
    FundYear.objects.get_or_create(
        region="220000", year=2023, defaults={"closing_balance": Decimal(10**10), "expenditure": Decimal(10**9)}
    )
    bench.say("reviewing, announcing and sending, as a rehearsal does it")
    call_command("rehearse", "2024", scheme="refunds", stdout=StringIO())
    with connection.cursor() as cursor:  # as autovacuum does by and by; a rehearsal is one transaction
        cursor.execute("VACUUM (ANALYZE)")
    return list(Batch.objects.filter(status="sent").order_by("pk"))


def bare_file(path: Path) -> None:
    """The same cells, written by the csv module as they come."""
    wanted = ("payment_no", "account_name", "account_no", "bank_name", "bank_code", "amount")
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(Payment.objects.order_by("pk").values_list(*wanted).iterator(chunk_size=5000))


def bare_results(lines: list[list[str]]) -> None:
    """COPY of the lines, then the INSERTs and UPDATEs of the same rows into tables with the same indexes."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bank_lines (payment_no text, result text, day date, reason text)")
        with cursor.cursor.copy("COPY bank_lines FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)
        for table, where in _WRITTEN.items():
            cursor.execute(f"INSERT INTO floor_{table} SELECT * FROM {table} WHERE {where}")
        for table, change in _CHANGED.items():
            cursor.execute(f"UPDATE floor_{table} SET {change}")


def floor_tables() -> None:
    """Tables like ours, with their indexes and without their triggers; those that are changed hold the rows already."""
    with connection.cursor() as cursor:
        for table in (*_WRITTEN, *_CHANGED):
            cursor.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING INDEXES INCLUDING DEFAULTS)")
        for table in _CHANGED:
            cursor.execute(f"INSERT INTO floor_{table} SELECT * FROM {table}")
        cursor.execute("ANALYZE")


def once(bench: Bench, work: Callable[[], object]) -> float:
    """How long it took."""
    with bench.timed() as timer, transaction.atomic():
        work()
    return timer.seconds


def run(bench: Bench) -> None:
    """State the figures."""
    drawn = make(bench)
    cashier = Actor.of_person(Person.objects.get(username="training-cashier"))
    at = timezone.now()
    bench.say("bank files")
    files = once(bench, lambda: [bank_files.issue(batch, by=cashier, at=at, reason="bench") for batch in drawn])
    bare = once(bench, lambda: bare_file(bench.folder / "bare.csv"))
    bench.figure("bank file", files, bare, of="bare writing of its lines", limit=3.0)

    sent = Payment.objects.filter(status="sent").order_by("pk").values_list("payment_no", "sent_on")
    lines = [[number, "paid", str(day + dt.timedelta(days=1)), ""] for number, day in sent if day is not None]
    path = bench.folder / "results.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["payment_no", "result", "on", "reason"], *lines])
    bench.say("bank results")
    with bench.timed() as timer:
        booked = bank_results.book(path, by=Actor.of_command("bench"), at=at)
    assert booked.paid == len(lines)
    floor_tables()
    floor = once(bench, lambda: bare_results(lines))
    bench.figure("result import", timer.seconds, floor, of="COPY of the lines, bare writing of its rows", limit=3.0)
    with bench.timed() as timer:
        assert bank_results.book(path, by=Actor.of_command("bench"), at=at).unchanged == len(lines)
    bench.figure("the same results again, nothing to write", timer.seconds, floor, of="the same", limit=3.0)
