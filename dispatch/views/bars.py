"""取消资格 at the desk: bars with their evidence, the agency's answer, and a supervisor's decision (J2.9)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.cases.enums import BarStatus
from caseworks.cases.models import Bar, BarQuerySet
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from dispatch import barring
from dispatch.enums import RevokeReason
from dispatch.filters import NEWEST, BarFilter
from dispatch.forms import BarForm
from dispatch.models import Finding, Obligation
from dispatch.views.applications import person_of


def visible(request: HttpRequest) -> BarQuerySet:
    """The bars of agencies of the own offices: those of parts that one may see."""
    parts = Obligation.objects.visible_to(person_of(request), timezone.localdate())
    rows = Bar.objects.filter(pk__in=Finding.objects.filter(obligation__in=parts, bar__isnull=False).values("bar"))
    assert isinstance(rows, BarQuerySet)
    return rows


@access("bar.view")
@require_safe
def bar_list(request: HttpRequest) -> HttpResponse:
    """The bars of the own offices, the newest first."""
    form, rows = BarFilter(request.GET), visible(request)
    if form.is_valid():
        rows = form.applied(rows)
    page = KeysetPage(rows, NEWEST, request.GET)
    names = dict(Unit.objects.filter(uscc__in=[row.uscc for row in page.rows]).values_list("uscc", "name"))
    for row in page.rows:
        row.agency = names.get(row.uscc, row.uscc)
    return render(request, "dispatch/bar_list.html", {"form": form, "page": page})


@access("bar.view")
@require_safe
def bar_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One bar: the parts that were found wanting, what is owed, what the agency says, and the decision."""
    bar = get_object_or_404(visible(request), pk=pk)
    shown, by = barring.show(bar), Actor.of_request(request)
    unit = Unit.objects.filter(uscc=bar.uscc).select_related("office").first()
    office = shown.findings[0].obligation.office
    context = {
        "bar": bar,
        "shown": shown,
        "unit": unit,
        "form": BarForm(label_suffix=""),
        "may_decide": bar.status == BarStatus.PROPOSED and by.may("bar.decide", office),
    }
    return render(request, "dispatch/bar_detail.html", context)


@access("bar.decide")
@require_POST
def bar_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm the finding or revoke the bar; the operation checks who may."""
    bar, form, at = get_object_or_404(visible(request), pk=pk), BarForm(request.POST), timezone.now()
    back, by = redirect("dispatch:bar_detail", pk), Actor.of_request(request)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    got = form.cleaned_data
    try:
        if got["action"] == "confirm":
            barring.confirm(
                bar, decision_no=got["decision_no"].strip(), delivered_on=got["delivered_on"], note=got["words"],
                by=by, at=at,
            )  # fmt: skip
            words = f"已查实：取消 {bar.year} 年度申领资格。"
        else:
            barring.revoke(
                bar, code=RevokeReason(got["code"] or RevokeReason.OTHER), words=got["words"],
                strike_off=got["strike_off"], by=by, at=at, on=timezone.localdate(at),
            )  # fmt: skip
            words = "已撤销：暂缓的申请和支付继续办理，经过保留。"
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back


@access("bar.view")
@require_safe
def answer_file(request: HttpRequest, pk: int, answer: int) -> HttpResponse:
    """What an agency handed in with its answer."""
    bar = get_object_or_404(visible(request), pk=pk)
    found = next((row for row in barring.show(bar).answers if row.pk == answer and row.file), None)
    if found is None or found.file is None:
        raise Http404
    return files.serve(found.file)
