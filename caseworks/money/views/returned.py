"""银行退回: what came back and waits for its account to be mended, and paying it again, many at once (N5.2)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.money import payments
from caseworks.money.enums import PaymentStatus
from caseworks.money.filters import ORDERS, ReturnedFilter
from caseworks.money.forms import ResendForm
from caseworks.money.models import Payment, PaymentQuerySet
from caseworks.money.views.results import beside
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person


def _waiting(request: HttpRequest) -> PaymentQuerySet:
    """The returned payments of the own offices that were not sent again."""
    assert isinstance(request.user, Person)
    rows = Payment.objects.visible_to(request.user, timezone.localdate())
    return rows.filter(status=PaymentStatus.RETURNED, resent_at__isnull=True, case__status="returned")


@access("payment.view")
@require_safe
def returned_list(request: HttpRequest) -> HttpResponse:
    """What came back, why, what became of the account, and what is next."""
    rows, form = _waiting(request), ReturnedFilter(request.GET)
    if form.is_valid():
        rows = form.applied(rows)
    page = KeysetPage(rows.prefetch_related("office", "batch"), ORDERS, request.GET)
    assert isinstance(request.user, Person)
    context = {
        "form": form,
        "page": page,
        "returned": beside(page),
        "may_resend": request.user.has_perm("payment.mend"),
    }
    return render(request, "money/returned_list.html", context)


@access("payment.mend")
@require_POST
def returned_resend(request: HttpRequest) -> HttpResponse:
    """Let the chosen ones be paid again; the operation says whose account is not mended yet."""
    form = ResendForm(request.POST)
    back = redirect("money:returned_list")
    if not form.is_valid():
        messages.error(request, "没有选中银行退回的支付，未作任何更改。请刷新后重试。")
        return back
    chosen = _waiting(request).filter(pk__in=form.cleaned_data["payments"]).order_by("pk")
    try:
        count = payments.resend_payments(chosen, by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{count} 件已回到待拨付，请组批；新的支付有自己的编号。")
    return back
