"""公示 at the desk: draw up what is approved, look at it, publish it by another person. (N6.2)"""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.cases import announcement_files, announcements
from caseworks.cases.announced_lines import ORDERS, found, rows
from caseworks.cases.announcement_forms import DrawForm, ReasonForm
from caseworks.cases.enums import AnnouncementStatus, Scheme, Status
from caseworks.cases.history import Shown
from caseworks.cases.models import Announcement, Case
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import scope_of

LATEST = {"latest": Order("最近", ("pk",), descending=True)}


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _visible(request: HttpRequest) -> QuerySet[Announcement]:
    return Announcement.objects.visible_to(_person(request), timezone.localdate()).select_related("office")


def _awaiting(request: HttpRequest, scheme: str, year: int) -> QuerySet[Case]:
    scope = scope_of(_person(request), timezone.localdate(), "announcement.draw")
    return scope.limit(announcements.awaiting(scheme, year))


@access("announcement.view")
@require_safe
def announcement_list(request: HttpRequest) -> HttpResponse:
    """The announcements of the person's offices, and what waits to be announced."""
    page = KeysetPage(_visible(request), LATEST, request.GET)
    person, on = _person(request), timezone.localdate()
    groups: list[dict[str, object]] = []
    if person.has_perm("announcement.draw"):
        approved = scope_of(person, on, "announcement.draw").limit(Case.objects.filter(status=Status.APPROVED))
        for scheme, year in approved.order_by("scheme", "-year").values_list("scheme", "year").distinct():
            sums = _awaiting(request, scheme, year).aggregate(count=Count("pk"), total=Sum("amount"))
            if sums["count"]:
                groups.append({"scheme": scheme, "label": Scheme(scheme).label, "year": year, **sums})
    return render(request, "announcements/announcement_list.html", {"page": page, "groups": groups, "on": on})


@access("announcement.draw")
@require_http_methods(["GET", "HEAD", "POST"])
def announcement_new(request: HttpRequest) -> HttpResponse:
    """Draw up a list of everything approved in the person's scope; what was shown is what is drawn up."""
    scheme = request.GET.get("scheme", Scheme.REFUNDS.value)
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else timezone.localdate().year
    if scheme not in Scheme.values:
        scheme = Scheme.REFUNDS.value
    waiting = _awaiting(request, scheme, year)
    sums = waiting.aggregate(count=Count("pk"), total=Sum("amount"))
    count, total = sums["count"], sums["total"] or Decimal(0)
    label = Scheme(scheme).label
    first = {
        "scheme": scheme,
        "year": year,
        "count": count,
        "total": total,
        "title": f"{year}年度{label}拟发放单位公示",
    }
    form = DrawForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        seen = Shown(form.cleaned_data["count"], form.cleaned_data["total"])
        try:
            made = announcements.draw_up(
                scheme=scheme,
                year=year,
                case_ids=waiting.values_list("pk", flat=True),
                title=form.cleaned_data["title"],
                by=Actor.of_request(request),
                at=timezone.now(),
                shown=seen,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已拟制公示，共 {made.count} 户。请由另一人核对后发布。")
            return redirect("announcements:announcement_detail", pk=made.pk)
    context = {"form": form, "count": count, "total": total, "label": label, "year": year}
    return render(request, "announcements/announcement_new.html", context)


@access("announcement.view")
@require_safe
def announcement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An announcement as it stands: its list, its period, and the one action that is next."""
    row, on = get_object_or_404(_visible(request), pk=pk), timezone.localdate()
    person, text = _person(request), request.GET.get("q", "").strip()[:100]
    page = KeysetPage(found(row, text), ORDERS, request.GET)
    drawn = row.status == AnnouncementStatus.DRAWN
    context = {
        "row": row,
        "q": text,
        "page": page,
        "rows": rows(row, page),
        "columns": list(row.columns.values()),
        "drawn": drawn,
        "own": row.drawn_by_id == person.pk,
        "first": on,
        "end": announcements.end_of(row, on) if drawn else None,
        "private": announcements.private_in(row) if drawn else [],
        "paragraphs": [] if drawn else announcement_files.paragraphs(row) if row.first_day else [],
        "may_publish": drawn and person.has_perm("announcement.publish") and row.drawn_by_id != person.pk,
        "may_discard": drawn and person.has_perm("announcement.draw"),
        "may_receive": row.status == AnnouncementStatus.PUBLISHED and person.has_perm("objection.receive"),
        "open": row.runs(on),
        "discarding": ReasonForm(),
    }
    return render(request, "announcements/announcement_detail.html", context)


@access("announcement.publish")
@require_POST
def announcement_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish it from today on."""
    row = get_object_or_404(_visible(request), pk=pk)
    try:
        announcements.publish(row, by=Actor.of_request(request), at=timezone.now(), on=timezone.localdate())
        messages.success(request, f"已发布：{row.number}，公示至 {row.last_day}。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("announcements:announcement_detail", args=[pk]))


@access("announcement.draw")
@require_POST
def announcement_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a list that was not published."""
    row = get_object_or_404(_visible(request), pk=pk)
    reason = request.POST.get("reason", "")
    try:
        announcements.discard(row, reason=reason, by=Actor.of_request(request), at=timezone.now())
        messages.success(request, "已作废。名单中的业务件回到待公示，可重新拟制。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("announcements:announcement_detail", args=[pk]))
