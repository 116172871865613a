"""无对公账户声明: units that have nothing but a tax account, what they declared, and who confirmed it (N5.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.cases.models import Case
from caseworks.money.filters import ORDERS, DeclarationFilter
from caseworks.money.forms import DeclarationForm
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import declarations
from caseworks.registry.access import of_visible_units
from caseworks.registry.enums import DeclarationStatus
from caseworks.registry.models import Account, AccountDeclaration, Unit

WANTING = "wanting"
SHOWS = {WANTING: "待声明", "proposed": "待确认", "confirmed": "有效", "ended": "已终止或退回"}
UNIT_ORDERS = {"uscc": Order("信用代码", ("uscc",))}
ENDED_CASES = ("paid", "refused", "withdrawn", "waived")


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@access("registry.view")
@require_http_methods(["GET", "HEAD", "POST"])
def declaration_list(request: HttpRequest) -> HttpResponse:
    """What is wanting, waits, stands and has ended; a clerk enters, a reviewer confirms, refuses or ends."""
    if request.method == "POST":
        return _act(request)
    person, on = _person(request), timezone.localdate()
    show = request.GET.get("show", WANTING)
    show = show if show in SHOWS else WANTING
    query = DeclarationFilter(request.GET)
    page: KeysetPage
    if show == WANTING:
        page = KeysetPage(query.units(_wanting(person, on)).prefetch_related("office"), UNIT_ORDERS, request.GET)
        beside = _accounts(row.uscc for row in page)
    else:
        wanted = [DeclarationStatus.ENDED, DeclarationStatus.REFUSED] if show == "ended" else [show]
        rows = of_visible_units(AccountDeclaration.objects.filter(status__in=wanted), person, on)
        page = KeysetPage(query.declarations(rows).select_related("file"), ORDERS, request.GET)
        beside = _accounts(row.uscc for row in page)
    names = dict(Unit.objects.filter(uscc__in=[row.uscc for row in page]).values_list("uscc", "name"))
    context = {
        "show": show,
        "shows": SHOWS,
        "form": query,
        "page": page,
        "rows": [(number, row, names.get(row.uscc, ""), beside.get(row.uscc, {})) for number, row in page.numbered()],
        "entry": DeclarationForm(),
        "today": on,
        "may_declare": show == WANTING and person.has_perm("account.declare"),
        "may_decide": show in ("proposed", "confirmed") and person.has_perm("registry.confirm"),
    }
    return render(request, "money/declaration_list.html", context)


def _wanting(person: Person, on: dt.date) -> QuerySet[Unit]:
    """Units with a case under way: others need not declare anything yet."""
    under_way = Case.objects.filter(subject=OuterRef("uscc")).exclude(status__in=ENDED_CASES)
    return of_visible_units(declarations.wanting().filter(Exists(under_way)), person, on)


def _accounts(usccs: Iterable[str]) -> dict[str, dict[str, Account]]:
    found: dict[str, dict[str, Account]] = {}
    for row in Account.objects.current().filter(uscc__in=list(usccs)).defer("account_no", "account_hash"):
        found.setdefault(row.uscc, {})[row.kind] = row
    return found


def _act(request: HttpRequest) -> HttpResponse:
    form, at = DeclarationForm(request.POST, request.FILES), timezone.now()
    show = request.POST.get("show", WANTING)
    back = redirect(f"{reverse('money:declaration_list')}?show={show if show in SHOWS else WANTING}")
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return back
    try:
        messages.success(request, _done(form, _person(request), Actor.of_request(request), at))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return back


def _done(form: DeclarationForm, person: Person, by: Actor, at: dt.datetime) -> str:
    given, on = form.cleaned_data, timezone.localdate(at)
    if given["action"] == "declare":
        units = of_visible_units(Unit.objects.filter(uscc__in=given["units"]), person, on)
        count = declarations.declare(
            units.values_list("uscc", flat=True),
            source=given["source"],
            declared_on=given["declared_on"] or on,
            by=by,
            at=at,
            file=files.accept(given["file"], files.SCANS) if given["file"] else None,
        )
        return f"已登记 {count} 户的声明，请由另一人确认；确认后可付至缴税账户。"
    rows = of_visible_units(AccountDeclaration.objects.filter(pk__in=given["declarations"]), person, on)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if given["action"] == "confirm":
        return f"已确认 {declarations.confirm(ids, by=by, at=at)} 户的声明，缴税账户可用于支付。"
    if given["action"] == "refuse":
        return f"已退回 {declarations.refuse(ids, because=given['because'], by=by, at=at)} 户的声明。"
    count = declarations.end(ids, because=given["because"], by=by, at=at)
    return f"已终止 {count} 户的声明，缴税账户不再用于支付。"


@access("registry.view")
@require_safe
def declaration_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What the unit handed in."""
    rows = of_visible_units(
        AccountDeclaration.objects.filter(file__isnull=False), _person(request), timezone.localdate()
    )
    row = get_object_or_404(rows.select_related("file"), pk=pk)
    assert row.file is not None
    return files.serve(row.file)
