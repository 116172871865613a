"""重复享受: both records side by side, what is proposed, and the word that it is none (J3.2)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.money.models import Recovery
from caseworks.people.access import access
from caseworks.people.actors import Actor
from subsidies import overlaps
from subsidies.filters import NEWEST, OverlapFilter
from subsidies.forms import DismissForm
from subsidies.models import Overlap
from subsidies.views.shared import person_of, scoped


@access("claim.view")
@require_safe
def overlap_list(request: HttpRequest) -> HttpResponse:
    """Findings of the scope, each with the claim and the training subsidy side by side."""
    person, on = person_of(request), timezone.localdate()
    form = scoped(request, on, OverlapFilter)
    assert isinstance(form, OverlapFilter)
    rows = Overlap.objects.visible_to(person, on).select_related("claim__office", "claim__case")
    page = KeysetPage(form.applied(rows) if form.is_valid() else rows.none(), NEWEST, request.GET, size=20)
    keys = {overlaps.key_of(row.claim_id): row.claim_id for row in page}
    found = {keys[row.key]: row for row in Recovery.objects.filter(key__in=keys)}
    context = {
        "form": form,
        "page": page,
        "rows": [(number, row, found.get(row.claim_id)) for number, row in page.numbered()],
        "waiting": set(Overlap.objects.waiting().filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True)),
        "dismissing": DismissForm(),
        "may_look": person.has_perm("claim.take"),
        "may_dismiss": person.has_perm("overlap.dismiss"),
    }
    return render(request, "subsidies/overlap_list.html", context)


@access("claim.take")
@require_POST
def overlap_look(request: HttpRequest) -> HttpResponse:
    """Compare now with what was imported since."""
    done = overlaps.look(by=Actor.of_request(request), at=timezone.now())
    messages.success(request, f"已比对：新发现 {done.found} 条，提出追回 {done.proposed} 笔。")
    return redirect("subsidies:overlap_list")


@access("overlap.dismiss")
@require_POST
def overlap_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a finding is no double benefit, and why."""
    row = get_object_or_404(Overlap.objects.visible_to(person_of(request), timezone.localdate()), pk=pk)
    form = DismissForm(request.POST)
    try:
        because = str(form.cleaned_data["because"]) if form.is_valid() else ""
        overlaps.dismiss(row, because=because, by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已认定不构成重复享受；尚未确认的追回已撤销。")
    return redirect("subsidies:overlap_list")
