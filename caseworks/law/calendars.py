"""The working calendar in the database: loading a year, changing a day, and what hangs on it (J2.7)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.law import deadlines
from caseworks.law.calendar_files import Day, missing_holidays
from caseworks.law.enums import DayKind
from caseworks.law.models import CalendarChange, CalendarDay, CalendarYear
from caseworks.law.workdays import Calendar
from caseworks.people import offices
from caseworks.people.actors import Actor


def current() -> Calendar:
    """The calendar as it stands, in two small queries; callers hold it while they count."""
    days = CalendarDay.objects.values_list("day", "kind")
    published = CalendarYear.objects.filter(published=True).values_list("year", flat=True)
    return Calendar({day: kind == DayKind.OFF for day, kind in days}, frozenset(published))


def may_edit(by: Actor) -> bool:
    """The calendar is one for all, so the supervisors of the province's office keep it."""
    return by.may("calendar.edit", None if by.person is None else offices.root())


@dataclass(frozen=True)
class Loaded:
    """What loading a year did."""

    year: int
    changed: bool
    days: int
    deadlines: int


def days_of(year: int) -> list[Day]:
    rows = CalendarDay.objects.filter(year_id=year).values_list("day", "kind", "name")
    return sorted(Day(*row) for row in rows)


@transaction.atomic
def load_year(
    year: int,
    days: Iterable[Day],
    *,
    document: str,
    note: str = "",
    published: bool = True,
    by: Actor,
    at: datetime.datetime,
    on: datetime.date,
) -> Loaded:
    """Make the year's calendar exactly this; recompute what was provisional. The same again changes nothing."""
    if not may_edit(by):
        raise Refusal(f"{by.label} 没有这项权限，{year} 年日历未作更改。日历由省级机构的主管维护。")
    days = sorted(days)
    _check(year, days, document, published)
    row = CalendarYear.objects.select_for_update().filter(year=year).first()
    before = _snapshot(row) if row else None
    row = row or CalendarYear(year=year)
    row.published, row.source_document, row.source_note = published, document.strip(), note.strip()
    after = _content(row, days)
    if before == after:
        return Loaded(year, False, len(days), 0)
    row.loaded_by, row.loaded_label, row.loaded_at = by.person, by.label, at
    row.save()
    CalendarDay.objects.filter(year=row).delete()
    CalendarDay.objects.bulk_create(CalendarDay(day=d.day, year=row, kind=d.kind, name=d.name) for d in days)
    CalendarChange.objects.create(year=year, before=before, after=after, person=by.person, label=by.label, at=at)
    changed = deadlines.recompute(year, calendar=current(), by=by, at=at, on=on)
    return Loaded(year, True, len(days), changed)


def set_day(day: datetime.date, kind: str, name: str, *, by: Actor, at: datetime.datetime, on: datetime.date) -> Loaded:
    """Change one day of a loaded year: off, a make-up working day, or as the week has it (blank)."""
    row = CalendarYear.objects.filter(year=day.year).first()
    if row is None:
        raise Refusal(f"{day.year} 年日历还没有录入，未作任何更改。请先导入这一年的日历。")
    if kind not in ("", *DayKind.values):
        raise Refusal(f"{day} 没有更改：类型应为放假、上班或按周。")
    days = [d for d in days_of(day.year) if d.day != day] + ([Day(day, kind, name.strip())] if kind else [])
    return load_year(
        day.year,
        days,
        document=row.source_document,
        note=row.source_note,
        published=row.published,
        by=by,
        at=at,
        on=on,
    )


def _check(year: int, days: list[Day], document: str, published: bool) -> None:
    problems = []
    if published and not document.strip():
        problems.append("请写明来源文件（如 国办发明电〔2025〕7号）。")
    seen: set[datetime.date] = set()
    for d in days:
        if d.day.year != year:
            problems.append(f"{d.day} 不在 {year} 年内。")
        if d.day in seen:
            problems.append(f"{d.day} 出现了两次。")
        if d.kind == DayKind.WORK and d.day.weekday() < 5:
            problems.append(f"{d.day} 不是周六或周日，不能列为调休上班。")
        seen.add(d.day)
    problems += missing_holidays(days, year) if published else []
    if problems:
        raise Refusal(f"{year} 年日历没有更改：", problems)


def _snapshot(row: CalendarYear) -> dict[str, object]:
    return _content(row, days_of(row.year))


def _content(row: CalendarYear, days: list[Day]) -> dict[str, object]:
    return {
        "published": row.published,
        "document": row.source_document,
        "note": row.source_note,
        "days": [[d.day.isoformat(), str(d.kind), d.name] for d in days],
    }
