"""Obligations to hosts: opened by pull from what the bank credited, closed where the money went back (J2.7, N5.3).

`catch_up` is run before everything that looks at obligations; twice is as good as once, and no message is needed.
`tally` is the one writer of their sums and states: it counts vouchers, returns and findings again.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from caseworks.base.errors import Refusal
from caseworks.law import calendars, deadlines, policies
from caseworks.law.models import Policy
from caseworks.money import recoveries
from caseworks.money.enums import OWING
from caseworks.people.actors import Actor
from dispatch import rights, telling
from dispatch.enums import ObligationStatus
from dispatch.models import Finding, Obligation, ObligationLine
from dispatch.parameters import Parameters

KIND = "dispatch.forwarding"
# Credited payments of agencies with a part for a host and no deadline yet.
_CREDITED = """
    SELECT p.id, p.paid_on, a.policy_id FROM money_payment p JOIN dispatch_application a ON a.case_id = p.case_id
    WHERE p.scheme = 'dispatch' AND p.status = 'paid'
      AND EXISTS (SELECT FROM dispatch_share s WHERE s.application_id = a.id AND s.live AND s.kind = 'host')
      AND NOT EXISTS (SELECT FROM law_deadline d WHERE d.kind = %(kind)s AND d.key = p.id::text)
    ORDER BY p.id
"""
_OPEN = """
    INSERT INTO dispatch_obligation (
        share_id, payment_id, deadline_id, uscc, name, year, host_uscc, host_name, region, office_id, city_office_id,
        amount, credited_on, due_on, provisional, status, verified, pending, returned, returned_late, claimed,
        extended_because, extended_label, opened_at, closed_because, excused_because, excused_label)
    SELECT s.id, p.id, d.id, a.uscc, a.name, a.year, s.host_uscc, s.host_name, a.region, a.office_id, a.city_office_id,
           s.amount, p.paid_on, d.due_on, d.provisional, CASE WHEN s.amount > 0 THEN 'open' ELSE 'settled' END,
           0, 0, 0, 0, 0, '', '', %(at)s, '', '', ''
    FROM money_payment p
    JOIN dispatch_application a ON a.case_id = p.case_id
    JOIN dispatch_share s ON s.application_id = a.id AND s.live AND s.kind = 'host'
    JOIN law_deadline d ON d.kind = %(kind)s AND d.key = p.id::text
    WHERE p.id = ANY(%(payments)s::bigint[]) AND p.status = 'paid'
    ON CONFLICT (share_id, payment_id) DO NOTHING
"""
# Rows are locked in the order of their numbers, as everybody does who takes several.
_CLOSE = """
    UPDATE dispatch_obligation o SET status = 'closed', closed_at = %(at)s, closed_because = 'returned'
    FROM (SELECT x.id FROM dispatch_obligation x JOIN money_payment p ON p.id = x.payment_id
          WHERE p.status <> 'paid' AND x.status <> 'closed' ORDER BY x.id FOR UPDATE OF x) gone
    WHERE o.id = gone.id RETURNING o.id
"""
_DATES = """
    UPDATE dispatch_obligation o SET due_on = moved.due_on, provisional = moved.provisional
    FROM (
        SELECT x.id, coalesce(x.extended_to, d.due_on) AS due_on, d.provisional AND x.extended_to IS NULL AS provisional
        FROM dispatch_obligation x JOIN law_deadline d ON d.id = x.deadline_id
        WHERE x.status <> 'closed' AND (x.due_on, x.provisional)
            IS DISTINCT FROM (coalesce(x.extended_to, d.due_on), d.provisional AND x.extended_to IS NULL)
        ORDER BY x.id FOR UPDATE OF x
    ) moved
    WHERE o.id = moved.id RETURNING o.id
"""
# What counts: a voucher by the day it was paid on, between credit and deadline; a return by its day, up to the
# deadline. No sum takes more than the part has room for, whatever a changed calendar lets count.
SUMS = """
    SELECT w.id, least(v.verified, w.amount - f.claimed) AS verified,
           least(v.pending, greatest(w.amount - f.claimed - v.verified, 0)) AS pending,
           least(r.in_time, greatest(w.amount - f.claimed - v.verified - v.pending, 0)) AS returned,
           r.whole - least(r.in_time, greatest(w.amount - f.claimed - v.verified - v.pending, 0)) AS returned_late,
           f.claimed
    FROM {obligations} w
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.amount) FILTER (WHERE x.status = 'verified'), 0) AS verified,
               coalesce(sum(x.amount) FILTER (WHERE x.status = 'pending'), 0) AS pending
        FROM dispatch_voucher x
        WHERE x.obligation_id = w.id AND x.paid_on >= w.credited_on AND (w.provisional OR x.paid_on <= w.due_on)) v
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.amount), 0) AS whole,
               coalesce(sum(x.amount) FILTER (WHERE w.provisional OR x.returned_on <= w.due_on), 0) AS in_time
        FROM dispatch_fundreturn x WHERE x.obligation_id = w.id) r
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.amount - x.reduced), 0) AS claimed
        FROM dispatch_finding x WHERE x.obligation_id = w.id) f
"""
STATE = """
    CASE WHEN o.closed_at IS NOT NULL THEN 'closed' WHEN o.excused_at IS NOT NULL THEN 'excused'
         WHEN o.amount > s.verified + s.returned + s.claimed THEN 'open'
         WHEN s.claimed > 0 THEN 'claimed' ELSE 'settled' END
"""
_TALLY = f"""
    UPDATE dispatch_obligation o
    SET verified = s.verified, pending = s.pending, returned = s.returned, returned_late = s.returned_late,
        claimed = s.claimed, status = {STATE}
    FROM ({SUMS.format(obligations="(SELECT * FROM dispatch_obligation WHERE id = ANY(%(ids)s::bigint[]))")}) s
    WHERE o.id = s.id
