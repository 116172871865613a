"""The sweep: what was neither forwarded nor given back by its deadline is claimed back, and the agency is barred (J2.8, J2.9).

Set-based, idempotent, and the same however late it runs: it asks which parts are past their deadline and what is
missing of them, not what happened since yesterday. Two at once wait for each other; the second finds nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from caseworks.base import faults
from caseworks.base.money import ZERO
from caseworks.base.notices import MONEY
from caseworks.cases import bars
from caseworks.law import calendars, policies
from caseworks.law.models import Policy
from caseworks.law.workdays import Calendar
from caseworks.money import recoveries
from caseworks.people.actors import Actor
from dispatch import barring, obligations, returns, telling
from dispatch.models import LEFT
from dispatch.parameters import Parameters

SCHEME = "refunds"  # a bar is from the refund, whose screening reads it: whatever the unit is next year (contract 2)
# As it stands on the notice, so without the numbers that the clauses have here (J2.7, J2.8).
BASIS = "吉人社联〔2024〕43号第二条：未在规定期限内拨付用工单位的应主动退回"
# The parts are read as their locks give them: a voucher that is being taken is waited for, and counts.
_FIND = f"""
    WITH o AS MATERIALIZED (
        SELECT * FROM dispatch_obligation o
        WHERE o.status = 'open' AND NOT o.provisional AND o.due_on < %(as_of)s AND {LEFT} > 0 {{only}}
        ORDER BY o.id FOR UPDATE
    ), found AS MATERIALIZED (
        SELECT f.obligation_id, count(*) AS times FROM dispatch_finding f JOIN o ON o.id = f.obligation_id GROUP BY 1
    ), late AS MATERIALIZED (
        SELECT DISTINCT v.obligation_id FROM dispatch_voucher v JOIN o ON o.id = v.obligation_id
        WHERE v.status = 'rejected' AND v.decided_on > o.due_on
    )
    INSERT INTO dispatch_finding (obligation_id, nth, cause, as_of, due_on, bar_year, amount, reduced, evidence, at, label)
    SELECT o.id, coalesce(found.times, 0) + 1, {{cause}}, %(as_of)s, o.due_on,
           CASE p.bar_year WHEN 'after_policy_year' THEN o.year ELSE extract(year FROM o.due_on)::int END + 1,
           {LEFT}, 0,
           jsonb_build_object('credited_on', o.credited_on, 'due_on', o.due_on, 'deadline', d.due_on, 'part', o.amount::text,
               'verified', o.verified::text, 'pending', o.pending::text, 'returned', o.returned::text,
               'claimed', o.claimed::text, 'extended_to', o.extended_to),
           %(at)s, %(label)s
    FROM o
    JOIN law_deadline d ON d.id = o.deadline_id
    JOIN dispatch_share s ON s.id = o.share_id
    JOIN dispatch_application a ON a.id = s.application_id
    JOIN unnest(%(policies)s::bigint[], %(bar_years)s::text[]) AS p(policy, bar_year) ON p.policy = a.policy_id
    LEFT JOIN found ON found.obligation_id = o.id
    LEFT JOIN late ON late.obligation_id = o.id
    ON CONFLICT (obligation_id, nth) DO NOTHING
    RETURNING id
"""
CAUSE_OF_SWEEP = "CASE WHEN late.obligation_id IS NOT NULL AND found.times > 0 THEN 'rejected' ELSE 'overdue' END"
# What a finding puts on money's account (`recoveries.find_select`).
_RECOVERIES = f"""
    SELECT 'dispatch:' || f.obligation_id || ':' || f.nth AS key, 'clawback' AS kind, %(origin)s AS origin,
           'dispatch' AS scheme, o.year::int AS year, o.uscc AS subject, o.name, o.office_id AS office,
           o.city_office_id AS city_office, f.amount,
           '应转付' || coalesce(nullif(o.host_name, ''), o.host_uscc) || '的 ' || {MONEY.format("o.amount")}
               || ' 元，期限 ' || to_char(f.due_on, 'YYYY-MM-DD') || '，尚缺 ' || {MONEY.format("f.amount")} || ' 元' AS reason,
           %(basis)s AS basis, m.case_id AS "case", o.payment_id AS payment, NULL::date AS due_on
    FROM dispatch_finding f
    JOIN dispatch_obligation o ON o.id = f.obligation_id
    JOIN money_payment m ON m.id = o.payment_id
    WHERE f.id = ANY(%(findings)s::bigint[])
