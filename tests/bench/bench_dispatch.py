"""Agencies: a roster of 50,000 rows checked, split and stored; the sweep over parts of which a tenth is overdue.

The sweep is timed beside the bare set-based UPDATE and INSERTs of the very rows that it writes, into the same tables.
The size is the number of host parts; ten of them make an agency.
"""

from __future__ import annotations

import datetime
import tempfile
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from caseworks.base.sheets.reading import open_sheet
from caseworks.law.models import Policy
from caseworks.people import offices
from caseworks.people.actors import Actor
from dispatch import applications, enforcement, rosters
from dispatch.lines import EVERY
from dispatch.models import RosterRow, Share
from refunds.models import Assessment
from tests.bench.harness import Bench
from tests.money.conftest import judge
from tests.refunds.build import make_unit

BY = Actor.of_command("bench")
ROWS = 50_000
AGENCY = "91220104XN6NQP823M"
HOSTS = ("91220102XNQNQPW14U", "91220184XNU75FL159", "91220105XNYREPN1X2", "91220184XNG8LBL175")
HEADER = "id_no,name,employment_form,host_uscc,host_name,host_type,period_from,period_to,premium_paid\n"
AS_OF = datetime.date(2024, 8, 10)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
TABLES = (
    "dispatch_finding, dispatch_barpaper, dispatch_obligation, dispatch_share, dispatch_rosterrow, dispatch_applicationline,"
    " dispatch_application, money_recoveryentry, money_recovery, money_payment, cases_bar, cases_case, law_deadlinechange,"
    " law_deadline, base_notice"
)
_APPLICATIONS = """
    INSERT INTO dispatch_application (id, year, uscc, round, name, region, office_id, city_office_id, channel, status,
        applied_on, policy_id, refund_policy_id, unit_type, size, ratio, premium, licence, version, rows, workers, sha256,
        amount, own_amount, host_amount, undetermined, flags, signs, manual, fingerprint, case_id, submitted_at,
        submitted_label)
    SELECT n, 2024, '9122' || lpad(n::text, 14, '0'), 1, '示例' || n || '劳务派遣有限公司', '220102', %(office)s, %(city)s,
           'command', 'submitted', '2024-06-03', %(policy)s, %(refund)s, 'enterprise', 'medium', 0.6, 10000, 'L', 1, 10,
           10, '', 6000, 0, 6000, 0, '{}', '{}', '{}', sha256(n::text::bytea), n, %(at)s, 'bench'
    FROM generate_series(1, %(agencies)s) n
"""
_CASES = """
    INSERT INTO cases_case (id, scheme, year, subject, round, name, office_id, city_office_id, amount, fingerprint,
        opened_at, status, seq, head)
    SELECT id, 'dispatch', 2024, uscc, 1, name, office_id, city_office_id, amount, fingerprint, %(at)s, 'paid', 1,
           fingerprint FROM dispatch_application
"""
_PAYMENTS = """
    INSERT INTO money_payment ({columns})
    SELECT {values} FROM dispatch_application a
"""
_DEADLINES = """
    INSERT INTO law_deadline (id, kind, key, start_on, days, due_on, provisional)
    SELECT n, 'dispatch.forwarding', n::text, '2024-06-28', 30,
           CASE WHEN n %% 10 = 0 THEN date '2024-08-09' ELSE date '2024-12-31' END, false
    FROM generate_series(1, %(agencies)s) n
"""
_SHARES = """
    INSERT INTO dispatch_share (id, application_id, version, kind, host_uscc, host_name, host_type, roster_type, workers,
        premium, ratio, amount, live, closed_label, closed_because)
    SELECT n, 1 + (n - 1) / 10, 1, 'host', '9133' || lpad((n %% 5000)::text, 14, '0'), '示例用工', 'enterprise',
           'enterprise', 1, 1000, 0.6, 600, true, '', '' FROM generate_series(1, %(parts)s) n
"""
_OBLIGATIONS = """
    INSERT INTO dispatch_obligation (id, share_id, payment_id, deadline_id, uscc, name, year, host_uscc, host_name, region,
        office_id, city_office_id, amount, credited_on, due_on, provisional, status, verified, pending, returned,
        returned_late, claimed, extended_because, extended_label, opened_at, closed_because, excused_because,
        excused_label)
    SELECT s.id, s.id, a.id, d.id, a.uscc, a.name, 2024, s.host_uscc, s.host_name, a.region, a.office_id,
           a.city_office_id, 600, '2024-06-28', d.due_on, false, 'open', 0, 0, 0, 0, 0, '', '', %(at)s, '', '', ''
    FROM dispatch_share s JOIN dispatch_application a ON a.id = s.application_id JOIN law_deadline d ON d.id = a.id
    ORDER BY s.id
"""


