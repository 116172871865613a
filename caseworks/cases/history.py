"""The one door: every step of every case goes through here, one case or thirty-four thousand in one transaction.

Lock, check permission, office and state, write the history line with its digest, move. Nothing else writes a status,
and the database compares (triggers). (N6.2)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction

from caseworks.base.errors import Refusal
from caseworks.cases.chain import COLUMNS, digest_of
from caseworks.cases.enums import Status
from caseworks.cases.lifecycle import STEPS, Step
from caseworks.cases.sources import Source
from caseworks.people.actors import Actor
from caseworks.people.models import Office

NAMED = 10  # so many cases are named in a refusal


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person saw before signing: a bulk step is refused when it is no longer so."""

    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Content:
    """What a case is about, where it is judged again."""

    name: str
    amount: Decimal
    fingerprint: bytes


OWN_DOORS = {"open": "open_cases", "transfer": "transfer_cases", "rejudge": "rejudge_case"}
_LOCK = """
    WITH locked AS MATERIALIZED (
        SELECT status, office_id, amount FROM cases_case WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
    )
    SELECT status, office_id, count(*), sum(amount) FROM locked GROUP BY status, office_id
"""
_MOVE = f"""
    WITH line AS (
        SELECT c.id AS case_id, c.seq + 1 AS seq, %(step)s::text AS step, c.status AS from_status,
               coalesce(%(to)s::text, c.status) AS to_status, %(at)s::timestamptz AS at,
               %(person)s::bigint AS person_id, %(actor)s::text AS actor, %(address)s::text AS address,
               %(note)s::text AS note,
               %(data)s::jsonb || CASE WHEN %(office)s::bigint IS NULL THEN '{{}}'::jsonb
                   ELSE jsonb_build_object('office', %(office)s::bigint, 'office_before', c.office_id) END AS data,
               c.head
        FROM cases_case c WHERE c.id = ANY(%(ids)s)
    ), written AS (
        INSERT INTO cases_event ({", ".join(COLUMNS)}, digest)
        SELECT {", ".join(COLUMNS)}, {digest_of("line.head", "line")} FROM line
        RETURNING case_id, seq, to_status, at, digest
    )
    UPDATE cases_case c
    SET status = w.to_status, seq = w.seq, head = w.digest,
        moved_at = CASE WHEN c.status = w.to_status THEN c.moved_at ELSE w.at END,
        office_id = coalesce(%(office)s::bigint, c.office_id),
        city_office_id = coalesce(%(city)s::bigint, c.city_office_id),
        name = coalesce(%(name)s::text, c.name), amount = coalesce(%(amount)s::numeric, c.amount),
        fingerprint = coalesce(%(fingerprint)s::bytea, c.fingerprint)
    FROM written w WHERE c.id = w.case_id
"""
_OPEN = """
    WITH source AS MATERIALIZED ({select}),
    fresh AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('cases_case', 'id')) AS id, s.* FROM source s
        WHERE NOT EXISTS (
            SELECT 1 FROM cases_case c
            WHERE c.scheme = %(scheme)s AND c.year = %(year)s AND c.subject = s.subject AND c.round = s.round
        )
    ), line AS MATERIALIZED (
        SELECT f.id AS case_id, 1 AS seq, 'open'::text AS step, ''::text AS from_status, %(to)s::text AS to_status,
               %(at)s::timestamptz AS at, %(person)s::bigint AS person_id, %(actor)s::text AS actor,
               %(address)s::text AS address, %(note)s::text AS note,
               jsonb_build_object('scheme', %(scheme)s::text, 'year', %(year)s::int, 'round', f.round::int,
                   'subject', f.subject, 'name', f.name, 'amount', f.amount::numeric(14,2)::text,
                   'office', f.office_id, 'fingerprint', encode(f.fingerprint, 'hex')) AS data,
               f.round, f.subject, f.name, f.office_id, f.city_office_id, f.amount, f.fingerprint
        FROM fresh f
    ), digested AS MATERIALIZED (SELECT line.*, {digest} AS digest FROM line),
    opened AS (
        INSERT INTO cases_case (id, scheme, year, round, subject, name, office_id, city_office_id, amount, fingerprint,
                                opened_at, moved_at, status, seq, head)
        SELECT case_id, %(scheme)s, %(year)s, round, subject, name, office_id, city_office_id, amount, fingerprint,
               at, at, to_status, seq, digest
        FROM digested
    )
    INSERT INTO cases_event ({columns}, digest) SELECT {columns}, digest FROM digested
"""


def take(
    step: str,
    cases: Iterable[int],
    *,
    by: Actor,
    at: datetime,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    shown: Shown | None = None,
) -> int:
    """Take a step for these cases, all or none; returns how many moved. OWN_DOORS have their own."""
    if step in OWN_DOORS:
        raise ValueError(f"{step} is taken by history.{OWN_DOORS[step]}")
    return _take(STEPS[step], cases, by=by, at=at, note=note, data=data, shown=shown)


def transfer_cases(cases: Iterable[int], *, to: Office, by: Actor, at: datetime, note: str) -> int:
    """Hand cases to another office; they stay where they are in their life. A case keeps its office otherwise. (J1)"""
    if not to.is_active:
        raise Refusal(f"{to.name}已停用，未作任何更改。请选择其他经办机构。")
    return _take(STEPS["transfer"], cases, by=by, at=at, note=note, to_office=to)