"""
_TIE = """
    UPDATE dispatch_finding f SET recovery_id = r.id FROM money_recovery r
    WHERE f.id = ANY(%(findings)s::bigint[]) AND r.key = 'dispatch:' || f.obligation_id || ':' || f.nth
"""
# Claims add up in place; a count of everything again would cost a look at each voucher.
_CLAIM = """
    UPDATE dispatch_obligation o
    SET claimed = o.claimed + f.amount,
        status = CASE WHEN o.amount > o.verified + o.returned + o.claimed + f.amount THEN 'open' ELSE 'claimed' END
    FROM dispatch_finding f WHERE f.id = ANY(%(findings)s::bigint[]) AND o.id = f.obligation_id
"""
_DAYS = "SELECT DISTINCT f.due_on, a.policy_id FROM dispatch_finding f {joined} WHERE f.bar_id IS NULL"
_JOINED = """
    JOIN dispatch_obligation o ON o.id = f.obligation_id JOIN dispatch_share s ON s.id = o.share_id
    JOIN dispatch_application a ON a.id = s.application_id
"""
# Findings that no bar carries yet and whose grace is over without all having come back in it.
_UNBARRED = f"""
    SELECT f.id, o.uscc, o.name, o.year AS policy_year, f.bar_year, f.due_on, f.amount, o.host_uscc, o.host_name, f.nth
    FROM dispatch_finding f {_JOINED}
    JOIN unnest(%(dues)s::date[], %(policies)s::bigint[], %(graces)s::date[]) AS g(due_on, policy, grace)
      ON g.due_on = f.due_on AND g.policy = a.policy_id
    WHERE f.bar_id IS NULL AND g.grace < %(as_of)s AND o.status <> 'excused'
      AND f.amount - f.reduced > coalesce((
          SELECT sum(y.amount) FROM money_repayment y
          WHERE y.recovery_id = f.recovery_id AND y.status = 'confirmed' AND y."on" <= g.grace), 0)
"""
_BARS = f"""
    SELECT u.uscc, u.bar_year AS year,
           u.policy_year || ' 年度稳岗返还资金未在期限（' || to_char(min(u.due_on), 'YYYY-MM-DD') || '）前转付用工单位或退回：'
               || count(DISTINCT u.host_uscc) || ' 个用工单位，合计 '
               || {MONEY.format("sum(u.amount)")} || ' 元' AS reason,
           jsonb_build_object('as_of', %(as_of)s::date, 'deadline', min(u.due_on), 'amount', sum(u.amount)::text,
               'findings', jsonb_agg(jsonb_build_object('finding', u.id, 'host_uscc', u.host_uscc,
                   'host_name', u.host_name, 'due_on', u.due_on, 'amount', u.amount::text) ORDER BY u.id)) AS evidence
    FROM ({_UNBARRED}) u GROUP BY u.uscc, u.bar_year, u.policy_year
"""
_FIRST_BARS = (
    f"SELECT DISTINCT ON (b.uscc, b.year) b.* FROM ({_BARS}) b ORDER BY b.uscc, b.year, b.evidence->>'deadline'"
)
_BAR = f"""
    UPDATE dispatch_finding f SET bar_id = b.id
    FROM ({_UNBARRED}) u JOIN cases_bar b ON b.uscc = u.uscc AND b.year = u.bar_year
        AND b.scheme = %(scheme)s AND b.status <> 'revoked'
    WHERE f.id = u.id
