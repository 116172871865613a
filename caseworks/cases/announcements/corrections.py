"""更正公告: the changed lines alone, under a number of their own, linked both ways with what they correct. (N6.2)

A line changes where its case was judged again after it was announced, or was refused or withdrawn. Where an amount
rose or a line is added, the correction has a period of its own; else it ends with what it corrects.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.identifiers import normalise
from caseworks.cases.announcements import drawing, lines
from caseworks.cases.enums import AnnouncementStatus, LineChange, Status
from caseworks.cases.history import NAMED, Shown, as_shown
from caseworks.cases.models import Announcement, AnnouncementLine, Case
from caseworks.people.actors import Actor

REMOVED = (Status.REFUSED, Status.WITHDRAWN)


@dataclass(frozen=True)
class Changed:
    """A line as it was announced, and what it is now."""

    line: AnnouncementLine
    change: LineChange
    amount: Decimal


def _changed() -> QuerySet[AnnouncementLine]:
    """Lines made public of which something else is true now that nobody was told."""
    told = AnnouncementLine.objects.filter(replaces=OuterRef("pk")).exclude(
        announcement__status=AnnouncementStatus.DISCARDED
    )
    again = Q(live=False, case__status=Status.APPROVED)
    gone = Q(case__status__in=REMOVED)
    return AnnouncementLine.objects.filter(
        again | gone, ~Exists(told), announcement__status=AnnouncementStatus.PUBLISHED
    ).exclude(change=LineChange.REMOVED)


def correctable(announcement: Announcement) -> list[Changed]:
    """The lines that a correction of it would announce."""
    rows = _changed().filter(announcement=announcement).select_related("case").order_by("position")
    return [Changed(row, _kind(row), _amount(row.case)) for row in rows]


def due_corrections(announcements: QuerySet[Announcement]) -> list[tuple[Announcement, int]]:
    """Those of these announcements that have changed lines, with how many."""
    counts = dict(
        _changed().filter(announcement__in=announcements.order_by())
        .values_list("announcement").annotate(lines=Count("pk")).order_by("announcement")
    )  # fmt: skip
    rows = Announcement.objects.in_bulk(list(counts))
    return [(rows[pk], count) for pk, count in counts.items()]


def why_nothing(announcement: Announcement) -> str:
    """Why there is nothing to correct, in words; blank where there is."""
    if announcement.status != AnnouncementStatus.PUBLISHED:
        return f"该公示{announcement.get_status_display()}，没有可以更正的公告。"
    if not _changed().filter(announcement=announcement).exists():
        return "该公告的各行没有变化：异议成立或重新核定、重新审批之后，变化的行列在这里。"
    return ""


def draw_up(
    announcement: Announcement,
    *,
    title: str,
    by: Actor,
    at: dt.datetime,
    added: Iterable[str] = (),
    shown: Shown | None = None,
) -> Announcement:
    """Draw up a correction of a published announcement: its changed lines, and `added` subjects that were left out.

    It is published by another person, like any announcement.
    """
    title = drawing.checked_title(title)
    try:
        with transaction.atomic():
            corrected = Announcement.objects.select_for_update(of=("self",)).select_related("office").get(
                pk=announcement.pk
            )  # fmt: skip
            if not by.may("announcement.draw", corrected.office):
                raise Refusal(f"您没有为{corrected.office}拟制公示的权限，未作任何更改。请由有权限的人员办理。")
            extra = _added(corrected, added, by)
            if not extra and (nothing := why_nothing(corrected)):
                raise Refusal(f"{nothing}未作任何更改。")
            found = correctable(corrected)
            ids = sorted({row.line.case_id for row in found} | set(extra))
            list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
            found = correctable(corrected)  # as they are under the lock
            standing = Case.objects.filter(pk__in=ids, status=Status.APPROVED).values_list("pk", flat=True)
            drawing.check_signed(corrected.scheme, standing)
            total = sum((row.amount for row in found), Decimal(0)) + _sum(extra)
            as_shown(shown, len(ids), total)
            policy = drawing.policy_of(corrected.scheme, corrected.year, corrected.office, timezone.localdate(at))
            rises = bool(extra) or any(row.change == LineChange.RAISED for row in found)
            made = Announcement.objects.create(
                scheme=corrected.scheme,
                year=corrected.year,
                office=corrected.office,
                city_office_id=corrected.city_office_id,
                title=title,
                columns=corrected.columns,
                persons=corrected.persons,
                documents=corrected.documents,
                days=drawing.days_of(policy) if rises else 0,
                count=len(ids),
                total=total,
                corrects=corrected,
                drawn_by=by.person,
                drawn_label=by.label,
                drawn_at=at,
            )
            lines.write(made, ids, [row.line.pk for row in found])
    except IntegrityError as problem:
        raise drawing.in_words(problem) from problem
    return made


def _kind(row: AnnouncementLine) -> LineChange:
    if row.case.status in REMOVED:
        return LineChange.REMOVED
    if row.case.amount == row.amount:
        return LineChange.OTHER
    return LineChange.RAISED if row.case.amount > row.amount else LineChange.LOWERED


def _amount(case: Case) -> Decimal:
    return Decimal("0.00") if case.status in REMOVED else case.amount


def _sum(ids: Iterable[int]) -> Decimal:
    return sum(Case.objects.filter(pk__in=list(ids)).values_list("amount", flat=True), Decimal(0))


def _added(corrected: Announcement, subjects: Iterable[str], by: Actor) -> list[int]:
    """The approved cases of subjects that are to be added; Refusal naming those that cannot be."""
    wanted = sorted({code for text in subjects if (code := normalise(text, identifier=True))})
    if not wanted:
        return []
    found = dict(
        drawing.awaiting(corrected.scheme, corrected.year).filter(subject__in=wanted).values_list("subject", "pk")
    )
    missing = [subject for subject in wanted if subject not in found]
    if missing:
        names = "、".join(missing[:NAMED])
        raise Refusal(f"{len(missing)} 户没有待公示的业务件，不能增补，未作任何更改：{names}。", missing)
    office_ids = set(Case.objects.filter(pk__in=found.values()).values_list("office_id", flat=True))
    drawing.seat_of(office_ids, by)
    return sorted(found.values())
