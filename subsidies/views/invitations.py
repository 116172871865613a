"""政策找人: who was told that something can be claimed, and looking for the next ones (J4.2, N7.1)."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.pages import KeysetPage
from caseworks.base.watching import Watch
from caseworks.people.access import access
from caseworks.people.actors import Actor
from subsidies import invitations, tasks
from subsidies.filters import NEWEST
from subsidies.models import Claim, Invitation
from subsidies.views.shared import person_of, send


def _latest() -> Run | None:
    run = Run.objects.of(invitations.KIND).first()
    return runs.settle(run, timezone.now()) if run else None


@access("claim.view")
@require_safe
def invitation_list(request: HttpRequest) -> HttpResponse:
    """Invitations of the scope, each with whether a claim came of it."""
    person, on = person_of(request), timezone.localdate()
    came = Claim.objects.filter(id_hash=OuterRef("id_hash"), cert_no=OuterRef("cert_no"))
    rows = Invitation.objects.visible_to(person, on).select_related("office").annotate(came=Exists(came))
    latest = _latest()
    context = {
        "page": KeysetPage(rows, NEWEST, request.GET),
        "latest": latest,
        "watch": Watch.of(latest, timezone.now()) if latest else None,
        "run_url": reverse("subsidies:invitation_progress", args=[latest.pk]) if latest else "",
        "may_invite": person.has_perm("claim.invite"),
    }
    return render(request, "subsidies/invitation_list.html", context)


@access("claim.invite")
@require_POST
def invitation_run(request: HttpRequest) -> HttpResponse:
    """Look for people who could claim and have not, and tell them; in the background."""
    try:
        run = invitations.begin(by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        send(request, lambda: tasks.invite.delay(run.pk))
    return redirect("subsidies:invitation_list")


@access("claim.view")
@require_safe
def invitation_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; the page is loaded anew once it has ended."""
    run = runs.settle(get_object_or_404(Run, pk=pk, kind=invitations.KIND), timezone.now())
    if not run.is_open:
        return HttpResponseClientRefresh()
    context = {
        "run": run,
        "watch": Watch.of(run, timezone.now()),
        "run_url": reverse("subsidies:invitation_progress", args=[pk]),
    }
    return render(request, "desk/_run.html", context)
