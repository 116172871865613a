"""账户变更: accounts entered at the counter or proposed by an import, confirmed or refused by another. (N5.1, N5.2)"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import accounts
from caseworks.registry.access import of_visible_units
from caseworks.registry.account_forms import CounterAccountForm
from caseworks.registry.accounts import Given
from caseworks.registry.forms import AccountDecisionForm
from caseworks.registry.models import Account, Unit

ORDERS = {"uscc": Order("信用代码", ("uscc", "kind"))}


@dataclass(frozen=True)
class Proposal:
    """A changed account beside the one it would replace."""

    number: int
    account: Account
    current: Account | None
    unit: Unit | None
    own: bool


@access("registry.view")
@require_http_methods(["GET", "HEAD", "POST"])
def account_proposals(request: HttpRequest) -> HttpResponse:
    """The changed accounts of the person's units; a reviewer confirms or refuses them."""
    person = request.user
    assert isinstance(person, Person)
    if request.method == "POST":
        return _decide(request, person)
    waiting = of_visible_units(Account.objects.waiting(), person, timezone.localdate())
    page = KeysetPage(waiting.defer("account_hash"), ORDERS, request.GET)
    context = {
        "page": page,
        "proposals": _beside(page.numbered(), person),
        "may_confirm": person.has_perm("registry.confirm"),
        "form": AccountDecisionForm(),
    }
    return render(request, "registry/account_proposals.html", context)


def _beside(numbered: Iterable[tuple[int, Account]], person: Person) -> list[Proposal]:
    rows = list(numbered)
    codes = [account.uscc for _, account in rows]
    current = {(row.uscc, row.kind): row for row in Account.objects.current().filter(uscc__in=codes)}
    units = {unit.uscc: unit for unit in Unit.objects.filter(uscc__in=codes).only("uscc", "name")}
    return [
        Proposal(number, row, current.get((row.uscc, row.kind)), units.get(row.uscc), row.proposed_by_id == person.pk)
        for number, row in rows
    ]


def _decide(request: HttpRequest, person: Person) -> HttpResponse:
    back = redirect(f"{reverse('registry:account_proposals')}?{request.GET.urlencode()}")
    form = AccountDecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return back
    chosen = of_visible_units(
        Account.objects.filter(pk__in=form.cleaned_data["accounts"]), person, timezone.localdate()
    )
    done, refused, at = 0, [], timezone.now()
    by = Actor.of_request(request)
    for account in chosen.order_by("uscc", "kind"):
        try:
            if form.cleaned_data["decision"] == "confirm":
                accounts.confirm(account, by=by, at=at)
            else:
                accounts.refuse(account, because=form.cleaned_data["because"], by=by, at=at)
            done += 1
        except Refusal as refusal:
            refused.append(f"{account.uscc}：{refusal.message}")
    word = "确认" if form.cleaned_data["decision"] == "confirm" else "退回"
    if done:
        messages.success(request, f"已{word} {done} 个账户。" + ("退回的账户不会用于支付。" if word == "退回" else ""))
    if refused:
        messages.warning(request, "\n".join([f"{len(refused)} 个账户未作更改：", *refused[:20]]))
    if not done and not refused:
        messages.warning(request, "所选账户已不在待确认之列，未作任何更改。请刷新后重试。")
    return back


@access("account.enter")
@require_http_methods(["GET", "HEAD", "POST"])
def account_new(request: HttpRequest, uscc: str) -> HttpResponse:
    """窗口登记账户: the number typed twice, with its source and date; another person confirms it."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    unit = get_object_or_404(Unit.objects.visible_to(person, on).select_related("office"), uscc=uscc)
    form = CounterAccountForm(request.POST or None, initial={"account_name": unit.name, "sourced_on": on})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        account = Given(*(given[name] for name in ("kind", "bank_name", "bank_code", "account_no", "account_name")))
        by, at = Actor.of_request(request), timezone.now()
        try:
            accounts.enter(uscc, account, source=given["source"], sourced_on=given["sourced_on"], by=by, at=at)
        except Refusal as refusal:
            form.add_error(None, [refusal.message, *refusal.details])
        else:
            messages.success(request, "账户已登记，由另一人在“账户变更”中核对确认，确认前支付等待。")
            return redirect("registry:unit_detail", uscc)
    used = Account.objects.filter(uscc=uscc, status__in=accounts.OPEN).defer("account_hash").order_by("kind", "-pk")
    return render(request, "registry/account_new.html", {"unit": unit, "form": form, "accounts": used})
