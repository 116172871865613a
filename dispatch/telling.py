"""What agencies are told: posted set-based in the transaction of the event, each once (N5.3, J2.7–J2.9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import connection

from caseworks.base import notices
from caseworks.base.notices import MONEY
from caseworks.cases.models import Bar
from caseworks.law import calendars, policies
from caseworks.law.models import Policy
from dispatch.models import Application, Voucher
from dispatch.parameters import Parameters

_OF_PAYMENT = """
    SELECT {key} AS event_key, 'dispatch' AS scheme, o.year::int AS year, o.uscc AS subject, o.name,
           o.office_id, o.city_office_id, m.case_id, {params} AS params
    FROM dispatch_obligation o JOIN money_payment m ON m.id = o.payment_id {joins}
    WHERE {where} GROUP BY o.year, o.uscc, o.name, o.office_id, o.city_office_id, m.case_id, o.payment_id {groups}
"""
_CREDITED = _OF_PAYMENT.format(
    key="'dispatch:credited:' || o.payment_id", joins="", groups="",
    params=f"""jsonb_build_object('hosts', count(*)::text, 'amount', {MONEY.format("sum(o.amount)")},
        'credited_on', min(o.credited_on)::text,
        'due_on', CASE WHEN bool_or(o.provisional) THEN min(o.due_on)::text || '（预计）' ELSE min(o.due_on)::text END)""",
    where="o.payment_id = ANY(%(payments)s::bigint[]) AND o.status <> 'closed' AND o.amount > 0",
)  # fmt: skip
_REMINDERS = _OF_PAYMENT.format(
    key="'dispatch:reminder:' || o.payment_id || ':' || o.due_on || ':' || w.nth",
    joins="""JOIN dispatch_share s ON s.id = o.share_id JOIN dispatch_application a ON a.id = s.application_id
        JOIN unnest(%(dues)s::date[], %(policies)s::bigint[], %(nths)s::int[], %(left)s::int[])
          AS w(due_on, policy, nth, days) ON w.due_on = o.due_on AND w.policy = a.policy_id""",
    groups=", o.due_on, w.nth, w.days",
    params=f"""jsonb_build_object('hosts', count(*)::text,
        'amount', {MONEY.format("sum(o.amount - o.verified - o.returned - o.claimed)")}, 'due_on', o.due_on::text,
        'days', w.days::text)""",
    where="o.status = 'open' AND NOT o.provisional",
)  # fmt: skip
_RECOVERED = f"""
    SELECT 'dispatch:recovered:' || o.uscc || ':' || o.year || ':' || f.as_of AS event_key, 'dispatch' AS scheme,
           o.year::int AS year, o.uscc AS subject, max(o.name) AS name, max(o.office_id) AS office_id,
           max(o.city_office_id) AS city_office_id, max(m.case_id) AS case_id,
           jsonb_build_object('hosts', count(DISTINCT o.host_uscc)::text, 'amount', {MONEY.format("sum(f.amount)")})
               AS params
    FROM dispatch_finding f JOIN dispatch_obligation o ON o.id = f.obligation_id
    JOIN money_payment m ON m.id = o.payment_id
    WHERE f.id = ANY(%(findings)s::bigint[]) GROUP BY o.uscc, o.year, f.as_of
"""
_OF_BAR = """
    SELECT 'dispatch:{what}:' || b.id AS event_key, 'dispatch' AS scheme, o.year::int AS year, o.uscc AS subject,
           max(o.name) AS name, max(o.office_id) AS office_id, max(o.city_office_id) AS city_office_id,
           NULL::bigint AS case_id, jsonb_build_object('bar_year', b.year::text, 'reason', {reason}
               , 'decision_no', b.decision_no, 'answer_by', coalesce(max(d.due_on)::text, '')) AS params
    FROM cases_bar b JOIN dispatch_finding f ON f.bar_id = b.id JOIN dispatch_obligation o ON o.id = f.obligation_id
    LEFT JOIN dispatch_barpaper p ON p.bar_id = b.id LEFT JOIN law_deadline d ON d.id = p.deadline_id
    WHERE b.id = ANY(%(bars)s::bigint[]) GROUP BY b.id, o.year, o.uscc