def run(bench: Bench) -> None:
    """State the figures."""
    office = offices.place("220102")
    _roster(bench)
    _make(bench, office.office_id, office.city_office_id)
    bench.say("sweep")
    with bench.timed() as sweep:
        done = enforcement.sweep(AS_OF, by=BY, at=timezone.now())
    assert (done.findings, done.bars) == (bench.size // 10, bench.size // 100), done
    _forget_but_keep_rows()
    with bench.timed() as floor, transaction.atomic():
        _bare()
    bench.figure(
        f"sweep of {bench.size // 10} overdue parts", sweep.seconds, floor.seconds,
        of="bare UPDATE and INSERTs of the same rows", limit=3.0,
    )  # fmt: skip
    with bench.timed() as again:
        enforcement.sweep(AS_OF, by=BY, at=timezone.now())
    bench.figure("the same sweep again, nothing to find", again.seconds, floor.seconds, of="the same", limit=1.5)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        cursor.execute("DROP TABLE kept_finding, kept_recovery, kept_entry")


# -- a roster


def _roster(bench: Bench) -> None:
    bench.say("a roster of 50,000 rows")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        premium = _write(path)
        unit = make_unit(1, uscc=AGENCY, dispatch_licence="SYN")
        judge(unit, "0.00", outcome="apply", reasons=["dispatch_must_apply"], premium=premium, dispatch_licence="SYN")
        with bench.timed() as floor:
            with open_sheet(path, rosters.COLUMNS) as sheet:
                assert sum(1 for _ in sheet.rows()) == ROWS
            with connection.cursor() as cursor, transaction.atomic():
                cursor.execute("CREATE TEMP TABLE bare (line text) ON COMMIT DROP")
                with cursor.copy("COPY bare FROM STDIN") as copy:
                    for line in path.read_text(encoding="utf-8").splitlines():
                        copy.write(line + "\n")
        told: list[int] = []
        with bench.timed() as work:
            applications.submit(
                path, uscc=AGENCY, year=2024, on=datetime.date(2024, 6, 3), by=BY, at=timezone.now(), tell=told.append
            )
        assert (RosterRow.objects.count(), Share.objects.count(), len(told)) == (ROWS, 5, ROWS // EVERY)
        bench.figure(
            "a roster of 50,000 rows: checked, split, sealed, stored", work.seconds, floor.seconds,
            of="reading its rows and a bare COPY of its lines", ceiling=15.0,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
    Assessment.objects.filter(uscc=AGENCY).delete()
    unit.delete()


def _write(path: Path) -> Decimal:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        for number in range(ROWS):
            host = HOSTS[number % 4] if number % 5 else ""
            form = "dispatched" if host else "own"
            stream.write(
                f"{_id_no(number)},甲{number},{form},{host},示例用工,{'enterprise' if host else ''},2023-01,2023-12,240.00\n"
            )
    return Decimal("240.00") * ROWS


def _id_no(number: int) -> str:
    day = datetime.date(1960, 1, 1) + datetime.timedelta(days=number % 12000)
    digits = f"220104{day:%Y%m%d}{number // 12000 * 10 % 1000:03d}"
    return digits + "10X98765432"[sum(int(one) * weight for one, weight in zip(digits, WEIGHTS, strict=True)) % 11]


# -- parts


def _make(bench: Bench, office: int, city: int) -> None:
    bench.say("making parts")
    policies = Policy.objects.in_force()
    given = {
        "office": office, "city": city, "parts": bench.size, "agencies": bench.size // 10, "at": timezone.now(),
        "policy": policies.of("dispatch", 2024).get(region="22").pk, "refund": policies.of("refunds", 2024).get(region="22").pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        cursor.execute("SET session_replication_role = replica")  # the rows are invented, nobody signed for them
        for sql in (_APPLICATIONS, _CASES, _payments(cursor), _DEADLINES, _SHARES, _OBLIGATIONS):
            cursor.execute(sql, given)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SELECT setval(pg_get_serial_sequence('law_deadline', 'id'), max(id)) FROM law_deadline")
        cursor.execute("VACUUM ANALYZE")


def _payments(cursor: object) -> str:
    """An INSERT that fills every column of a payment that has no default."""
    known = {
        "id": "a.id", "payment_no": "'P' || a.id", "case_id": "a.id", "scheme": "'dispatch'", "year": "2024", "subject": "a.uscc",
        "attempt": "1", "name": "a.name", "office_id": "a.office_id", "city_office_id": "a.city_office_id", "batch_id": "1",
        "amount": "a.amount", "account_kind": "'corporate'", "status": "'paid'", "sent_on": "date '2024-06-14'",
        "paid_on": "date '2024-06-28'",
    }  # fmt: skip
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'money_payment'"
        " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'"
    )
    for name, kind in cursor.fetchall():  # type: ignore[attr-defined]
        known.setdefault(name, "''::bytea" if kind == "bytea" else "''")
    return _PAYMENTS.format(columns=", ".join(known), values=", ".join(known.values()))


def _forget_but_keep_rows() -> None:
    """The rows of the sweep in tables of their own, and the parts as they were before it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept_finding AS SELECT * FROM dispatch_finding")
        cursor.execute("CREATE TABLE kept_recovery AS SELECT * FROM money_recovery")
        cursor.execute("CREATE TABLE kept_entry AS SELECT * FROM money_recoveryentry")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "TRUNCATE dispatch_finding, dispatch_barpaper, money_recoveryentry, money_recovery, cases_bar CASCADE"
        )
        cursor.execute("UPDATE dispatch_obligation SET claimed = 0, status = 'open' WHERE status = 'claimed'")
        cursor.execute("UPDATE kept_finding SET bar_id = NULL")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE dispatch_obligation")
        cursor.execute("CHECKPOINT")


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dispatch_obligation SET claimed = amount, status = 'claimed' WHERE due_on < %s AND status = 'open'",
            [AS_OF],
        )
        cursor.execute("INSERT INTO money_recovery SELECT * FROM kept_recovery")
        cursor.execute("INSERT INTO money_recoveryentry SELECT * FROM kept_entry")
        cursor.execute("INSERT INTO dispatch_finding SELECT * FROM kept_finding")
