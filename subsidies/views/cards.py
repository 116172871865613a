"""社会保障卡变更: entered at the counter or brought by a file, confirmed or refused by another person (N5.4)."""

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
from caseworks.registry.models.cards import CardChangeQuerySet
from subsidies.filters import NEWEST
from subsidies.forms import CardDecisionForm, CardForm
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


def _waiting(request: HttpRequest) -> CardChangeQuerySet:
    return CardChange.objects.visible_to(person_of(request), timezone.localdate()).waiting()


@access("claim.view")
@require_safe
def card_list(request: HttpRequest) -> HttpResponse:
    """Changes of the scope that wait for another person: from the counter, and from files."""
    person, rows = person_of(request), _waiting(request)
    page = KeysetPage(rows.select_related("office", "proposed_by"), NEWEST, request.GET)
    people = Worker.objects.filter(id_hash__in=[row.id_hash for row in page]).values_list("id_hash", "pk")
    numbers = {bytes(id_hash): pk for id_hash, pk in people}
    context = {
        "page": page,
        "rows": [
            (number, row, numbers[bytes(row.id_hash)], row.proposed_by_id == person.pk)
            for number, row in page.numbered()
        ],
        "others": rows.exclude(proposed_by=person).count(),
        "may_decide": person.has_perm("registry.confirm"),
        "form": CardDecisionForm(),
    }
    return render(request, "subsidies/card_list.html", context)


@access("registry.confirm")
@require_POST
def card_decide(request: HttpRequest) -> HttpResponse:
    """Take cards into use, or send them back with a reason: the chosen ones, or all that were shown to wait."""
    form, back = CardDecisionForm(request.POST), redirect("subsidies:card_list")
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return back
    given, by, at = form.cleaned_data, Actor.of_request(request), timezone.now()
    rows = _waiting(request)
    if given["everything"] is None:
        ids = list(rows.filter(pk__in=given["cards"]).values_list("pk", flat=True))
    else:
        ids = list(rows.exclude(proposed_by=by.person).values_list("pk", flat=True))
        if len(ids) != given["everything"]:
            messages.error(
                request,
                f"待确认的已变为 {len(ids)} 笔，与所见的 {given['everything']} 笔不同，未作任何更改。请核对后重试。",
            )
            return back
    try:
        if given["decision"] == "refuse":
            done, word = cards.refuse(ids, because=given["because"], by=by, at=at), "退回"
        else:
            done, word = cards.confirm(ids, by=by, at=at), "启用"
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return back
    if done.done:
        messages.success(request, f"已{word} {done.done} 张社保卡。" + ("原登记不变。" if word == "退回" else ""))
    if done.left:
        messages.warning(request, "\n".join([f"{len(done.left)} 笔未作更改：", *done.left[:20]]))
    if not done.done and not done.left:
        messages.warning(request, "所选变更已不在待确认之列，未作任何更改。请刷新后重试。")
    return back
