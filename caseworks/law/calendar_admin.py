"""The supervisors' calendar pages: a year as twelve months, one day changed, a year imported from CSV (J2.7)."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.law import calendar_files, calendars
from caseworks.law.forms import DayForm, YearForm
from caseworks.law.models import CalendarChange, CalendarYear, DeadlineChange
from caseworks.people.actors import Actor


@dataclass(frozen=True)
class Cell:
    """One day in the grid; a day of another month has no number."""

    day: datetime.date | None
    look: str = ""  # off | work | week | plain
    mark: str = ""
    name: str = ""


def months_of(year: int) -> list[tuple[str, list[list[Cell]]]]:
    """The year as twelve grids of weeks, Monday first."""
    marked = {d.day: d for d in calendars.days_of(year)}

    def cell(day: datetime.date, month: int) -> Cell:
        if day.month != month:
            return Cell(None)
        found = marked.get(day)
        if found is None:
            return Cell(day, "week" if day.weekday() >= 5 else "plain")
        return Cell(day, found.kind, "休" if found.kind == "off" else "班", found.name)

    weeks = calendar.Calendar().monthdatescalendar
    return [(f"{month}月", [[cell(d, month) for d in week] for week in weeks(year, month)]) for month in range(1, 13)]


def first_values(year: int, day: str) -> dict[str, str]:
    """The form as it opens for a day that was clicked in the grid."""
    found = next((d for d in calendars.days_of(year) if d.day.isoformat() == day), None)
    return {"day": day, "kind": found.kind if found else "off", "name": found.name if found else ""}


class CalendarYearAdmin(admin.ModelAdmin):
    """The years, each with its source document."""

    list_display = ("year", "published", "source_document", "source_note", "off_days", "work_days", "loaded_label")
    actions = None

    @admin.display(description="放假（天）")
    def off_days(self, row: Any) -> int:
        return row.offs

    @admin.display(description="调休上班（天）")
    def work_days(self, row: Any) -> int:
        return row.works

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarYear]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                offs=Count("days", filter=Q(days__kind="off")),
                works=Count("days", filter=Q(days__kind="work")),
            )
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A loaded year stays; it is corrected."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and calendars.may_edit(Actor.of_request(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and calendars.may_edit(Actor.of_request(request))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [path("<int:year>/csv/", guard(self.csv_view), name="law_calendaryear_csv"), *super().get_urls()]

    def csv_view(self, request: HttpRequest, year: int) -> HttpResponse:
        """The year as the file it can be imported from."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        get_object_or_404(CalendarYear, pk=year)
        text = calendar_files.write(calendars.days_of(year))
        response = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="calendar-{year}.csv"'
        return response

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A year imported from CSV: a new one, or a known one made exactly this."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        year = request.GET.get("year", "")
        known = CalendarYear.objects.filter(pk=year).first() if year.isdigit() else None
        initial = {"year": year, "document": known.source_document if known else ""}
        form = YearForm(request.POST or None, request.FILES or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            data, at = form.cleaned_data, timezone.now()
            try:
                done = calendars.load_year(
                    data["year"],
                    data["days"],
                    document=data["document"],
                    note=data["note"],
                    by=Actor.of_request(request),
                    at=at,
                    on=timezone.localdate(at),
                )
            except Refusal as refusal:
                form.add_error(None, [refusal.message, *refusal.details])
            else:
                self._told(request, done)
                return redirect("admin:law_calendaryear_change", data["year"])
        context = {
            **self.admin_site.each_context(request),
            "title": "导入工作日历",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/law/calendar_import.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The year month by month; one day is changed below it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = get_object_or_404(CalendarYear, pk=object_id if object_id.isdigit() else 0)
        may_edit = self.has_change_permission(request)
        form = DayForm(request.POST or None, initial=first_values(row.year, request.GET.get("day", "")))
        if request.method == "POST":
            if not may_edit:
                raise PermissionDenied
            if form.is_valid() and self._set_day(request, row.year, form):
                return redirect("admin:law_calendaryear_change", row.year)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row.year} 年工作日历",
            "opts": self.opts,
            "row": row,
            "months": months_of(row.year),
            "weekdays": "一二三四五六日",
            "form": form,
            "may_edit": may_edit,
            "changes": CalendarChange.objects.filter(year=row.year)[:20],
        }
        return TemplateResponse(request, "admin/law/calendar_year.html", context)

    def _set_day(self, request: HttpRequest, year: int, form: DayForm) -> bool:
        data, at = form.cleaned_data, timezone.now()
        if data["day"].year != year:
            form.add_error("day", f"不在 {year} 年内。")
            return False
        try:
            done = calendars.set_day(
                data["day"],
                data["kind"],
                data["name"],
                by=Actor.of_request(request),
                at=at,
                on=timezone.localdate(at),
            )
        except Refusal as refusal:
            form.add_error(None, [refusal.message, *refusal.details])
            return False
        self._told(request, done)
        return True

    def _told(self, request: HttpRequest, done: calendars.Loaded) -> None:
        if not done.changed:
            messages.info(request, f"{done.year} 年日历与原来相同，未作更改。")
            return
        messages.success(request, f"{done.year} 年日历已更新（{done.days} 天），{done.deadlines} 个期限重新计算。")


class ChangeInline(admin.TabularInline):
    """Every date the deadline had."""

    model = DeadlineChange
    fields = readonly_fields = ("at", "old_due_on", "new_due_on", "new_provisional", "reason", "label")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeadlineAdmin(admin.ModelAdmin):
    """Deadlines with their history, to be read only."""

    list_display = ("kind", "key", "start_on", "days", "due_on", "provisional")
    list_filter = ("kind", "provisional")
    search_fields = ("key",)
    date_hierarchy = "due_on"
    inlines = (ChangeInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
