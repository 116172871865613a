"""The agencies' cases: which applications become cases, whom they pay, what they are judged to be now.

An application is one case and one payment; the parts follow when the bank has credited the agency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import connection

from caseworks.base.errors import Refusal
from caseworks.cases import holds
from caseworks.cases.enums import HoldKind
from caseworks.cases.holds import Held
from caseworks.cases.models import Case
from caseworks.cases.sources import Announced, Rejudged, Source
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.people.actors import Actor
from dispatch import application_writers as writers
from dispatch import checks, facts, policy
from dispatch.enums import ApplicationStatus, Flag
from dispatch.models import Application
from refunds.enums import Flag as RefundFlag
from refunds.parameters import Parameters as RefundParameters

CLOCK = Actor(command="dispatch")
# Applications handed in that have no case yet; nothing is opened over 0.00 yuan, nor while a ratio is to be settled.
_HANDED_IN = """
    SELECT a.uscc AS subject, a.round::int AS round, a.name, a.office_id, a.city_office_id, a.amount, a.fingerprint,
           a.flags::text[] AS flags, p.share AS sample_share, p.band AS amount_band
    FROM dispatch_application a
    JOIN unnest(%(policies)s::bigint[], %(shares)s::numeric[], %(bands)s::numeric[]) AS p(policy, share, band)
      ON p.policy = a.refund_policy_id
    WHERE a.year = %(applied)s AND a.status = 'submitted' AND a.amount > 0 AND a.undetermined = 0 AND a.case_id IS NULL
"""
_BIND = """
    UPDATE dispatch_application a SET case_id = c.id
    FROM cases_case c
    WHERE a.year = %(year)s AND a.case_id IS NULL AND a.status = 'submitted' AND c.scheme = 'dispatch'
      AND c.year = a.year AND c.round = a.round AND c.subject = a.uscc AND c.fingerprint = a.fingerprint
    RETURNING c.id, c.opened_at, a.manual::text[]
"""
_PAYEES = """
    SELECT a.uscc AS subject, a.round::int AS round, a.unit_type, a.size, a.region, a.refund_policy_id AS policy_id
    FROM dispatch_application a WHERE a.year = %(applied)s AND a.case_id IS NOT NULL
"""
_ANNOUNCED = """
    SELECT a.case_id, to_char(a.own_amount, 'FM999,999,999,990.00') AS own,
           to_char(a.host_amount, 'FM999,999,999,990.00') AS forwarded
    FROM dispatch_application a WHERE a.case_id = ANY(%(ids)s)
"""


def source(year: int) -> Source:
    """The applications of a policy year of which cases are opened, with the figures of their refund policy rows."""
    used = Application.objects.of_year(year).order_by().values("refund_policy_id").distinct()
    rows = {row.pk: _figures(row) for row in Policy.objects.filter(pk__in=used).prefetch_related("figures")}
    return Source(
        _HANDED_IN,
        {
            "applied": year,
            "policies": list(rows),
            "shares": [figures.sample_share for figures in rows.values()],
            "bands": [figures.amount_band for figures in rows.values()],
        },
        rounds=True,
    )


def years() -> list[int]:
    """The policy years for which agencies applied, the newest first."""
    return list(Application.objects.handed_in().order_by("-year").values_list("year", flat=True).distinct())


def bind(year: int) -> int:
    """Tie the applications to the cases just opened; what waits for a determination is held from the start."""
    with connection.cursor() as cursor:
        cursor.execute(_BIND, {"year": year})
        bound = cursor.fetchall()
    for case, opened_at, manual in bound:
        if manual:
            holds.place([_held(case, manual)], by=CLOCK, at=opened_at)
    return len(bound)


def days(year: int) -> Mapping[str, dt.date]:
    """The day on which each agency applied: rehearsals date its case by it (contract 5)."""
    return dict(Application.objects.of_year(year).handed_in().values_list("uscc", "applied_on"))


def payees(year: int) -> Source:
    """The agencies to be paid, by the judgement their applications stand on."""
    return Source(_PAYEES, {"applied": year}, rounds=True)


def flags() -> Mapping[str, str]:
    """The words of the flags, those of the refund included."""
    return dict(RefundFlag.choices) | dict(Flag.choices)


def announced() -> Announced:
    """The split between the agency's own part and what it has to forward (J2.3, J2.4)."""
    return Announced({"own": "自有部分（元）", "forwarded": "应转付用工单位（元）"}, _ANNOUNCED)


def rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """Look at the application again on what is known now: hosts, ratio, premium, bar; write what changed."""
    row = Application.objects.select_for_update().get(case=case)
    standing, words = row.status == ApplicationStatus.SUBMITTED, row.get_status_display()
    if standing:
        standing, words = look_again(row, at)
    release_settled([row], at=at)
    band = _figures(row.refund_policy).amount_band
    return Rejudged(
        name=row.name,
        amount=row.amount,
        fingerprint=bytes(row.fingerprint),
        flags=tuple(row.flags),
        further=band is not None and row.amount >= band,
        payable=standing and row.amount > 0 and not row.undetermined,
        words=words,
    )


def look_again(row: Application, at: dt.datetime) -> tuple[bool, str]:
    """Split the stored roster again; whether it may still be paid, and in words."""
    try:
        ground = checks.ground(row.uscc, row.year, row.applied_on, resumed=True)
    except Refusal as refusal:
        return False, refusal.message
    looked = checks.judged(ground, writers.roster_of(row), sha256=row.sha256, settled=writers.settled_hosts(row))
    if not looked.takes:
        try:
            looked.refuse()
        except Refusal as refusal:
            return False, refusal.message
    writers.stand_on(row, ground)
    writers.write_parts(row, looked.parts, by=CLOCK, at=at, because="重新核定")
    writers.sum_up(row, looked)
    row.save()
    return True, f"重新核定为 {row.amount:,.2f} 元"


def release_settled(rows: list[Application], *, at: dt.datetime) -> int:
    """Let go on what waited for a determination that has been made since (contract 3: its payment waits for it)."""
    released = 0
    for row in rows:
        if row.case_id is None or not row.manual:
            continue
        found = facts.agency(row.uscc, row.year)
        judged = found.assessment if found else None
        if judged is None or policy.manual_reasons(judged.opening_headcount, judged.closing_headcount, judged.status):
            continue
        released += holds.release([row.case_id], [HoldKind.DETERMINATION], because="已人工核定", by=CLOCK, at=at)
    return released


def settle_manual(*, at: dt.datetime) -> int:
    """The same for all that wait; the daily task runs it."""
    waiting = Application.objects.exclude(manual=[]).filter(
        case__holds__kind=HoldKind.DETERMINATION, case__holds__released_at__isnull=True
    )
    return release_settled(list(waiting.distinct()), at=at)


def _held(case: int, manual: list[str]) -> Held:
    return Held(case, HoldKind.DETERMINATION, "待人工核定：" + "、".join(policy.MANUAL[code] for code in manual))


def _figures(row: Policy) -> RefundParameters:
    found = policies.parameters(row)
    assert isinstance(found, RefundParameters)
    return found
