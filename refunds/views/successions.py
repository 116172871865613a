"""单位承继: entered by a clerk with date and document, confirmed by another person, revoked where it was wrong."""

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
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import successions as registered
from caseworks.registry.enums import SuccessionStatus
from caseworks.registry.models import Succession
from refunds import successions
from refunds.forms import SuccessionDecisionForm, SuccessionForm
from refunds.models import Assessment

LATEST = {"latest": Order("最近", ("pk",), descending=True)}


def _visible(request: HttpRequest) -> QuerySet[Succession]:
    assert isinstance(request.user, Person)
    seen = Succession.objects.visible_to(request.user, timezone.localdate())
    return seen.select_related("office", "file")


@access("registry.view")
@require_safe
def succession_list(request: HttpRequest) -> HttpResponse:
    """The successions of the person's offices; `status` narrows to those that wait."""
    shown, status = _visible(request), request.GET.get("status", "")
    if status in SuccessionStatus.values:
        shown = shown.filter(status=status)
    context = {
        "page": KeysetPage(shown, LATEST, request.GET),
        "status": status,
        "statuses": SuccessionStatus.choices,
        "may_propose": request.user.has_perm("succession.propose"),
    }
    return render(request, "refunds/succession_list.html", context)


@access("succession.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def succession_new(request: HttpRequest) -> HttpResponse:
    """Enter that a unit goes on as another."""
    first = {"predecessor": request.GET.get("predecessor", ""), "successor": request.GET.get("successor", "")}
    form = SuccessionForm(request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = registered.propose(**form.cleaned_data, by=Actor.of_request(request), at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, f"已登记：{made.predecessor_name} 由 {made.successor_name} 承继，等待另一人确认。"
            )
            return redirect("refunds:succession_detail", made.pk)
    return render(request, "refunds/succession_new.html", {"form": form})


@access("registry.view")
@require_http_methods(["GET", "HEAD", "POST"])
def succession_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A succession, how both units are judged, and the decision of another person."""
    row, person = get_object_or_404(_visible(request), pk=pk), request.user
    assert isinstance(person, Person)
    own = row.proposed_by_id == person.pk
    decides = row.status in (SuccessionStatus.PROPOSED, SuccessionStatus.CONFIRMED) and not own
    may = decides and person.has_perm("registry.confirm")
    form = SuccessionDecisionForm(request.POST or None) if may else None
    if request.method == "POST":
        if form is None:
            messages.error(request, "未作任何更改：这条登记已办理，或须由另一位复核人员办理。")
            return redirect("refunds:succession_detail", pk)
        if form.is_valid() and _decided(request, row, form):
            return redirect("refunds:succession_detail", pk)
    judged = Assessment.objects.filter(uscc__in=[row.predecessor, row.successor]).order_by("-year", "-joined")
    context = {
        "row": row,
        "form": form,
        "own": own,
        "judged": judged,
        "in_the_way": successions.cases_in_the_way(row) if decides or own else [],
    }
    return render(request, "refunds/succession_detail.html", context)


def _decided(request: HttpRequest, row: Succession, form: SuccessionDecisionForm) -> bool:
    by, at, given = Actor.of_request(request), timezone.now(), form.cleaned_data
    try:
        match given["decision"]:
            case "confirm":
                done = successions.confirm(row, by=by, at=at, note=given["note"])
                messages.success(request, f"已确认，缴费合并计算，已重新核算 {len(done.judged)} 份核算单。")
            case "refuse":
                registered.refuse(row, by=by, at=at, note=given["note"])
                messages.success(request, "已退回，未改变核算结果。")
            case _:
                done = successions.revoke(row, by=by, at=at, because=given["note"])
                messages.success(request, f"已撤销，缴费分开计算，已重新核算 {len(done.judged)} 份核算单。")
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@access("registry.view")
@require_safe
def succession_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The document by which it was done."""
    return files.serve(get_object_or_404(_visible(request), pk=pk).file)
