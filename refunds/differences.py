"""A person's decision on differences: 应补 becomes a case of a later round, 应退 a recovery that another confirms.

Each decision compares again, under lock, what stands with what the difference was found on. (N2.3, N6.2)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO
from caseworks.cases import history, openings
from caseworks.cases.history import Shown
from caseworks.money import recoveries
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from refunds import standing, topups
from refunds.enums import DifferenceKind, DifferenceStatus
from refunds.models import Difference

NAMED = 10
SCHEME = "refunds"
PERMISSIONS = {DifferenceKind.TOPUP: "difference.topup", DifferenceKind.OVERPAID: "difference.recover"}
# What stands of the units of these differences now, against what each was found on.
_STANDS = """
    SELECT d.id, d.name, t.rounds, t.stoppable, greatest(t.paid - t.recovered - d.granted, 0),
           greatest(d.granted - (t.paid + t.given_up - t.recalculated), 0), t.reviewing, t.moving,
           d.standing = CASE d.kind WHEN 'topup' THEN t.high ELSE t.low END
    FROM refunds_difference d JOIN ({standing}) t ON t.uscc = d.uscc
    WHERE d.id = ANY(%(ids)s::bigint[]) ORDER BY d.id
"""
_ROUNDS = """
    UPDATE refunds_difference d SET status = 'accepted', round = w.round, decided_at = %(at)s, decided_by_id = %(person)s,
        decided_label = %(label)s, because = %(because)s
    FROM unnest(%(ids)s::bigint[], %(rounds)s::int[]) AS w(id, round) WHERE w.id = d.id
"""
_TAKEN_BACK = """
    UPDATE refunds_difference d SET status = 'accepted', recovered = w.recovered, stopped = w.stopped::bigint[],
        decided_at = %(at)s, decided_by_id = %(person)s, decided_label = %(label)s, because = %(because)s
    FROM unnest(%(ids)s::bigint[], %(recovered)s::numeric[], %(stopped)s::text[]) AS w(id, recovered, stopped)
    WHERE w.id = d.id
"""
# The payment is named where there is one that carries the whole amount.
_RECOVERIES = """
    SELECT 'recalculation:' || d.id AS key, 'overpaid' AS kind, 'recalculation' AS origin, 'refunds' AS scheme, d.year,
           d.uscc AS subject, d.name, d.office_id AS office, d.city_office_id AS city_office, d.recovered AS amount,
           '重新核算：已拨付 ' || to_char(d.paid, 'FM999,999,999,990.00') || ' 元，现核定 '
               || to_char(d.granted, 'FM999,999,999,990.00') || ' 元，应退 '
               || to_char(d.recovered, 'FM999,999,999,990.00') || ' 元' AS reason,
           coalesce((SELECT string_agg(doc ->> 'number', '、') FROM jsonb_array_elements(p.documents) doc), p.title)
               AS basis,
           pay.case_id AS "case", pay.id AS payment, NULL::date AS due_on
    FROM refunds_difference d
    JOIN law_policy p ON p.id = d.policy_id
    LEFT JOIN LATERAL (
        SELECT m.id, m.case_id FROM money_payment m
        WHERE m.scheme = 'refunds' AND m.year = d.year AND m.subject = d.uscc AND m.status = 'paid'
          AND m.amount >= d.recovered + coalesce((SELECT sum(r.amount - r.reduced) FROM money_recovery r
                                                   WHERE r.payment_id = m.id), 0)
        ORDER BY m.id LIMIT 1) pay ON true
    WHERE d.id = ANY(%(ids)s::bigint[]) AND d.recovered > 0
"""
# A case was stopped that must be paid for less: the unit is to get what is left by a case of a later round.
_AGAIN = """
    INSERT INTO refunds_difference (recalculation_id, year, uscc, name, office_id, city_office_id, kind, status, granted,
        standing, paid, amount, policy_id, policy_before_id, region, unit_type, size, outcome, reasons, flags, premium,
        layoff_rate, ratio, changes, found_at, decided_label, because, recovered, stopped)
    SELECT d.recalculation_id, d.year, d.uscc, d.name, d.office_id, d.city_office_id, 'topup', 'proposed', d.granted,
           d.granted - w.amount, d.paid, w.amount, d.policy_id, d.policy_before_id, d.region, d.unit_type, d.size,
           d.outcome, d.reasons, d.flags, d.premium, d.layoff_rate, d.ratio, d.changes, %(at)s, '', '', 0, '{}'
    FROM refunds_difference d JOIN unnest(%(ids)s::bigint[], %(amounts)s::numeric[]) AS w(id, amount) ON w.id = d.id
    WHERE w.amount > 0
