"""An agency's own application: its premium, the roster it hands in, the split, and how the matter stands (J2.6, N5.3)."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.watching import Watch
from caseworks.people.access import portal
from caseworks.people.actors import Actor
from dispatch import applications, checks, matters, uploads
from dispatch.enums import ApplicationStatus, Channel
from dispatch.forms import ApplicationForm, AttachmentForm, RosterFileForm
from dispatch.models import Application
from dispatch.views.applications import form_response, parts_of
from dispatch.views.rosters import begin, decided, shown, upload_of


def _application(uscc: str, pk: int) -> Application:
    rows = Application.objects.of_unit(uscc).select_related("office", "case", "policy")
    return get_object_or_404(rows, pk=pk)


@portal
@require_safe
def home(request: HttpRequest, uscc: str) -> HttpResponse:
    """The agency's years, the newest first, and the year that is open for application."""
    on = timezone.localdate()
    data = {"years": matters.years(uscc), "open": matters.open_years(uscc, on), "forwarding": True}
    context = {"agency": matters.agency(uscc), "data": data}
    return render(request, "dispatch/portal_home.html", context)


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, uscc: str, year: int) -> HttpResponse:
    """Hand in the roster of a year: what may stand in the way is said at once."""
    application = Application.objects.of_unit(uscc).filter(year=year, status=ApplicationStatus.SENT_BACK).first()
    on, form, problem, ground = (
        timezone.localdate(),
        RosterFileForm(request.POST or None, request.FILES or None),
        "",
        None,
    )
    try:
        ground = checks.ground(uscc, year, on, resumed=application is not None)
    except Refusal as refusal:
        problem = str(refusal)
    if request.method == "POST" and not problem and form.is_valid():
        try:
            run = _received(request, form, uscc, year, on, application)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            begin(request, run)
            return redirect("dispatch_portal:roster", run.pk)
    context = {"form": form, "problem": problem, "ground": ground, "year": year, "application": application}
    return render(request, "dispatch/portal_apply.html", context, status=422 if form.errors else 200)


def _received(
    request: HttpRequest, form: RosterFileForm, uscc: str, year: int, on: dt.date, application: Application | None
) -> Run:
    return uploads.receive(
        form.cleaned_data["file"], uscc=uscc, year=year, on=on, channel=Channel.PORTAL, application=application,
        by=Actor.of_request(request), at=timezone.now(),
    )  # fmt: skip


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def roster(request: HttpRequest, uscc: str, run_id: int) -> HttpResponse:
    """What is wrong with the roster, row by row; or the split, to be handed in."""
    run = _own(request, uscc, run_id)
    if request.method == "POST":
        return decided(request, run, {"again": "dispatch_portal:roster", "done": "dispatch_portal:application",
                                      "list": "dispatch_portal:home"})  # fmt: skip
    context = {
        "run": run,
        "watch": Watch.of(run, timezone.now()),
        "run_url": reverse("dispatch_portal:roster_progress", args=[run.pk]),
        "found": shown(run),
    }
    return render(request, "dispatch/portal_roster.html", context)


@portal
@require_safe
def roster_progress(request: HttpRequest, uscc: str, run_id: int) -> HttpResponse:
    """How far the check of a large roster is."""
    run = _own(request, uscc, run_id)
    if not run.is_open:
        return HttpResponseClientRefresh()
    url = reverse("dispatch_portal:roster_progress", args=[run.pk])
    return render(request, "desk/_run.html", {"run": run, "watch": Watch.of(run, timezone.now()), "run_url": url})


def _own(request: HttpRequest, uscc: str, run_id: int) -> Run:
    run = upload_of(request, run_id)
    return get_object_or_404(Run, pk=run.pk, summary__uscc=uscc)


@portal
@require_safe
def application(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """An application as its agency sees it."""
    found = _application(uscc, pk)
    context = {
        "application": found,
        **parts_of(found),
        "attachments": found.attachments.select_related("file"),
        "lines": found.lines.all(),
        "sent_back": found.lines.filter(action="sent_back").last() if found.status == "sent_back" else None,
        "form": AttachmentForm(label_suffix=""),
        "may_withdraw": found.case_id is None and found.status != ApplicationStatus.WITHDRAWN,
    }
    return render(request, "dispatch/portal_application.html", context)


@portal
@require_POST
def application_act(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """Hand in a draft, or take the application back."""
    found, form, by, at = (
        _application(uscc, pk),
        ApplicationForm(request.POST),
        Actor.of_request(request),
        timezone.now(),
    )
    back = redirect("dispatch_portal:application", pk)
    if not form.is_valid() or form.cleaned_data["action"] not in ("withdraw", "submit"):
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    try:
        if form.cleaned_data["action"] == "withdraw":
            applications.withdraw(found, note=form.cleaned_data["note"], by=by, at=at)
            words = "申请已撤回。"
        else:
            applications.submit_draft(found, on=timezone.localdate(at), by=by, at=at)
            words = "申请已提交，经办机构受理后在这里告知进度。"
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back


@portal
@require_POST
def attachment_add(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """Keep a paper with the own application."""
    found, form = _application(uscc, pk), AttachmentForm(request.POST, request.FILES)
    back = redirect("dispatch_portal:application", pk)
    if not form.is_valid():
        messages.error(request, "没有保存：" + "；".join(str(e) for errors in form.errors.values() for e in errors))
        return back
    try:
        accepted = files.accept(form.cleaned_data["file"], kinds=files.SCANS)
        applications.attach(
            found, accepted, kind=form.cleaned_data["kind"], by=Actor.of_request(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "附件已保存。")
    return back


@portal
@require_safe
def attachment_file(request: HttpRequest, uscc: str, pk: int, attachment: int) -> HttpResponse:
    """The content of a paper of one's own application."""
    found = get_object_or_404(_application(uscc, pk).attachments.select_related("file"), pk=attachment)
    return files.serve(found.file)


@portal
@require_safe
def roster_form(request: HttpRequest, uscc: str) -> HttpResponse:
    """The empty roster with Chinese headers."""
    return form_response()
