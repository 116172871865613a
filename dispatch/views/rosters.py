"""名册 handed in at the counter: upload, what is wrong row by row or how it is split, and taking it (J2.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base.errors import Refusal
from caseworks.base.models import Run, RunState
from caseworks.base.watching import Watch
from caseworks.people.access import access
from caseworks.people.actors import Actor
from dispatch import tasks, uploads
from dispatch.enums import Channel
from dispatch.forms import RosterDecisionForm, RosterForm
from dispatch.models import Application
from dispatch.rosters import COLUMNS
from dispatch.views.applications import FLAGS, person_of

WORKER_MISSING = "后台服务没有应答，核对尚未开始。请系统管理员检查后台服务；恢复后在该页点“重新核对”。"
LABELS = {column.name: column.alias for column in COLUMNS}


def shown(run: Run) -> dict[str, Any]:
    """What a checked roster's page shows, amounts as numbers."""
    found = dict(run.summary)
    for name in ("premium", "difference", "amount", "own", "hosts"):
        if name in found:
            found[name] = Decimal(found[name])
    for part in found.get("parts", []):
        part |= {"premium": Decimal(part["premium"]), "amount": Decimal(part["amount"])}
        part["ratio"] = None if part["ratio"] is None else Decimal(part["ratio"])
    found["problems"] = [
        {**row, "label": LABELS.get(row["column"], row["column"])} for row in found.get("problems", [])
    ]
    found["signs"] = [(FLAGS.get(flag, flag), words) for flag, words in found.get("signs", {}).items()]
    return found


def begin(request: HttpRequest, run: Run) -> None:
    """Check a small roster at once, a large one in the background."""
    if uploads.is_small(run):
        try:
            uploads.look(run)
        except Refusal:
            return  # the run says why
    else:
        _send(request, lambda: tasks.check_roster.delay(run.pk))


def _send(request: HttpRequest, enqueue: Callable[[], object]) -> None:
    try:
        enqueue()
    except BrokerError:
        messages.error(request, WORKER_MISSING)


@access("dispatch.take")
@require_http_methods(["GET", "HEAD", "POST"])
def roster_new(request: HttpRequest) -> HttpResponse:
    """Hand a roster in for an agency, or in place of one that was sent back."""
    application = _resumed(request)
    start = {"on": timezone.localdate(), "year": timezone.localdate().year}
    if application is not None:
        start |= {"uscc": application.uscc, "year": application.year}
    form = RosterForm(request.POST or None, request.FILES or None, initial=start, label_suffix="")
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            run = uploads.receive(
                given["file"], uscc=given["uscc"], year=given["year"], on=given["on"], channel=Channel.COUNTER,
                application=application, by=Actor.of_request(request), at=timezone.now(),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            begin(request, run)
            return redirect("dispatch:roster_check", run.pk)
    context = {"form": form, "application": application}
    return render(request, "dispatch/roster_new.html", context, status=422 if form.errors else 200)


def _resumed(request: HttpRequest) -> Application | None:
    given = request.GET.get("application", "")
    if not given.isdigit():
        return None
    rows = Application.objects.visible_to(person_of(request), timezone.localdate())
    return get_object_or_404(rows, pk=int(given))


def upload_of(request: HttpRequest, run_id: int, kind: str = uploads.RUN_KIND) -> Run:
    """An upload of one's own; that of others is not found."""
    return get_object_or_404(Run, pk=run_id, kind=kind, person=person_of(request))


@access("dispatch.take")
@require_http_methods(["GET", "HEAD", "POST"])
def roster_check(request: HttpRequest, run_id: int) -> HttpResponse:
    """What was found in a roster; then hand it in, keep it as a draft, or throw it away."""
    run = upload_of(request, run_id)
    if request.method == "POST":
        return decided(request, run, {"again": "dispatch:roster_check", "done": "dispatch:application_detail",
                                      "list": "dispatch:application_list"})  # fmt: skip
    context = {
        "run": run,
        "watch": Watch.of(run, timezone.now()),
        "run_url": reverse("dispatch:roster_progress", args=[run.pk]),
        "found": shown(run),
    }
    return render(request, "dispatch/roster_check.html", context)


def decided(request: HttpRequest, run: Run, addresses: Mapping[str, str]) -> HttpResponse:
    """Carry out what was decided about an upload; `addresses` name the pages of this, of the result and of the list."""
    form, by, at = RosterDecisionForm(request.POST), Actor.of_request(request), timezone.now()
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return redirect(addresses["again"], run.pk)
    decision = form.cleaned_data["decision"]
    try:
        if decision == "discard":
            uploads.discard(run, by=by)
            messages.success(request, "已放弃这份名册，没有提交任何内容。")
            return redirect(addresses["list"])
        if decision == "again":
            if run.state == RunState.QUEUED:
                _send(request, lambda: tasks.check_roster.delay(run.pk))
            return redirect(addresses["again"], run.pk)
        taken = uploads.take(run, draft=decision == "draft", by=by, at=at)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(addresses["again"], run.pk)
    messages.success(request, "草稿已保存，尚未提交。" if decision == "draft" else "申请已提交。")
    return redirect(addresses["done"], taken.pk)


@access("dispatch.take")
@require_safe
def roster_progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """How far the check of a large roster is."""
    run = upload_of(request, run_id)
    if not run.is_open:
        return HttpResponseClientRefresh()
    context = {
        "run": run,
        "watch": Watch.of(run, timezone.now()),
        "run_url": reverse("dispatch:roster_progress", args=[run.pk]),
    }
    return render(request, "desk/_run.html", context)