def rejudge_case(case: int, *, now: Content, by: Actor, at: datetime, note: str) -> int:
    """A case under review has other contents than before: it begins anew, and what was signed is on record only."""
    data = {"amount": str(now.amount), "fingerprint": now.fingerprint.hex(), "name": now.name}
    return _take(STEPS["rejudge"], [case], by=by, at=at, note=note, data=data, now=now)


def open_cases(
    *,
    scheme: str,
    year: int,
    select: str,
    params: Mapping[str, Any],
    by: Actor,
    at: datetime,
    note: str = "",
    rounds: bool = False,
) -> int:
    """Open a case for every row that a scheme selects and that has none; returns how many.

    `select` is the scheme's SQL with named parameters; it gives subject, name, office_id, city_office_id, amount and
    fingerprint (bytea), one row a subject; with `rounds` also round, and one row a subject and round.
    """
    select = Source(select, params, rounds).in_rounds()
    sql = _OPEN.format(select=select, digest=digest_of("NULL::bytea", "line"), columns=", ".join(COLUMNS))
    values = {
        **params,
        **_signature(by, at, note),
        "scheme": scheme,
        "year": year,
        "to": Status.OPENED,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            offices = _offices_of(select, params)
            _check_permission(STEPS["open"], offices, by)
            cursor.execute(sql, values)
            return cursor.rowcount
    except IntegrityError as problem:
        if "case_once_a_round" in str(problem):
            raise Refusal("其中有单位刚被他人立件，未作任何更改。请刷新后重试。") from problem
        raise


def _take(
    step: Step,
    cases: Iterable[int],
    *,
    by: Actor,
    at: datetime,
    note: str,
    data: Mapping[str, Any] | None = None,
    shown: Shown | None = None,
    to_office: Office | None = None,
    now: Content | None = None,
) -> int:
    ids = sorted(set(cases))
    note = note.strip()
    if not ids:
        raise Refusal("没有选中任何业务件，未作任何更改。")
    if step.reasoned and not note:
        raise Refusal(f"“{step.label}”须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [ids])
        groups = cursor.fetchall()
        found = sum(count for _, _, count, _ in groups)
        if found != len(ids):
            raise Refusal(f"{len(ids) - found} 件不存在，未作任何更改。请刷新后重试。")
        _check_permission(step, {office for _, office, _, _ in groups}, by)
        _check_state(step, ids, groups)
        if to_office and any(office == to_office.pk for _, office, _, _ in groups):
            raise Refusal(f"其中有业务件已在{to_office.name}，未作任何更改。请重新选择。")
        total = sum((amount for _, _, _, amount in groups), Decimal(0))
        as_shown(shown, found, total)
        cursor.execute(
            _MOVE,
            {
                **_signature(by, at, note),
                "ids": ids,
                "step": step.name,
                "to": step.target,
                "data": json.dumps(dict(data or {}), ensure_ascii=False, default=str),
                "office": to_office.pk if to_office else None,
                "city": to_office.city_or_self_id if to_office else None,
                "name": now.name if now else None,
                "amount": now.amount if now else None,
                "fingerprint": now.fingerprint if now else None,
            },
        )
        return cursor.rowcount


def as_shown(shown: Shown | None, count: int, amount: Decimal) -> None:
    """Refuse where a person saw something else than what is there now."""
    if shown and (shown.count, shown.amount) != (count, amount):
        seen, now = f"{shown.count} 件、{shown.amount:,.2f} 元", f"{count} 件、{amount:,.2f} 元"
        raise Refusal(f"所见为 {seen}，现为 {now}，未作任何更改。请刷新后重新确认。")


def _signature(by: Actor, at: datetime, note: str) -> dict[str, Any]:
    person = by.person.pk if by.person else None
    return {"person": person, "actor": by.label, "address": by.address or "", "at": at, "note": note}


def _offices_of(select: str, params: Mapping[str, Any]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT office_id FROM ({select}) source", params)
        return {office for (office,) in cursor.fetchall()}


def _check_permission(step: Step, office_ids: set[int], by: Actor) -> None:
    offices = Office.objects.filter(pk__in=office_ids).order_by("code")
    barred = [office.name for office in offices if not by.may(step.permission, office)]
    if barred:
        names = "、".join(barred[:NAMED])
        raise Refusal(f"您没有对{names}的业务件办理“{step.label}”的权限，未作任何更改。请由有权限的人员办理。")


def _check_state(step: Step, ids: list[int], groups: list[tuple[str, int, int, Decimal]]) -> None:
    wrong = [(status, count) for status, _, count, _ in groups if status not in step.sources]
    if not wrong:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, status FROM cases_case WHERE id = ANY(%s) AND status <> ALL(%s) ORDER BY id LIMIT %s",
            [ids, list(step.sources), NAMED],
        )
        named = [f"{name}（{Status(status).label}）" for name, status in cursor.fetchall()]
    count = sum(count for _, count in wrong)
    more = " 等" if count > len(named) else ""
    raise Refusal(
        f"{count} 件不在可办理“{step.label}”的状态，未作任何更改：{'、'.join(named)}{more}。请刷新后重试。", named
    )