"""


def credited(payments: Sequence[int], *, at: dt.datetime) -> int:
    """The money is there and so much is to be forwarded by then."""
    return notices.post_select("dispatch_credited", _CREDITED, {"payments": list(payments)}, at=at)


def recovered(findings: Sequence[int], *, at: dt.datetime) -> int:
    """So much is claimed back; once an agency, year and day."""
    return notices.post_select("dispatch_recovered", _RECOVERED, {"findings": list(findings)}, at=at)


def bars_proposed(bars: Sequence[int], *, at: dt.datetime) -> int:
    """A bar is proposed; an answer is taken until then."""
    select = _OF_BAR.format(what="bar_proposed", reason="b.reason")
    return notices.post_select("dispatch_bar_proposed", select, {"bars": list(bars)}, at=at)


def bar_decided(bar: Bar, *, at: dt.datetime) -> int:
    """The decision on it."""
    code = f"bar_{bar.status}"
    reason = "b.reason" if bar.status == "confirmed" else "b.decision_reason"
    select = _OF_BAR.format(what=code, reason=reason)
    return notices.post_select(f"dispatch_{code}", select, {"bars": [bar.pk]}, at=at)


def rejected(vouchers: Iterable[Voucher], *, at: dt.datetime) -> int:
    """A voucher did not pass, and why."""
    events = [
        notices.Event(
            f"dispatch:voucher:{row.pk}", row.uscc, row.obligation.name, row.office_id, row.city_office_id, "dispatch",
            row.year, row.obligation.payment.case_id,
            {
                "host": row.obligation.host_name or row.host_uscc, "receipt_no": row.receipt_no,
                "amount": f"{row.amount:,.2f}", "reason": row.get_reason_code_display() or row.reason,
                "due_on": str(row.obligation.due_on),
            },
        )
        for row in vouchers
    ]  # fmt: skip
    return notices.post(events, template="dispatch_voucher_rejected", at=at) if events else 0


def sent_back(application: Application, reason: str, *, at: dt.datetime, nth: int) -> int:
    """An application is given back to be mended."""
    event = notices.Event(
        f"dispatch:sent_back:{application.pk}:{nth}", application.uscc, application.name, application.office_id,
        application.city_office_id, "dispatch", application.year, application.case_id, {"reason": reason},
    )  # fmt: skip
    return notices.post([event], template="dispatch_sent_back", at=at)


def remind(on: dt.date, *, at: dt.datetime) -> int:
    """Reminders of what is not done, so many working days before the deadline, each once (policy figure).

    After days on which the clock stood, the latest one that is due goes out, with the days that are really left.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT o.due_on, a.policy_id FROM dispatch_obligation o
            JOIN dispatch_share s ON s.id = o.share_id JOIN dispatch_application a ON a.id = s.application_id
            WHERE o.status = 'open' AND NOT o.provisional AND o.due_on >= %s ORDER BY 1, 2""",
            [on],
        )
        pairs = cursor.fetchall()
    calendar, wanted = calendars.current(), []
    figures = {pk: _reminders(pk) for pk in {policy for _, policy in pairs}}
    for due, policy in pairs:
        left = calendar.working_days_between(on, due)
        reached = [nth for nth in figures[policy] if left <= nth]
        if reached:
            wanted.append((due, policy, min(reached), left))
    if not wanted:
        return 0
    values = {
        "dues": [due for due, *_ in wanted], "policies": [policy for _, policy, *_ in wanted],
        "nths": [nth for *_, nth, _ in wanted], "left": [left for *_, left in wanted],
    }  # fmt: skip
    return notices.post_select("dispatch_reminder", _REMINDERS, values, at=at)


def _reminders(policy: int) -> list[int]:
    found = policies.parameters(Policy.objects.prefetch_related("figures").get(pk=policy))
    assert isinstance(found, Parameters)
    return [int(days) for days in found.reminder_days]
