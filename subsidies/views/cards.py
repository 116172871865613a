"""社会保障卡变更: entered at the counter by one person, confirmed or refused by another (N5.4)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.scope import scope_of
from caseworks.registry import cards
from caseworks.registry.models import CardChange, Worker
from subsidies.filters import NEWEST
from subsidies.forms import CardForm
from subsidies.views.shared import person_of


@sensitive_post_parameters("account", "again")
@access("account.enter")
@require_http_methods(["GET", "HEAD", "POST"])
def card_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter another card of a person of the own offices."""
    worker = get_object_or_404(Worker, pk=pk)
    if not scope_of(person_of(request), timezone.localdate(), "account.enter").covers(cards.office_of(worker)):
        raise Http404
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        card = cards.Card(given["bank"], given["account"], given["active"])
        try:
            cards.propose(worker, card, source=given["source"], by=Actor.of_request(request), at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "新卡已登记，由另一人确认后启用；确认前不向此人拨付。")
            return redirect("subsidies:worker_detail", pk=pk)
    return render(
        request, "subsidies/card_new.html", {"worker": worker, "form": form}, status=422 if form.errors else 200
    )


@access("claim.view")
@require_safe
def card_list(request: HttpRequest) -> HttpResponse:
    """Changes of the scope that wait for another person."""
    person, on = person_of(request), timezone.localdate()
    rows = CardChange.objects.visible_to(person, on).waiting().select_related("office", "proposed_by")
    context = {
        "page": KeysetPage(rows, NEWEST, request.GET, size=20),
        "may_decide": person.has_perm("registry.confirm"),
    }
    return render(request, "subsidies/card_list.html", context)


@access("registry.confirm")
@require_POST
def card_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a card into use, or send it back with a reason."""
    change = get_object_or_404(CardChange.objects.visible_to(person_of(request), timezone.localdate()), pk=pk)
    by, at = Actor.of_request(request), timezone.now()
    try:
        if request.POST.get("decision") == "refuse":
            cards.refuse(change, because=request.POST.get("because", ""), by=by, at=at)
            messages.success(request, f"{change.name}的社保卡变更已退回，原登记不变。")
        else:
            cards.confirm(change, by=by, at=at)
            messages.success(request, f"{change.name}的新社保卡（尾号 {change.account_tail}）已启用。")
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("subsidies:card_list")