"""


@dataclass
class Swept:
    """What a sweep found."""

    as_of: dt.date
    opened: int = 0
    findings: int = 0
    amount: Decimal = ZERO
    bars: int = 0
    repaid: int = 0


def sweep(as_of: dt.date, *, by: Actor, at: dt.datetime) -> Swept:
    """Claim back what is missing of every part whose deadline is before the day, and propose the bars (contract 3)."""
    done = Swept(as_of)
    with transaction.atomic():
        obligations.lock("dispatch.sweep")
        done.opened = obligations.catch_up(by=by, at=at).opened
        found = find(as_of, by=by, at=at)
        done.findings = len(found)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(amount), 0) FROM dispatch_finding WHERE id = ANY(%s::bigint[])", [found]
            )
            done.amount = cursor.fetchone()[0]
        faults.point("sweep.recovered")
        done.repaid = _late_returns(found, by=by, at=at)
        proposed = propose_bars(as_of, by=by, at=at)
        done.bars = len(proposed)
        telling.recovered(found, at=at)
        barring.tell_proposed(proposed, on=as_of, by=by, at=at)
    return done


def find(
    as_of: dt.date, *, by: Actor, at: dt.datetime, cause: str = CAUSE_OF_SWEEP, origin: str = "sweep",
    only: int | None = None,
) -> list[int]:  # fmt: skip
    """Record what is missing as findings, each with its recovery; of one part only where that is asked."""
    rows = _figures()
    values: dict[str, Any] = {
        "as_of": as_of, "at": at, "label": by.label[:200], "policies": list(rows), "only": only,
        "bar_years": [figures.bar_year for figures in rows.values()], "origin": origin, "basis": BASIS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(cause=cause, only="" if only is None else "AND o.id = %(only)s"), values)
        values["findings"] = [pk for (pk,) in cursor.fetchall()]
        if not values["findings"]:
            return []
        faults.point("sweep.found")
        recoveries.find_select(_RECOVERIES, values, by=by, at=at, on=as_of)
        cursor.execute(_TIE, values)
        cursor.execute(_CLAIM, values)
    return list(values["findings"])


def propose_bars(as_of: dt.date, *, by: Actor, at: dt.datetime) -> list[int]:
    """A bar an agency and year for what was found and is carried by none; it holds at once (J2.9)."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS.format(joined=_JOINED))
        pairs = cursor.fetchall()
    if not pairs:
        return []
    rows, calendar = _figures(), calendars.current()
    graces = [_grace(due, rows[policy], calendar) for due, policy in pairs]
    values: dict[str, Any] = {
        "as_of": as_of, "scheme": SCHEME, "dues": [due for due, _ in pairs], "policies": [policy for _, policy in pairs],
        "graces": graces,
    }  # fmt: skip
    made = bars.propose_select(_FIRST_BARS, values, scheme=SCHEME, by=by, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_BAR, values)
    return made


def _grace(due: dt.date, figures: Parameters, calendar: Calendar) -> dt.date:
    """The last day on which a full return still keeps the bar away; without grace the deadline itself. (J2.8)"""
    counted = calendar.add_working_days(due, figures.return_working_days)
    return dt.date.max if counted.provisional else counted.on


def _late_returns(found: list[int], *, by: Actor, at: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT f.obligation_id FROM dispatch_finding f
            JOIN dispatch_fundreturn r ON r.obligation_id = f.obligation_id
            WHERE f.id = ANY(%s::bigint[]) ORDER BY 1""",
            [found],
        )
        parts = [pk for (pk,) in cursor.fetchall()]
    return returns.apply_late(parts, by=by, at=at) if parts else 0


def _figures() -> dict[int, Parameters]:
    """The figures of every dispatch row in use."""
    used = Policy.objects.filter(pk__in=_policies()).prefetch_related("figures")
    found = {row.pk: policies.parameters(row) for row in used}
    return {pk: figures for pk, figures in found.items() if isinstance(figures, Parameters)}


def _policies() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT policy_id FROM dispatch_application")
        return [pk for (pk,) in cursor.fetchall()]
