"""Announcing approved cases: drawn up by one person, published by another, cleared when the period is over (N6.2).

The list is frozen when it is drawn up; the step of the cases is taken when it is published. An objection holds its own
line; `clear_due` lets all others go on, however late it runs and however often.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from caseworks.base.documents import numbers
from caseworks.base.errors import Refusal
from caseworks.cases import history, sources
from caseworks.cases.enums import AnnouncementStatus, HoldKind, Status
from caseworks.cases.history import NAMED, Shown, as_shown
from caseworks.cases.models import Announcement, AnnouncementLine, Case, Hold
from caseworks.cases.private_words import private_words
from caseworks.law import calendars, policies
from caseworks.law.models import Policy
from caseworks.law.workdays import Counted
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office

_LINES = """
    INSERT INTO cases_announcementline
        (announcement_id, position, case_id, name, name_key, shown, amount, fingerprint, live)
    SELECT %(announcement)s, row_number() OVER (ORDER BY o.code, c.subject), c.id, c.name,
           upper(replace(regexp_replace(translate(normalize(c.name, NFKC), %(brackets)s, %(round)s), '\\s+', '', 'g'),
                         '|', '')),
           jsonb_build_object({shown}), c.amount, c.fingerprint, true
    FROM cases_case c JOIN people_office o ON o.id = c.office_id LEFT JOIN ({select}) s ON s.case_id = c.id
    WHERE c.id = ANY(%(ids)s)
"""
_DUE = """
    SELECT a.id FROM cases_announcement a
    WHERE a.status = 'published' AND a.last_day < %(on)s AND NOT a.provisional AND EXISTS (
        SELECT FROM cases_announcementline l JOIN cases_case c ON c.id = l.case_id
        WHERE l.announcement_id = a.id AND l.live AND c.status = 'announced')
    ORDER BY a.id
