"""The pages of the portal: each acts for one unit, the one the user is bound to. (J4.2)"""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.notices import handling
from caseworks.base.pages import KeysetPage, Order
from caseworks.base.panels import scheme_functions
from caseworks.desk.portal import matters
from caseworks.people.access import CHOSEN_UNIT, portal, portal_user
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import accounts
from caseworks.registry.account_forms import AccountForm
from caseworks.registry.models import Account, Unit

NEWEST = 3  # messages and papers on the first page
ORDERS = {"new": Order("最新", ("id",), descending=True)}


@portal
@require_safe
def home(request: HttpRequest, uscc: str) -> HttpResponse:
    """My state, what I must do until when, what I was sent."""
    on = timezone.localdate()
    context = {
        "who": matters.who(uscc),
        "panels": [panel for source in scheme_functions("portal_panels") for panel in source(uscc, on)],
        "duties": matters.duties(uscc, on),
        "letters": matters.letters(list(matters.messages(uscc)[:NEWEST])),
        "documents": list(matters.documents(uscc)[:NEWEST]),
    }
    return render(request, "portal/home.html", context)


@portal_user
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """For which of the units that the user is bound to."""
    person = request.user
    assert isinstance(person, Person)
    bound = list(person.units.order_by("uscc").values_list("uscc", flat=True))
    if request.method == "POST":
        if request.POST.get("uscc") in bound:
            request.session[CHOSEN_UNIT] = request.POST["uscc"]
            return redirect("portal:home")
        messages.error(request, "您没有绑定所选的单位，请重新选择。")
    names = dict(Unit.objects.filter(uscc__in=bound).values_list("uscc", "name"))
    units = [(uscc, names.get(uscc, "")) for uscc in bound]
    return render(request, "portal/choose.html", {"units": units, "chosen": request.session.get(CHOSEN_UNIT, "")})


@portal
@require_safe
def message_list(request: HttpRequest, uscc: str) -> HttpResponse:
    """Everything that the unit was sent."""
    page = KeysetPage(matters.messages(uscc), ORDERS, request.GET)
    return render(request, "portal/message_list.html", {"page": page, "letters": matters.letters(list(page.rows))})


@portal
@require_safe
def message(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """One message; it is marked as read."""
    row = get_object_or_404(matters.messages(uscc), pk=pk)
    handling.read(uscc, pk, label=Actor.of_request(request).label, at=timezone.now())
    return render(request, "portal/message.html", {"letter": matters.letters([row])[0]})


@portal
@require_safe
def document_list(request: HttpRequest, uscc: str) -> HttpResponse:
    """The papers that were written to the unit."""
    page = KeysetPage(matters.documents(uscc), ORDERS, request.GET)
    return render(request, "portal/document_list.html", {"page": page})


@portal
@require_safe
def document(request: HttpRequest, uscc: str, pk: int) -> HttpResponseBase:
    """A paper to take away: its sealed scan where there is one."""
    row = get_object_or_404(matters.documents(uscc), pk=pk)
    sealed = next(iter(row.scans.all()), None)
    return files.serve(sealed.file if sealed else row.file, attachment=True)


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, uscc: str) -> HttpResponse:
    """The accounts of the unit, and a form to hand in another; the bureau confirms it before anything is paid to it."""
    who, form = matters.who(uscc), AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _proposed(request, uscc, form, timezone.now())
        except Refusal as refusal:
            form.add_error(None, [refusal.message, *refusal.details])
        else:
            messages.success(request, "账户已提交，待经办机构核实。核实后用于拨付，结果会在本页显示。")
            return redirect("portal:account")
    rows = Account.objects.filter(uscc=uscc).defer("account_hash").order_by("-pk")
    context = {
        "who": who,
        "form": form,
        "wanted": matters.account_wanted(uscc),
        "current": [row for row in rows if row.status == "current"],
        "waiting": next((row for row in rows if row.status == "proposed"), None),
        "refused": next((row for row in rows if row.status in ("refused", "current")), None),
    }
    return render(request, "portal/account.html", context)


def _proposed(request: HttpRequest, uscc: str, form: AccountForm, at: dt.datetime) -> Account:
    given = form.cleaned_data
    return accounts.propose(
        uscc,
        bank_name=given["bank_name"],
        bank_code=given["bank_code"],
        account_no=given["account_no"],
        account_name=given["account_name"],
        by=Actor.of_request(request),
        at=at,
    )
