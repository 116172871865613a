"""Opening cases: what a scheme's judgement grants is taken into review, set-based and without an application (N5.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.cases import history
from caseworks.cases.history import Content
from caseworks.cases.models import AnnouncementLine, Case, Review, ReviewSheet
from caseworks.cases.sampling import SAMPLED
from caseworks.cases.sources import Source, scheme_module
from caseworks.people.actors import Actor
from caseworks.people.scope import scope_of

_SHEETS = """
    INSERT INTO cases_reviewsheet (case_id, flags, sampled, further, payable)
    SELECT c.id, src.flags, {sampled}, coalesce(src.amount >= src.amount_band, false), true
    FROM ({select}) src
    JOIN cases_case c ON c.scheme = %(scheme)s AND c.year = %(year)s AND c.round = src.round
        AND c.subject = src.subject
    WHERE c.seq = 1 AND NOT EXISTS (SELECT FROM cases_reviewsheet s WHERE s.case_id = c.id)
"""


def open_eligible(*, scheme: str, year: int, by: Actor, at: datetime) -> int:
    """Open a case for everything eligible in the offices that the person serves; returns how many."""
    module = scheme_module(scheme)
    source = _within(module.case_source(year), by, at)
    return open_from(source, scheme=scheme, year=year, bind=lambda: int(module.case_bind(year)), by=by, at=at)


def open_from(source: Source, *, scheme: str, year: int, bind: Callable[[], int], by: Actor, at: datetime) -> int:
    """Open a case with its review sheet for every row of a source; `bind` ties the scheme's rows and tells how many."""
    with transaction.atomic():
        opened = history.open_cases(
            scheme=scheme, year=year, select=source.select, params=source.params, rounds=source.rounds, by=by, at=at
        )
        with connection.cursor() as cursor:
            cursor.execute(
                _SHEETS.format(select=source.in_rounds(), sampled=SAMPLED),
                {**source.params, "scheme": scheme, "year": year},
            )
            sheets = cursor.rowcount
        if not opened == sheets == bind():
            raise Refusal("立件时有筛查结果被更新，未作任何更改。请待筛查结束后重试。")
    return opened


def unopened(*, scheme: str, year: int, by: Actor, at: datetime) -> int:
    """How much is eligible and has no case yet, in the offices where the person may open cases."""
    source = _within(scheme_module(scheme).case_source(year), by, at)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({source.select}) waiting", source.params)
        return int(cursor.fetchone()[0])


def rejudge(case_id: int, *, by: Actor, at: datetime, note: str) -> bool:
    """Judge an unpaid case again on what is known now; True where it changed.

    What was signed for other contents stands no longer: the case goes back to its first review, and what was announced
    of it waits for a correction. One that gets nothing any more stays open until it is refused or withdrawn.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update().filter(pk=case_id).first()
        if case is None:
            raise Refusal("业务件不存在，未作任何更改。请刷新后重试。")
        now = scheme_module(case.scheme).case_rejudge(case, at)
        sheet, _ = ReviewSheet.objects.get_or_create(case=case)
        if now.fingerprint == bytes(case.fingerprint) and now.payable == sheet.payable:
            return False
        history.rejudge_case(
            case.pk, now=Content(now.name, now.amount, now.fingerprint), by=by, at=at, note=f"{note}（{now.words}）"
        )
        Review.objects.filter(case=case, standing=True).update(standing=False)
        # what was announced of it is so no longer: a correction announces it again
        AnnouncementLine.objects.filter(case=case, live=True).update(live=False)
        sheet.flags, sheet.further, sheet.payable = list(now.flags), now.further, now.payable
        sheet.save(update_fields=["flags", "further", "payable"])
    return True


def _within(source: Source, by: Actor, at: datetime) -> Source:
    """The source's rows of the offices where the person may open cases."""
    if by.person is None:
        return source
    scope = scope_of(by.person, timezone.localdate(at), "case.open")
    if scope.province:
        return source
    if scope.is_empty:
        raise Refusal("您没有立件的权限，未作任何更改。请由经办人员办理。")
    limits: Mapping[str, Any] = {"cities": sorted(scope.cities), "offices": sorted(scope.offices)}
    select = (
        f"SELECT * FROM ({source.select}) within_scope"
        " WHERE city_office_id = ANY(%(cities)s::bigint[]) OR office_id = ANY(%(offices)s::bigint[])"
    )
    return Source(select, {**source.params, **limits}, source.rounds)