"""


@dataclass(frozen=True)
class CaughtUp:
    """What catching up did."""

    opened: int
    closed: int
    dated: int


@transaction.atomic
def catch_up(*, by: Actor, at: dt.datetime) -> CaughtUp:
    """Open what is missing, close what went back to the bank, follow deadlines that the calendar moved."""
    closed = _returning(_CLOSE, {"at": at})
    _strike_off(closed, by=by, at=at)
    opened = open_missing(by=by, at=at)
    dated = _returning(_DATES, {})
    tally(dated)
    return CaughtUp(opened, len(closed), len(dated))


def open_missing(*, by: Actor, at: dt.datetime) -> int:
    """An obligation for each host's part of each credited payment that has none, with its deadline (J2.7)."""
    with transaction.atomic():
        if not _credited():
            return 0
        lock("dispatch.obligations")  # two at once: the second finds nothing left to do
        credited = _credited()
        days = {policy: _days(policy) for policy in {policy for _, _, policy in credited}}
        starts: dict[int, list[tuple[str, dt.date]]] = defaultdict(list)
        for payment, paid_on, policy in credited:
            starts[days[policy]].append((str(payment), paid_on))
        calendar = calendars.current()
        for count, group in starts.items():
            deadlines.set_many(KIND, group, count, calendar=calendar, by=by, at=at)
        payments = [payment for payment, _, _ in credited]
        opened = open_for(payments, at=at)
        telling.credited(payments, at=at)
        return opened


def open_for(payments: list[int], *, at: dt.datetime) -> int:
    """The obligations of these payments, whose deadlines are set; what stands already is left alone."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"payments": payments, "kind": KIND, "at": at})
        return int(cursor.rowcount)


def tally(ids: Iterable[int]) -> None:
    """Count again what counts for these obligations, and where they stand."""
    wanted = sorted(set(ids))
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(_TALLY, {"ids": wanted})


def lock(name: str) -> None:
    """One at a time over all processes, to the end of the transaction; the second waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"caseworks:{name}"])


# -- what a supervisor decides


def extend(
    obligation: Obligation, *, until: dt.date, reason: str, by: Actor, at: dt.datetime, on: dt.date
) -> Obligation:
    """A later deadline for one part, once, with the reason; the old date stays on record (J2.10)."""
    rights.named(by)
    if not reason.strip():
        raise Refusal("延期须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = Obligation.objects.select_for_update().get(pk=obligation.pk)
        rights.require(by, "dispatch.supervise", row.office_id)
        if row.extended_to is not None:
            raise Refusal(f"该份额已延期一次（至 {row.extended_to}），不能再延，未作任何更改。")
        if row.status != ObligationStatus.OPEN or row.claimed:
            raise Refusal(f"该份额{row.get_status_display()}，不能延期，未作任何更改。请刷新后查看。")
        if until <= row.due_on or until < on:
            raise Refusal(f"延至的日期 {until} 须晚于原期限 {row.due_on}，且不早于今天，未作任何更改。")
        old = row.due_on
        row.extended_to, row.extended_because = until, reason.strip()[:300]
        row.extended_label, row.extended_at = by.label[:200], at
        row.due_on, row.provisional = until, False
        row.save(
            update_fields=[
                "extended_to", "extended_because", "extended_label", "extended_at", "due_on", "provisional",
            ]
        )  # fmt: skip
        tell(row, "延期", by=by, at=at, note=reason, data={"old": old, "new": until})
        tally([row.pk])
    row.refresh_from_db()
    return row


def excuse(ids: Iterable[int], *, because: str, by: Actor, at: dt.datetime) -> int:
    """Ask nothing more for these parts; joins the decision that revokes a bar."""
    rows = Obligation.objects.filter(pk__in=list(ids), excused_at__isnull=True, closed_at__isnull=True)
    numbers = list(rows.values_list("pk", flat=True))
    rows.update(excused_at=at, excused_because=because[:300], excused_label=by.label[:200])
    for row in Obligation.objects.filter(pk__in=numbers):
        tell(row, "免除", by=by, at=at, note=because)
    tally(numbers)
    return len(numbers)


def tell(
    obligation: Obligation, what: str, *, by: Actor, at: dt.datetime, note: str = "", data: dict[str, Any] | None = None
) -> None:
    """A line of an obligation's story."""
    said = {name: str(value) for name, value in (data or {}).items()}
    ObligationLine.objects.create(
        obligation=obligation, what=what, note=note.strip(), data=said, at=at, person=by.person, label=by.label[:200]
    )


# -- pieces


def _credited() -> list[tuple[int, dt.date, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_CREDITED, {"kind": KIND})
        return list(cursor.fetchall())


def _returning(sql: str, params: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [pk for (pk,) in cursor.fetchall()]


def _days(policy: int) -> int:
    found = policies.parameters(Policy.objects.prefetch_related("figures").get(pk=policy))
    assert isinstance(found, Parameters)
    return found.forwarding_working_days


def _strike_off(closed: list[int], *, by: Actor, at: dt.datetime) -> None:
    """What was claimed of money that the bank has sent back is owed no more."""
    found = Finding.objects.filter(obligation__in=closed, recovery__status__in=OWING).select_related(
        "recovery", "obligation__payment"
    )
    for finding in found:
        assert finding.recovery is not None
        day = finding.obligation.payment.returned_on or at.date()
        recoveries.withdraw(finding.recovery.key, on=day, because="款项已被银行退回，不再追回", by=by, at=at)