"""


def top_up(ids: Iterable[int], *, by: Actor, at: datetime, because: str = "", shown: Shown | None = None) -> int:
    """Open a case of a later round for each difference, for the difference only; all or none. Returns how many."""
    with transaction.atomic():
        year, wanted = _take(ids, DifferenceKind.TOPUP, by, shown)
        stands = _stands(year, wanted)
        _refuse([row["name"] for row in stands if row["reviewing"] or not row["same"]])
        try:
            with transaction.atomic():
                _write(_ROUNDS, wanted, by, at, because, rounds=[row["rounds"] + 1 for row in stands])
        except IntegrityError as problem:
            if "difference_once_a_round" in str(problem):
                raise Refusal("其中有单位刚被他人办理补发，未作任何更改。请刷新后重试。") from problem
            raise
        return openings.open_from(
            topups.source(wanted), scheme=SCHEME, year=year, bind=lambda: topups.bind(wanted), by=by, at=at
        )


def take_back(ids: Iterable[int], *, by: Actor, at: datetime, because: str, shown: Shown | None = None) -> int:
    """Refuse what was not paid yet, and propose to recover what was paid too much; all or none. Returns how many.

    Where a stopped case leaves the unit something to get, that becomes 应补 at once.
    """
    if not because.strip():
        raise Refusal("请写明理由，未作任何更改。")
    with transaction.atomic():
        year, wanted = _take(ids, DifferenceKind.OVERPAID, by, shown)
        stands = _stands(year, wanted)
        _refuse([row["name"] for row in stands if row["reviewing"] or row["moving"] or not row["same"]])
        stopped = sorted({case for row in stands for case in row["stoppable"]})
        if stopped:
            history.take("refuse", stopped, by=by, at=at, note=f"重新核算，按现核定金额另行办理：{because.strip()}")
        _write(
            _TAKEN_BACK,
            wanted,
            by,
            at,
            because,
            recovered=[row["recover"] for row in stands],
            stopped=["{" + ",".join(map(str, row["stoppable"])) + "}" for row in stands],
        )
        on = timezone.localdate(at)
        recoveries.find_select(_RECOVERIES, {"ids": wanted}, by=by, at=at, on=on, proposed=True)
        again = [(row["id"], row["again"]) for row in stands if row["stoppable"]]
        if again:
            with connection.cursor() as cursor:
                cursor.execute(
                    _AGAIN, {"at": at, "ids": [pk for pk, _ in again], "amounts": [amount for _, amount in again]}
                )
        return len(wanted)


def decline(ids: Iterable[int], *, by: Actor, at: datetime, because: str) -> int:
    """Let things stand as they are, in words; the same difference is not proposed again."""
    if not because.strip():
        raise Refusal("请写明不予办理的理由，未作任何更改。")
    wanted = sorted(set(ids))
    with transaction.atomic():
        rows = list(Difference.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        for kind in {DifferenceKind(row.kind) for row in rows}:
            _check([row for row in rows if row.kind == kind], len(wanted) - len(rows), kind, by)
        if not rows:
            raise Refusal("没有选中任何差额，未作任何更改。")
        person = by.person if by.person else None
        Difference.objects.filter(pk__in=wanted).update(
            status=DifferenceStatus.DECLINED, decided_at=at, decided_by=person, decided_label=by.label,
            because=because.strip()[:300],
        )  # fmt: skip
    return len(rows)


def _take(ids: Iterable[int], kind: DifferenceKind, by: Actor, shown: Shown | None) -> tuple[int, list[int]]:
    """Lock the differences and the cases of their units; all must wait, be of one year and kind, and the person's."""
    wanted = sorted(set(ids))
    rows = list(Difference.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if not rows:
        raise Refusal("没有选中任何差额，未作任何更改。")
    _check(rows, len(wanted) - len(rows), kind, by)
    history.as_shown(shown, len(rows), sum((row.amount for row in rows), ZERO))
    year = rows[0].year
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM cases_case WHERE scheme = %s AND year = %s AND subject = ANY(%s) ORDER BY id"
            " FOR NO KEY UPDATE",
            [SCHEME, year, [row.uscc for row in rows]],
        )
    return year, [row.pk for row in rows]


def _check(rows: list[Difference], missing: int, kind: DifferenceKind, by: Actor) -> None:
    wrong = [row.name for row in rows if row.status != DifferenceStatus.PROPOSED]
    if wrong or missing:
        named = "、".join(wrong[:NAMED])
        raise Refusal(f"{len(wrong) + missing} 条已不在待决定状态，未作任何更改：{named}。请刷新后重试。")
    if len({(row.year, row.kind) for row in rows}) > 1 or rows[0].kind != kind:
        raise Refusal("所选不是同一年度的同一种差额，未作任何更改。请分别办理。")
    offices = Office.objects.filter(pk__in={row.office_id for row in rows}).order_by("code")
    barred = [office.name for office in offices if not by.may(PERMISSIONS[kind], office)]
    if barred:
        raise Refusal(
            f"您没有对{'、'.join(barred[:NAMED])}办理“{kind.label}”的权限，未作任何更改。请由有权限的人员办理。"
        )


def _stands(year: int, ids: list[int]) -> list[dict[str, Any]]:
    chosen = "c.subject IN (SELECT uscc FROM refunds_difference WHERE id = ANY(%(ids)s::bigint[]))"
    names = ("id", "name", "rounds", "stoppable", "recover", "again", "reviewing", "moving", "same")
    with connection.cursor() as cursor:
        cursor.execute(_STANDS.format(standing=standing.sql(chosen)), {"year": year, "ids": ids})
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _refuse(names: list[str]) -> None:
    if names:
        more = " 等" if len(names) > NAMED else ""
        raise Refusal(
            f"{len(names)} 户的已核定金额在重新核算之后有变化，未作任何更改：{'、'.join(names[:NAMED])}{more}。"
            "请再次重新核算后办理。"
        )


def _write(sql: str, ids: list[int], by: Actor, at: datetime, because: str, **columns: list[Any]) -> None:
    person = by.person.pk if by.person else None
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "ids": ids, "at": at, "person": person, "label": by.label, "because": because.strip()[:300], **columns,
            },
        )  # fmt: skip
