"""试算: asked for from a draft, watched, read. Putting the row in force stays another person's. (N2.7)"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run, RunState
from caseworks.base.watching import Watch
from caseworks.law import comparing
from caseworks.law.models import Policy
from caseworks.oversight import tasks, trials
from caseworks.oversight.views.asking import person_of
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.scope import offices_in_scope

ENDED = {
    RunState.QUEUED: "等待开始",
    RunState.RUNNING: "正在试算",
    RunState.DONE: "试算完成",
    RunState.REFUSED: "未试算",
    RunState.FAILED: "试算出错，未作任何更改，可再试",
    RunState.INTERRUPTED: "试算中断，未作任何更改，可再试",
}


@access("policy.draft")
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Try a draft; one trial of a row at a time."""
    number = request.POST.get("policy", "")
    if not number.isdigit():
        messages.error(request, "没有选中政策，未试算。请从政策页面发起。")
        return redirect("admin:law_policy_changelist")
    policy = get_object_or_404(Policy, pk=number)
    try:
        run, new = trials.ask(policy, by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:law_policy_change", policy.pk)
    if new:
        try:
            tasks.trial.delay_on_commit(run.pk)
        except BrokerError:
            messages.error(request, "后台服务没有应答，试算尚未开始。请系统管理员检查后台服务。")
    return redirect("admin:oversight_trial_detail", run.pk)


@dataclass(frozen=True)
class Moved:
    """So many units that were judged one way and would be another."""

    before: str
    after: str
    same: bool
    units: int
    was: Decimal
    now: Decimal

    @property
    def difference(self) -> Decimal:
        """More or less money."""
        return self.now - self.was


def _run(pk: int) -> Run:
    run = get_object_or_404(Run.objects.select_related("person"), pk=pk, kind=trials.KIND)
    return runs.settle(run, timezone.now())


@access("dashboard.view")
@require_safe
def shown(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; when it has ended, how many units and how much money would change."""
    run = _run(pk)
    policy = Policy.objects.filter(pk=run.key).first()
    context: dict[str, Any] = {
        "run": run,
        "policy": policy,
        "ended": ENDED[RunState(run.state)],
        "watch": Watch.of(run, timezone.now()),
        "progress_url": reverse("admin:oversight_trial_progress", args=[pk]),
    }
    if run.state == RunState.DONE:
        context |= _result(request, run, policy)
    return render(request, "oversight/trial.html", context)


def _result(request: HttpRequest, run: Run, policy: Policy | None) -> dict[str, Any]:
    kept, words = run.summary, run.summary["words"]
    moved = [
        Moved(words[before], words[after], before == after, units, Decimal(was), Decimal(now))
        for before, after, units, was, now in kept["moved"]
    ]
    payable = {words[code] for code in kept["payable"]}
    whole = offices_in_scope(person_of(request), timezone.localdate()).filter(level="province").exists()
    return {
        "kept": kept,
        "moved": moved,
        "stale": policy is None or comparing.fingerprint(policy) != kept["fingerprint"],
        "units": sum(row.units for row in moved),
        "paid_before": sum(row.units for row in moved if row.before in payable),
        "paid_after": sum(row.units for row in moved if row.after in payable),
        "was": sum((row.was for row in moved), Decimal(0)),
        "now": sum((row.now for row in moved), Decimal(0)),
        "places": [(place, units, Decimal(amount)) for place, units, amount in kept["places"]],
        # single units stand here for who sees the whole province; others see the sums
        "most": [
            (uscc, name, words[before], words[after], Decimal(was), Decimal(now))
            for uscc, name, before, after, was, now in kept["most"]
        ]
        if whole
        else [],
    }


@access("dashboard.view")
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; the page is loaded anew once the run has ended."""
    run = _run(pk)
    context = {
        "run": run,
        "watch": Watch.of(run, timezone.now()),
        "run_url": reverse("admin:oversight_trial_progress", args=[pk]),
    }
    response = render(request, "desk/_run.html", context)
    if not run.is_open:
        response["HX-Refresh"] = "true"
    return response
