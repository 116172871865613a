"""A judged province made by SQL alone, for measuring pages: units, a year of contributions, accounts, judgements."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "script"))
from demo_province_words import INDUSTRIES, NAMES

AT = dt.datetime(2024, 6, 28, 1, 0, tzinfo=dt.UTC)

UNITS = """
    WITH place AS (
        SELECT array_agg(r.prefix ORDER BY r.prefix) AS regions, array_agg(o.id ORDER BY r.prefix) AS offices,
               array_agg(coalesce(o.city_id, o.id) ORDER BY r.prefix) AS cities, count(*)::int AS many
        FROM people_officeregion r JOIN people_office o ON o.id = r.office_id WHERE length(r.prefix) = 6
    ), row AS (
        SELECT n, 1 + n %% many AS p, regions[1 + n %% many] AS region, offices[1 + n %% many] AS office_id,
               cities[1 + n %% many] AS city_id,
               '示例' || chr(19968 + (n %% 2503 * 7919) %% 2503) || chr(19968 + (n / 7) %% 2477)
                   || (%(names)s::text[])[1 + (n * 31) %% 48] || (%(trades)s::text[])[1 + (n / 3) %% 24]
                   || '有限公司' AS name
        FROM generate_series(0, %(count)s - 1) n, place
    )
    INSERT INTO registry_unit (uscc, name, name_key, former_names, former_key, unit_type, size, region, status,
        insured_from, dispatch_licence, dispatch_licence_until, phone, address, legal_representative, contact,
        office_id, city_office_id, updated_at)
    SELECT '91' || region || 'XD' || lpad(n::text, 7, '0') || '0', name, name, '', '', 'enterprise',
           (ARRAY['large', 'medium', 'small', 'micro'])[1 + n %% 4], region, 'active', '2015-01-01', '', NULL,
           ''::bytea, '示例路', '王示例', '王示例', office_id, city_id, %(at)s
    FROM row ORDER BY 1
"""
CONTRIBUTIONS = """
    INSERT INTO registry_contribution (uscc, period, kind, serial, headcount, due, paid, paid_on)
    SELECT u.uscc, '2023-' || lpad(m::text, 2, '0'), 'normal', '1', 10 + u.id %% 40, (10 + u.id %% 40) * 55.10,
           (10 + u.id %% 40) * 55.10, make_date(2023, m, 15)
    FROM (SELECT id, uscc FROM registry_unit ORDER BY uscc) u, generate_series(1, 12) m
"""
ACCOUNTS = """
    INSERT INTO registry_account (uscc, kind, bank_name, bank_code, account_no, account_hash, account_tail,
        account_name, source, status, proposed_at, proposed_label, decided_label, refused_because)
    SELECT uscc, 'corporate', '示例银行', '999000000000', ''::bytea, sha256(uscc::bytea), '0001', name, '', 'current',
           %(at)s, 'os:bench', '', ''
    FROM registry_unit
"""
ASSESSMENTS = """
    INSERT INTO refunds_assessment (year, uscc, unit_id, office_id, city_office_id, policy_id, screening_id, case_id,
        judged_on, months_paid, arrears_months, opening_headcount, closing_headcount, deaths, retirements,
        net_reduction, rejected_rows, late_months, account_proposed, name, region, unit_type, size, status,
        dispatch_licence, first_arrears, lists, bar, determined, outcome, reasons, flags, premium, layoff_rate, ratio,
        amount)
    SELECT 2024, u.uscc, u.id, u.office_id, u.city_office_id, %(policy)s, %(screening)s, NULL, '2024-06-28',
           CASE WHEN f.fault = 1 THEN 9 ELSE 12 END, 0, 10 + u.id %% 40, 10 + u.id %% 40, 0, 0, 0, 0,
           (u.id %% 40 = 7)::int, false, u.name, u.region, u.unit_type, u.size, u.status, '', '', '', '', '',
           (ARRAY['ineligible', 'manual', 'apply', 'eligible'])[f.fault], f.reasons,
           CASE WHEN u.id %% 40 = 7 THEN ARRAY['paid_late'] ELSE '{}' END, (10 + u.id %% 40) * 661.20, 0,
           CASE u.size WHEN 'large' THEN 0.30 ELSE 0.60 END,
           (f.fault = 4)::int * (10 + u.id %% 40) * CASE u.size WHEN 'large' THEN 198.36 ELSE 396.72 END
    FROM (SELECT * FROM registry_unit ORDER BY uscc) u,
         LATERAL (SELECT CASE WHEN u.id %% 100 < 14 THEN 1 WHEN u.id %% 100 < 17 THEN 2 WHEN u.id %% 100 = 17 THEN 3
                              ELSE 4 END AS fault) k,
         LATERAL (SELECT k.fault, CASE k.fault WHEN 1 THEN ARRAY['months_insufficient']
                              WHEN 2 THEN ARRAY['size_unknown'] WHEN 3 THEN ARRAY['dispatch_must_apply']
                              ELSE '{}' END AS reasons) f
"""
FILLED = ("registry_unit", "registry_contribution", "registry_account", "refunds_assessment")


def use(database: str) -> None:
    """Work in this database of the same server from here on."""
    connection.close()
    connection.settings_dict["NAME"] = database
    cache.clear()


def make(database: str) -> None:
    """An empty database beside the present one, and work in it."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')
        cursor.execute(f'CREATE DATABASE "{database}" TEMPLATE template0')
    use(database)
    call_command("migrate", verbosity=0)


def drop(database: str) -> None:
    """Remove a database beside the present one."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')


def fill(count: int, *, contributions: bool = True) -> None:
    """Make a judged province of so many units in the present database; without contributions where no page asks them."""
    from caseworks.base.models import Run, RunState
    from caseworks.law import policies
    from caseworks.registry import partitions
    from refunds.models import ScreeningRun

    with open("/dev/null", "w") as nowhere:
        call_command("setup", stdout=nowhere)
    partitions.ensure([2023])
    policy = policies.for_screening("refunds", 2024, "22", AT.date())
    now = timezone.now()
    run = Run.objects.create(
        kind="screening",
        key="2024",
        title="2024",
        state=RunState.DONE,
        os_user="bench",
        created_at=now,
        finished_at=now,
    )
    screening = ScreeningRun.objects.create(run=run, year=2024, region="", as_of=AT.date(), policy=policy)
    values = {"count": count, "at": AT, "names": NAMES, "trades": INDUSTRIES}
    values |= {"policy": policy.pk, "screening": screening.pk}
    with connection.cursor() as cursor:
        for statement in (UNITS, *((CONTRIBUTIONS,) if contributions else ()), ACCOUNTS, ASSESSMENTS):
            cursor.execute(statement, values)
        for table in FILLED:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
