"""重新核算: start one, watch it, read what it found. (N2.3)"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import RunState
from caseworks.base.watching import Watch
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from refunds import recalculation, tasks
from refunds.forms import RecalculationForm
from refunds.models import Assessment, Recalculation

#: What became of the units, in the order in which it is told.
FOUND = {
    "topup": ("应补", "green", "现核定高于已核定，待人决定"),
    "overpaid": ("应退", "amber", "现核定低于已核定，待人决定"),
    "same": ("无差额", "grey", "现核定与已核定相同，或差额不再重办"),
    "reviewing": ("审核中", "blue", "在审核中重新核定"),
    "moving": ("在途或银行退回", "blue", "待银行结果后再核"),
    "undecided": ("待核定", "amber", "缺少事实，先人工核定"),
    "nothing": ("没有有效业务件", "grey", "已不予支付、撤回或视为放弃"),
}


@access("recalculation.run")
@require_http_methods(["GET", "POST"])
def recalculation_new(request: HttpRequest) -> HttpResponse:
    """Choose year, region and the day whose policy counts; press."""
    on, person = timezone.localdate(), request.user
    assert isinstance(person, Person)
    years = Assessment.objects.filter(case__isnull=False).order_by("-year").values_list("year", flat=True)
    form = RecalculationForm(
        request.POST or None, person=person, on=on, initial={"year": request.GET.get("year") or years.first()}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            prepared = recalculation.prepare(
                year=given["year"], region=given["region"], as_of=given["as_of"], by=Actor.of_request(request),
                at=timezone.now(),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            try:
                tasks.recalculate.delay_on_commit(prepared.pk)
            except BrokerError:
                messages.error(request, "后台服务没有应答，重新核算尚未开始，未作任何更改。请系统管理员检查后台服务。")
            return redirect("refunds:recalculation_detail", prepared.pk)
    return render(request, "refunds/recalculation_new.html", {"form": form})


def _watched(pk: int) -> Recalculation:
    found = get_object_or_404(Recalculation.objects.select_related("run__person"), pk=pk)
    runs.settle(found.run, timezone.now())
    if not found.run.is_open:
        found.run.message = ""
    return found


@access("recalculation.view")
@require_safe
def recalculation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, and what came of it."""
    found = _watched(pk)
    figures = [
        (label, tone, words, found.totals[code]) for code, (label, tone, words) in FOUND.items() if code in found.totals
    ]
    context = {
        "row": found,
        "watch": Watch.of(found.run, timezone.now()),
        "progress_url": reverse("refunds:recalculation_progress", args=[pk]),
        "finished": found.run.state == RunState.DONE,
        "figures": figures,
    }
    return render(request, "refunds/recalculation_detail.html", context)


@access("recalculation.view")
@require_safe
def recalculation_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; the page is loaded anew once the run has ended."""
    found = _watched(pk)
    context = {
        "run": found.run,
        "watch": Watch.of(found.run, timezone.now()),
        "run_url": reverse("refunds:recalculation_progress", args=[pk]),
    }
    response = render(request, "desk/_run.html", context)
    if not found.run.is_open:
        response["HX-Refresh"] = "true"
    return response
