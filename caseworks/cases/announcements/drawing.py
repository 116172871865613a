"""Drawing up a list of approved cases, and giving it up before it is published. (N6.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.cases import approvals, sources
from caseworks.cases.announcements import lines
from caseworks.cases.enums import AnnouncementStatus, Status
from caseworks.cases.history import NAMED, Shown, as_shown
from caseworks.cases.models import Announcement, AnnouncementLine, Case
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.law.training import is_training
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office

#: Stands in a list now, or stood in one that was made public: what changed of it is announced by a correction.
LISTED = Exists(
    AnnouncementLine.objects.filter(
        Q(live=True) | Q(announcement__status=AnnouncementStatus.PUBLISHED), case=OuterRef("pk")
    )
)


def awaiting(scheme: str, year: int) -> QuerySet[Case]:
    """Approved cases that stand in no list yet and were never announced."""
    return Case.objects.filter(~LISTED, scheme=scheme, year=year, status=Status.APPROVED)


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
    title = checked_title(title)
    if not ids:
        raise Refusal("没有待公示的业务件，未作任何更改。")
    try:
        with transaction.atomic():
            cases = list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
            check_cases(cases, len(ids), scheme, year)
            _refuse_told(ids)
            check_signed(scheme, ids)
            seat = seat_of({case.office_id for case in cases}, by)
            total = sum((case.amount for case in cases), cases[0].amount * 0)
            as_shown(shown, len(cases), total)
            policy = policy_of(scheme, year, seat, timezone.localdate(at))
            announced = sources.announced(scheme)
            announcement = Announcement.objects.create(
                scheme=scheme,
                year=year,
                office=seat,
                city_office_id=seat.city_or_self_id,
                title=title,
                columns=dict(announced.columns),
                persons=announced.persons,
                documents=policy.documents,
                days=days_of(policy),
                count=len(cases),
                total=total,
                drawn_by=by.person,
                drawn_label=by.label,
                drawn_at=at,
            )
            lines.write(announcement, ids)
    except IntegrityError as problem:
        raise in_words(problem) from problem
    return announcement


def discard(announcement: Announcement, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """Give up an announcement that was not published; its cases wait for another one."""
    if not reason.strip():
        raise Refusal("作废须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = Announcement.objects.select_for_update(of=("self",)).get(pk=announcement.pk)
        if row.status != AnnouncementStatus.DRAWN:
            raise Refusal(f"该公示{row.get_status_display()}，不能作废，未作任何更改。")
        if not by.may("announcement.draw", row.office):
            raise Refusal(f"您没有为{row.office}办理公示的权限，未作任何更改。请由有权限的人员办理。")
        row.status = AnnouncementStatus.DISCARDED
        row.discarded_label, row.discarded_at, row.discard_reason = by.label, at, reason.strip()
        row.save()
        row.lines.update(live=False)


# -- pieces that corrections share


def checked_title(title: str) -> str:
    """The title without what surrounds it; Refusal where there is none, or a number of a person stands in it."""
    title = title.strip()
    if not title:
        raise Refusal("公示须有标题，未作任何更改。请填写后重试。")
    lines.refuse_private([title], "标题")
    return title


def check_cases(cases: list[Case], asked: int, scheme: str, year: int) -> None:
    """Refuse cases that are not there, of another scheme or year, or not approved."""
    if len(cases) != asked:
        raise Refusal(f"{asked - len(cases)} 件不存在，未作任何更改。请刷新后重试。")
    if any((case.scheme, case.year) != (scheme, year) for case in cases):
        raise Refusal("所选业务件不属于同一业务和年度，未作任何更改。请分别公示。")
    wrong = [f"{case.name}（{case.get_status_display()}）" for case in cases if case.status != Status.APPROVED]
    if wrong:
        raise Refusal(f"{len(wrong)} 件不是待公示状态，未作任何更改：{'、'.join(wrong[:NAMED])}。请刷新后重试。", wrong)


def check_signed(scheme: str, ids: Iterable[int]) -> None:
    """Refuse cases of which something else is true than what was signed. (N6.2)"""
    approvals.require_for_contents(ids)
    if not is_training():  # that one dates its steps by itself, and may rehearse judgements of nobody
        approvals.require_unchanged(scheme, ids)


def seat_of(office_ids: set[int], by: Actor) -> Office:
    """The office that announces: that of all the cases, else their city's, else the province's."""
    found = list(Office.objects.filter(pk__in=office_ids).order_by("code"))
    barred = [office.name for office in found if not by.may("announcement.draw", office)]
    if barred:
        raise Refusal(f"您没有为{'、'.join(barred[:NAMED])}拟制公示的权限，未作任何更改。请由有权限的人员办理。")
    if len(found) == 1:
        return found[0]
    cities = {office.city_or_self_id for office in found}
    return Office.objects.get(pk=cities.pop()) if len(cities) == 1 else offices.root()


def policy_of(scheme: str, year: int, office: Office, on: dt.date) -> Policy:
    """The policy row by which an office announces."""
    region = office.regions.order_by("prefix").values_list("prefix", flat=True).first() or ""
    return policies.for_screening(scheme, year, region, on)


def days_of(policy: Policy) -> int:
    """The working days of the period (N6.2)."""
    days = getattr(policies.parameters(policy), "announcement_days", None)
    if not isinstance(days, int):
        raise Refusal(f"“{policy}”没有公示期，未作任何更改。请主管补充政策参数。")
    return days


def in_words(problem: IntegrityError) -> Exception:
    """A breach of the lines' own constraint in words."""
    if "announcementline_case_once" in str(problem):
        return Refusal("其中有业务件已列入另一份公示，未作任何更改。请刷新后重试。")
    return problem


def _refuse_told(ids: list[int]) -> None:
    told = Case.objects.filter(
        Exists(
            AnnouncementLine.objects.filter(
                announcement__status=AnnouncementStatus.PUBLISHED, live=False, case=OuterRef("pk")
            )
        ),
        pk__in=ids,
    )
    names = list(told.order_by("pk").values_list("name", flat=True)[: NAMED + 1])
    if names:
        raise Refusal(
            f"其中有业务件公示过，未作任何更改：{'、'.join(names[:NAMED])}。有变化的行请拟制更正公告。", names[:NAMED]
        )
