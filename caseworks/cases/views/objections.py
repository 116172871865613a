"""公示异议 at the desk: entering one for somebody, and deciding by a person who did not review the case. (N6.2)"""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.cases import objections
from caseworks.cases.announcement_forms import CounterForm, DecisionForm
from caseworks.cases.enums import ObjectionStatus
from caseworks.cases.filters import ObjectionFilter
from caseworks.cases.models import Announcement, AnnouncementLine, Event, Objection
from caseworks.cases.triggers import SIGNATURES
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person

LATEST = {"latest": Order("最近", ("pk",), descending=True)}


def _visible(request: HttpRequest) -> QuerySet[Objection]:
    assert isinstance(request.user, Person)
    seen = Objection.objects.visible_to(request.user, timezone.localdate())
    return seen.select_related("line__announcement", "line__case__office", "document__file")


@access("objection.view")
@require_safe
def objection_list(request: HttpRequest) -> HttpResponse:
    """The objections to lines of the person's offices; `status` narrows to those that wait."""
    shown, form = _visible(request), ObjectionFilter(request.GET)
    if form.is_valid():
        shown = form.applied(shown)
    context = {"page": KeysetPage(shown, LATEST, request.GET), "form": form}
    return render(request, "announcements/objection_list.html", context)


@access("objection.receive")
@require_http_methods(["GET", "HEAD", "POST"])
def objection_enter(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """Enter an objection that came in at the counter, by post or by telephone."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    row = get_object_or_404(Announcement.objects.published().visible_to(person, on), pk=pk)
    line = get_object_or_404(AnnouncementLine, announcement=row, position=position)
    form = CounterForm(request.POST or None, request.FILES or None, initial={"received_on": on})
    if request.method == "POST" and form.is_valid():
        try:
            made = objections.receive(line, **form.cleaned_data, by=Actor.of_request(request), at=timezone.now(), on=on)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"异议已登记，登记号 {made.pk}。该户暂缓，其余照常办理。")
            return redirect("announcements:objection_detail", pk=made.pk)
    return render(request, "announcements/objection_enter.html", {"row": row, "line": line, "form": form})


@access("objection.view")
@require_http_methods(["GET", "HEAD", "POST"])
def objection_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An objection, and the decision about it."""
    row, person = get_object_or_404(_visible(request), pk=pk), request.user
    assert isinstance(person, Person)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            objections.decide(
                row,
                upheld=form.cleaned_data["upheld"] != "no",
                recalculate=form.cleaned_data["upheld"] == "again",
                answer=form.cleaned_data["answer"],
                by=Actor.of_request(request),
                at=timezone.now(),
                on=timezone.localdate(),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            next_ = f"{row.get_remedy_display()}。" if row.remedy else ""
            messages.success(
                request, f"已处理：异议{row.get_status_display()}。{next_}答复书已制作，请打印盖章后送达。"
            )
            return redirect("announcements:objection_detail", pk=pk)
    signed = Event.objects.filter(case=row.line.case_id, person=person, step__in=SIGNATURES).exists()
    context = {
        "row": row,
        "form": form,
        "signed": signed,
        "files": row.files.select_related("file"),
        "may_decide": row.status == ObjectionStatus.OPEN and person.has_perm("objection.decide") and not signed,
    }
    return render(request, "announcements/objection_detail.html", context)


@access("objection.view")
@require_safe
def objection_file(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """A file that came with an objection."""
    row = get_object_or_404(_visible(request), pk=pk)
    return files.serve(get_object_or_404(row.files.select_related("file"), pk=file).file)


@access("objection.view")
@require_safe
def objection_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter that answers an objection."""
    row = get_object_or_404(_visible(request).filter(document__isnull=False), pk=pk)
    assert row.document is not None
    return files.serve(row.document.file)
