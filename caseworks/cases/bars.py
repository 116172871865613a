"""Bars: proposed by whoever found the facts, decided by another person; a proposed one holds at once (J2.9).

Joins the transaction of the operation that calls, which has checked who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from caseworks.base.errors import Refusal
from caseworks.cases.enums import BarStatus
from caseworks.cases.models import Bar
from caseworks.people.actors import Actor

_PROPOSE = """
    INSERT INTO cases_bar (uscc, scheme, year, status, reason, evidence, proposed_at, proposed_by_id, proposed_label,
                           decided_label, decision_no, decision_reason)
    SELECT given.uscc, %(b_scheme)s, given.year, 'proposed', given.reason, given.evidence, %(b_at)s, %(b_person)s,
           %(b_label)s, '', '', ''
    FROM ({select}) given ORDER BY given.uscc, given.year
    ON CONFLICT (uscc, scheme, year) WHERE status <> 'revoked' DO NOTHING
    RETURNING id
"""


def propose_select(select: str, params: Mapping[str, Any], *, scheme: str, by: Actor, at: datetime) -> list[int]:
    """Propose a bar for every row of SQL that gives uscc, year, reason and evidence (jsonb), one a unit and year.

    What stands already for the unit and the year is left alone. Returns the numbers of the new ones.
    """
    values = {
        **params,
        "b_scheme": scheme,
        "b_at": at,
        "b_person": by.person.pk if by.person else None,
        "b_label": by.label[:200],
    }
    with connection.cursor() as cursor:
        cursor.execute(_PROPOSE.format(select=select), values)
        return [pk for (pk,) in cursor.fetchall()]


def confirm(bar: Bar, *, decision_no: str, delivered_on: date | None, reason: str, by: Actor, at: datetime) -> Bar:
    """查实: with the number of the decision and the day it was delivered; by another person than the one who proposed."""
    if not decision_no.strip():
        raise Refusal("请填写决定书文号，未作任何更改。")
    with transaction.atomic():
        row = _proposed(bar, by)
        row.status, row.decision_no, row.delivered_on = BarStatus.CONFIRMED, decision_no.strip()[:60], delivered_on
        return _decide(row, reason, by, at)


def revoke(bar: Bar, *, reason: str, by: Actor, at: datetime) -> Bar:
    """撤销: with the reason in words; it holds no more and stays on record."""
    if not reason.strip():
        raise Refusal("请写明撤销理由，未作任何更改。")
    with transaction.atomic():
        row = _proposed(bar, by)
        row.status = BarStatus.REVOKED
        return _decide(row, reason, by, at)


def _proposed(bar: Bar, by: Actor) -> Bar:
    if by.person is None:
        raise Refusal("须由主管本人决定，未作任何更改。")
    row = Bar.objects.select_for_update().get(pk=bar.pk)
    if row.status != BarStatus.PROPOSED:
        raise Refusal(f"该取消资格{row.get_status_display()}，未作任何更改。请刷新后查看。")
    return row


def _decide(row: Bar, reason: str, by: Actor, at: datetime) -> Bar:
    row.decided_at, row.decided_by, row.decided_label = at, by.person, by.label[:200]
    row.decision_reason = reason.strip()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        if "bar_four_eyes" in str(problem):
            raise Refusal("提出人不能自己决定，未作任何更改。请由另一人办理。") from problem
        raise
    return row
