"""更换份额: a supervisor puts other parts in the place of those found wrong after payment, after seeing both (J2.3, J2.10)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.people.access import access
from caseworks.people.actors import Actor
from dispatch import uploads
from dispatch.forms import ReplacementForm, RosterDecisionForm
from dispatch.models import Application
from dispatch.views.applications import person_of
from dispatch.views.rosters import shown, upload_of


def _application(request: HttpRequest, pk: int) -> Application:
    rows = Application.objects.visible_to(person_of(request), timezone.localdate())
    return get_object_or_404(rows.select_related("office", "case"), pk=pk)


@access("dispatch.supervise")
@require_http_methods(["GET", "HEAD", "POST"])
def replacement_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in the corrected roster, with the reason; nothing is changed before both have been compared."""
    application = _application(request, pk)
    form = ReplacementForm(request.POST or None, request.FILES or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        got = form.cleaned_data
        try:
            run = uploads.receive_replacing(
                got["file"], application, reason=got["reason"], new_due_on=got["new_due_on"],
                by=Actor.of_request(request), at=timezone.now(),
            )  # fmt: skip
            uploads.look(run)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("dispatch:replacement_check", run.pk)
    context = {
        "form": form,
        "application": application,
        "parts": application.shares.live().order_by("host_uscc", "kind"),
    }
    return render(request, "dispatch/replacement_new.html", context, status=422 if form.errors else 200)


@access("dispatch.supervise")
@require_http_methods(["GET", "HEAD", "POST"])
def replacement_check(request: HttpRequest, run_id: int) -> HttpResponse:
    """The parts as they are beside those of the corrected roster; then let these stand, or throw the roster away."""
    run = upload_of(request, run_id, uploads.REPLACING_KIND)
    application = _application(request, run.summary["application"])
    if request.method == "POST":
        return _decided(request, run, application)
    found = shown(run)
    context = {
        "run": run,
        "application": application,
        "found": found,
        "changes": _changes(application, found),
        "same_sum": found.get("amount") == application.amount,
    }
    return render(request, "dispatch/replacement_check.html", context)


def _decided(request: HttpRequest, run: Run, application: Application) -> HttpResponse:
    form, by, at = RosterDecisionForm(request.POST), Actor.of_request(request), timezone.now()
    try:
        if form.is_valid() and form.cleaned_data["decision"] == "discard":
            uploads.discard(run, by=by)
            messages.success(request, "已放弃这份名册，没有作任何更改。")
        elif form.is_valid() and form.cleaned_data["decision"] == "submit":
            uploads.take(run, draft=False, by=by, at=at)
            messages.success(request, "份额已更换，原份额保留在经过中。")
        else:
            messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("dispatch:replacement_check", run.pk)
    return redirect("dispatch:application_detail", application.pk)


def _changes(application: Application, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Parts that are not the same on both sides, those that are new last."""
    now = {(share.kind, share.host_uscc): share for share in application.shares.live().order_by("host_uscc", "kind")}
    wanted = {(part["kind"], part["host_uscc"]): part for part in found.get("parts", [])}
    rows = []
    for key in [*now, *(key for key in wanted if key not in now)]:
        old, new = now.get(key), wanted.get(key)
        if old and new and (old.amount, old.premium) == (new["amount"], new["premium"]):
            continue
        name = (old.host_name if old else "") or (new or {}).get("host_name", "")
        rows.append(
            {
                "kind": key[0],
                "host": name or key[1],
                "premium_before": old.premium if old else None,
                "premium_after": new["premium"] if new else None,
                "before": old.amount if old else None,
                "after": new["amount"] if new else None,
            }
        )
    return rows
