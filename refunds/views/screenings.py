"""Screenings: start one on what is known, watch it, and read what came of it. (N5.1)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import RunState
from caseworks.base.pages import KeysetPage, Order
from caseworks.base.watching import Watch
from caseworks.law.models import Policy
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import scope_of
from caseworks.registry import partitions
from refunds import freshness, rulebook, screening, tasks
from refunds.filters import CHANGE_ORDERS, ChangeFilter
from refunds.forms import ScreeningForm
from refunds.models import AssessmentChange, ScreeningRun
from refunds.reach import Reach
from refunds.views import summaries_shown, words

ORDERS = {"new": Order("最近发起", ("pk",), descending=True)}
WORKER_MISSING = "后台服务没有应答，筛查尚未开始，未作任何更改。请系统管理员检查后台服务；恢复后点“重新提交”。"
ENDED = {
    RunState.QUEUED: "等待开始",
    RunState.RUNNING: "正在筛查",
    RunState.DONE: "筛查完成",
    RunState.REFUSED: "未筛查：不满足条件，未作任何更改",
    RunState.FAILED: "筛查出错：已完成的市（州）保留，其余未改动，可再次筛查",
    RunState.INTERRUPTED: "筛查中断：已完成的市（州）保留，其余未改动，可再次筛查",
}


def person_of(request: HttpRequest) -> Person:
    """The signed-in member of staff."""
    assert isinstance(request.user, Person)
    return request.user


@access("screening.view")
@require_safe
def screening_list(request: HttpRequest) -> HttpResponse:
    """Every screening, the newest first."""
    found = ScreeningRun.objects.select_related("run__person")
    page = KeysetPage(found, ORDERS, request.GET, size=20)
    places = summaries_shown.places(row.region for row in page)
    whole = scope_of(person_of(request), timezone.localdate()).province
    may_run = request.user.has_perm("screening.run")
    first_url = reverse("refunds:screening_new") if may_run else reverse("registry:import_list")
    context = {
        "page": page,
        "rows": [summaries_shown.ListRow.of(row, places[row.region], whole=whole) for row in page],
        "may_run": may_run,
        "first_url": first_url,
        "first_action": "发起筛查" if may_run else "查看数据导入",
    }
    return render(request, "refunds/screening_list.html", context)


@dataclass(frozen=True)
class PolicyShown:
    """A policy row with its figures in words."""

    policy: Policy
    figures: list[words.FigureRow]


def policies_shown(policies: Iterable[Policy]) -> list[PolicyShown]:
    """Policy rows as shown, the most particular first: it is the one that counts where several cover a unit."""
    return [PolicyShown(row, words.figures(row)) for row in sorted(policies, key=lambda row: -len(row.region))]


@dataclass(frozen=True)
class Basis:
    """What a screening would stand on: shown before anybody presses the button."""

    policies: list[PolicyShown] = field(default_factory=list)
    fresh: summaries_shown.Fresh | None = None
    problem: str = ""


def _basis(form: ScreeningForm) -> Basis:
    if not form.is_bound or not form.is_valid():
        return Basis()
    given = form.cleaned_data
    try:
        rules = rulebook.freeze(year=given["year"], region=given["region"], as_of=given["as_of"])
    except Refusal as refusal:
        return Basis(problem=str(refusal))
    shown = policies_shown(rules.policies)
    try:
        reach = Reach.of(Actor.of_person(form.person), given["region"], form.on)
        found = freshness.guard(rules.question.premium_year, reach)
    except Refusal as refusal:
        return Basis(shown, problem=str(refusal))
    return Basis(shown, summaries_shown.Fresh.of(found.as_json()))


def _first_values(form: ScreeningForm, request: HttpRequest, on: dt.date) -> dict[str, Any]:
    """What the form starts with: the newest policy year of whose premium there is data, the widest region, today."""
    given = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    choices = {name: getattr(form.fields[name], "choices", []) for name in ("year", "region")}
    first = {name: found[0][0] for name, found in choices.items() if found}
    paid_for = partitions.years()
    first["year"] = next((year for year, _ in choices["year"] if year - 1 in paid_for), first.get("year", ""))
    return {**first, "as_of": on.isoformat(), **given}


@access("screening.run")
@require_http_methods(["GET", "POST"])
def screening_new(request: HttpRequest) -> HttpResponse:
    """Choose year, region and day; see the policy and the data; press."""
    on, person = timezone.localdate(), person_of(request)
    if request.method == "POST":
        form = ScreeningForm(request.POST, person=person, on=on)
        if form.is_valid():
            try:
                prepared = screening.prepare(
                    year=form.cleaned_data["year"],
                    region=form.cleaned_data["region"],
                    as_of=form.cleaned_data["as_of"],
                    by=Actor.of_request(request),
                    at=timezone.now(),
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                _send(request, prepared)
                return redirect("refunds:screening_detail", prepared.pk)
    else:
        blank = ScreeningForm(person=person, on=on)
        form = ScreeningForm(_first_values(blank, request, on), person=person, on=on)
    return render(request, "refunds/screening_new.html", {"form": form, "basis": _basis(form)})


@access("screening.run")
@require_safe
def screening_basis(request: HttpRequest) -> HttpResponse:
    """The policy and the data for what is chosen in the form."""
    form = ScreeningForm(request.GET, person=person_of(request), on=timezone.localdate())
    context = {"basis": _basis(form) if form.is_valid() else Basis(problem=_problems(form))}
    return render(request, "refunds/_screening_basis.html", context)


def _send(request: HttpRequest, prepared: ScreeningRun) -> None:
    """Hand a screening to the background; without a broker it stays queued and says so."""
    try:
        tasks.screen.delay_on_commit(prepared.pk)
    except BrokerError:
        messages.error(request, WORKER_MISSING)


def _problems(form: ScreeningForm) -> str:
    return "\n".join(f"{form.fields[name].label}：{error}" for name, found in form.errors.items() for error in found)


def _watched(pk: int) -> ScreeningRun:
    rows = ScreeningRun.objects.select_related("run__person", "policy", "previous__run")
    found = get_object_or_404(rows, pk=pk)
    runs.settle(found.run, timezone.now())
    if not found.run.is_open:
        found.run.message = ""  # what was being done last says nothing once it has ended
    return found


@access("screening.run")
@require_POST
def screening_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a screening that waits in the queue to the background once more; twice is as good as once."""
    found = _watched(pk)
    if found.run.state == RunState.QUEUED:
        _send(request, found)
    return redirect("refunds:screening_detail", pk)