"""


def awaiting(scheme: str, year: int) -> QuerySet[Case]:
    """Approved cases that stand in no list yet."""
    listed = AnnouncementLine.objects.filter(live=True).values("case")
    return Case.objects.filter(scheme=scheme, year=year, status=Status.APPROVED).exclude(pk__in=listed)


def draw_up(
    *,
    scheme: str,
    year: int,
    case_ids: Iterable[int],
    title: str,
    by: Actor,
    at: dt.datetime,
    shown: Shown | None = None,
) -> Announcement:
    """Draw up an announcement of approved cases; its lines are frozen as the cases stand now."""
    ids = sorted(set(case_ids))
    title = title.strip()
    if not ids:
        raise Refusal("没有待公示的业务件，未作任何更改。")
    if not title:
        raise Refusal("公示须有标题，未作任何更改。请填写后重试。")
    _refuse_private([title], "标题")
    try:
        with transaction.atomic():
            cases = list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
            _check_cases(cases, len(ids), scheme, year)
            seat = _seat({case.office_id for case in cases}, by)
            total = sum((case.amount for case in cases), cases[0].amount * 0)
            as_shown(shown, len(cases), total)
            policy = _policy(scheme, year, seat, timezone.localdate(at))
            announcement = Announcement.objects.create(
                scheme=scheme,
                year=year,
                office=seat,
                city_office_id=seat.city_or_self_id,
                title=title,
                columns=dict(sources.announced(scheme).columns),
                documents=policy.documents,
                days=_days(policy),
                count=len(cases),
                total=total,
                drawn_by=by.person,
                drawn_label=by.label,
                drawn_at=at,
            )
            _write_lines(announcement, ids)
    except IntegrityError as problem:
        if "announcementline_case_once" in str(problem):
            raise Refusal("其中有业务件已列入另一份公示，未作任何更改。请刷新后重试。") from problem
        raise
    return announcement


def publish(announcement: Announcement, *, by: Actor, at: dt.datetime, on: dt.date) -> Announcement:
    """Make it public from a day on. By another person; refused where a number of a person stands in it."""
    try:
        with transaction.atomic():
            row = Announcement.objects.select_for_update().select_related("office").get(pk=announcement.pk)
            if row.status != AnnouncementStatus.DRAWN:
                raise Refusal(f"该公示{row.get_status_display()}，未作任何更改。请刷新后重试。")
            if row.drawn_label == by.label:
                raise Refusal("拟制人不能自己发布公示，未作任何更改。请由另一人发布。")
            if not by.may("announcement.publish", row.office):
                raise Refusal(f"您没有为{row.office}发布公示的权限，未作任何更改。请由有权限的人员办理。")
            ids = list(row.lines.order_by("position").values_list("case_id", flat=True))
            list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
            _check_lines(row)
            last = end_of(row, on)
            number = numbers.issue(f"{row.office.name}公示", on.year)
            row.first_day, row.last_day, row.provisional = on, last.on, last.provisional
            row.number, row.slug = str(number), f"{row.office.code}-{number.year}-{number.serial}"
            row.status = AnnouncementStatus.PUBLISHED
            row.published_by, row.published_label, row.published_at = by.person, by.label, at
            row.save()
            data = {"announcement": row.pk, "number": row.number, "first_day": on, "last_day": last.on}
            history.take("announce", ids, by=by, at=at, note=row.number, data=data)
    except IntegrityError as problem:
        if "announcement_four_eyes" in str(problem):
            raise Refusal("拟制人不能自己发布公示，未作任何更改。请由另一人发布。") from problem
        raise
    announcement.refresh_from_db()
    return announcement


def discard(announcement: Announcement, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """Give up an announcement that was not published; its cases wait for another one."""
    if not reason.strip():
        raise Refusal("作废须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = Announcement.objects.select_for_update().get(pk=announcement.pk)
        if row.status != AnnouncementStatus.DRAWN:
            raise Refusal(f"该公示{row.get_status_display()}，不能作废，未作任何更改。")
        if not by.may("announcement.draw", row.office):
            raise Refusal(f"您没有为{row.office}办理公示的权限，未作任何更改。请由有权限的人员办理。")
        row.status = AnnouncementStatus.DISCARDED
        row.discarded_label, row.discarded_at, row.discard_reason = by.label, at, reason.strip()
        row.save()
        row.lines.update(live=False)


def clear_due(on: dt.date, *, by: Actor, at: dt.datetime) -> int:
    """Let the unobjected lines of every announcement go on whose last day is before a day; how many did."""
    _settle_ends()
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"on": on})
        due = [pk for (pk,) in cursor.fetchall()]
    return sum(_clear(pk, on, by, at) for pk in due)


def _clear(pk: int, on: dt.date, by: Actor, at: dt.datetime) -> int:
    with transaction.atomic():
        announced = AnnouncementLine.objects.filter(announcement=pk, live=True, case__status=Status.ANNOUNCED)
        locked = Case.objects.select_for_update(no_key=True).filter(
            pk__in=announced.values("case"), status=Status.ANNOUNCED
        )
        ids = set(locked.order_by("pk").values_list("pk", flat=True))
        # read after the lock: an objection takes the same lock before it holds the line
        ids -= set(Hold.objects.standing().filter(kind=HoldKind.OBJECTION, case__in=ids).values_list("case", flat=True))
        if not ids:
            return 0
        return history.take("clear", ids, by=by, at=at, note="公示期满无异议", data={"announcement": pk, "on": on})


def end_of(announcement: Announcement, first: dt.date) -> Counted:
    """The last day of the announcement when it begins on a day; the first day counts when it is a working day."""
    return calendars.current().announcement_end(first, announcement.days)


def private_in(announcement: Announcement) -> list[str]:
    """The lines and the title in which a number of a person stands (ID, card, phone)."""
    texts = [("标题", announcement.title)]
    for position, name, shown in announcement.lines.order_by("position").values_list("position", "name", "shown"):
        texts.append((f"第 {position} 行", " ".join([name, *map(str, shown.values())])))
    return [f"{place}：含{'、'.join(found)}" for place, text in texts if (found := private_words(text))]


def _settle_ends() -> None:
    """Count the ends again that leaned on a calendar that was not published yet; those that still do wait."""
    for row in Announcement.objects.published().filter(provisional=True):
        assert row.first_day is not None
        last = end_of(row, row.first_day)
        Announcement.objects.filter(pk=row.pk).update(last_day=last.on, provisional=last.provisional)


def _check_cases(cases: list[Case], asked: int, scheme: str, year: int) -> None:
    if len(cases) != asked:
        raise Refusal(f"{asked - len(cases)} 件不存在，未作任何更改。请刷新后重试。")
    if any((case.scheme, case.year) != (scheme, year) for case in cases):
        raise Refusal("所选业务件不属于同一业务和年度，未作任何更改。请分别公示。")
    wrong = [f"{case.name}（{case.get_status_display()}）" for case in cases if case.status != Status.APPROVED]
    if wrong:
        raise Refusal(f"{len(wrong)} 件不是待公示状态，未作任何更改：{'、'.join(wrong[:NAMED])}。请刷新后重试。", wrong)


def _check_lines(row: Announcement) -> None:
    changed = row.lines.filter(
        ~Q(case__status=Status.APPROVED) | ~Q(case__fingerprint=F("fingerprint")) | ~Q(case__amount=F("amount"))
    )
    names = list(changed.order_by("position").values_list("name", flat=True))
    if names:
        raise Refusal(
            f"{len(names)} 户在拟制之后有变化或已不是待公示状态，未作任何更改：{'、'.join(names[:NAMED])}。"
            "请作废后重新拟制。",
            names,
        )
    found = private_in(row)
    if found:
        raise Refusal("公示内容含有个人信息，未发布，未作任何更改。请作废、更正名称后重新拟制。", found[:NAMED])


def _refuse_private(texts: Iterable[str], what: str) -> None:
    found = [word for text in texts for word in private_words(text)]
    if found:
        raise Refusal(f"{what}含有{'、'.join(found)}，未作任何更改。公示不得出现个人信息，请改正。")


def _write_lines(announcement: Announcement, ids: list[int]) -> None:
    announced = sources.announced(announcement.scheme)
    shown = ", ".join(f"'{key}', s.{key}" for key in announced.columns)
    values: dict[str, Any] = {
        "announcement": announcement.pk,
        "ids": ids,
        "brackets": "[]{}【】〔〕〈〉《》「」『』",
        "round": "()()()()()()()()",
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES.format(shown=shown, select=announced.select), values)


def _seat(office_ids: set[int], by: Actor) -> Office:
    """The office that announces: that of all the cases, else their city's, else the province's."""
    found = list(Office.objects.filter(pk__in=office_ids).order_by("code"))
    barred = [office.name for office in found if not by.may("announcement.draw", office)]
    if barred:
        raise Refusal(f"您没有为{'、'.join(barred[:NAMED])}拟制公示的权限，未作任何更改。请由有权限的人员办理。")
    if len(found) == 1:
        return found[0]
    cities = {office.city_or_self_id for office in found}
    return Office.objects.get(pk=cities.pop()) if len(cities) == 1 else offices.root()


def _policy(scheme: str, year: int, office: Office, on: dt.date) -> Policy:
    region = office.regions.order_by("prefix").values_list("prefix", flat=True).first() or ""
    return policies.for_screening(scheme, year, region, on)


def _days(policy: Policy) -> int:
    days = getattr(policies.parameters(policy), "announcement_days", None)
    if not isinstance(days, int):
        raise Refusal(f"“{policy}”没有公示期，未作任何更改。请主管补充政策参数。")
    return days