@access("screening.view")
@require_safe
def screening_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; when it has ended, what came of it for the offices that the person sees."""
    found, person, on = _watched(pk), person_of(request), timezone.localdate()
    numbers = {int(number) for number in found.policies} or {found.policy_id or 0}
    shown = policies_shown(Policy.objects.filter(pk__in=numbers).prefetch_related("figures"))
    context = {
        "screening": found,
        "watch": Watch.of(found.run, timezone.now()),
        "progress_url": reverse("refunds:screening_progress", args=[pk]),
        "place": summaries_shown.places([found.region])[found.region],
        "ended": ENDED[RunState(found.run.state)],
        "finished": found.run.state == RunState.DONE,
        "policies": shown,
        "fresh": summaries_shown.Fresh.of(found.freshness) if found.freshness else None,
        "may_run": request.user.has_perm("screening.run"),
        "may_export": request.user.has_perm("export.make"),
        "again_url": f"{reverse('refunds:screening_new')}?year={found.year}&region={found.region}",
    }
    if context["finished"]:
        context |= summaries_shown.result(found, person, on, shown[0].policy if shown else None)
    return render(request, "refunds/screening_detail.html", context)


@access("screening.view")
@require_safe
def screening_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; the page is loaded anew once the run has ended."""
    found = _watched(pk)
    now = timezone.now()
    context = {
        "run": found.run,
        "watch": Watch.of(found.run, now),
        "run_url": reverse("refunds:screening_progress", args=[pk]),
    }
    response = render(request, "desk/_run.html", context)
    if not found.run.is_open:
        response["HX-Refresh"] = "true"
    return response


@access("screening.view")
@require_safe
def screening_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """What this screening changed, unit by unit, within the person's scope."""
    found = _watched(pk)
    form, rows = changes(request, found)
    page = KeysetPage(rows.select_related("office"), CHANGE_ORDERS, request.GET)
    context = {
        "screening": found,
        "place": summaries_shown.places([found.region])[found.region],
        "form": form,
        "page": page,
        "rows": [words.ChangeRow.of(row) for row in page],
        "query": request.GET.urlencode(),
        "may_export": request.user.has_perm("export.make"),
    }
    return render(request, "refunds/screening_changes.html", context)


def changes(request: HttpRequest, found: ScreeningRun) -> tuple[ChangeFilter, Any]:
    """The filter form of the differences and the rows it chooses within the scope."""
    person, on = person_of(request), timezone.localdate()
    form = ChangeFilter(request.GET, person=person, on=on)
    rows: Any = AssessmentChange.objects.visible_to(person, on).filter(screening=found)
    return form, form.applied(rows) if form.is_valid() else rows
