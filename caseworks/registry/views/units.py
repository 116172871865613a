"""Units: the list, the totals of its filter, its export, and a unit's page. (J4.1, J4.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base import lists
from caseworks.base.pages import KeysetPage, Order
from caseworks.base.panels import functions_of
from caseworks.people.access import access
from caseworks.people.models import Person
from caseworks.people.scope import offices_in_scope
from caseworks.registry import declarations, facts
from caseworks.registry.downloads import Column, exported
from caseworks.registry.enums import AccountStatus
from caseworks.registry.filters import UnitFilter
from caseworks.registry.models import Account, AccountDeclaration, Listing, RejectedRow, Unit
from caseworks.registry.models.units import UnitQuerySet

ORDERS = {
    "uscc": Order("信用代码", ("uscc",)),
    "name": Order("单位名称", ("name_key", "uscc")),
}
UNSHOWN = ("phone", "phone_hash", "search_key", "former_key")
COLUMNS = (
    Column("统一社会信用代码", lambda unit: unit.uscc, 20),
    Column("单位名称", lambda unit: unit.name, 40),
    Column("单位类型", lambda unit: unit.get_unit_type_display(), 14),
    Column("企业划型", lambda unit: unit.get_size_display(), 10),
    Column("行政区划代码", lambda unit: unit.region, 14),
    Column("经办机构", lambda unit: unit.office.name, 28),
    Column("参保状态", lambda unit: unit.get_status_display(), 10),
    Column("参保日期", lambda unit: unit.insured_from, 12),
    Column("劳务派遣许可证号", lambda unit: unit.dispatch_licence, 24),
    Column("许可证有效期止", lambda unit: unit.dispatch_licence_until, 14),
)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _narrowed(request: HttpRequest, on: dt.date) -> tuple[UnitFilter, UnitQuerySet]:
    person = _person(request)
    form = UnitFilter(request.GET, offices=offices_in_scope(person, on), on=on)
    return form, form.narrow(Unit.objects.visible_to(person, on))


@access("registry.view")
@require_safe
def unit_list(request: HttpRequest) -> HttpResponse:
    """参保单位: the units of the person's office and those below."""
    form, units = _narrowed(request, timezone.localdate())
    # Offices are fetched beside the rows: joined, they tempt the planner to begin with them and to sort.
    page = KeysetPage(units.prefetch_related("office").defer(*UNSHOWN), ORDERS, request.GET)
    context = {
        "form": form,
        "page": page,
        "totals_url": f"{reverse('registry:unit_totals')}?{request.GET.urlencode()}",
        "can_export": request.user.has_perm("export.make"),
    }
    return render(request, "registry/unit_list.html", context)


@access("registry.view")
@require_safe
def unit_totals(request: HttpRequest) -> HttpResponse:
    """How many units the filter finds; asked for after the page."""
    _, units = _narrowed(request, timezone.localdate())
    return lists.totals_of(request, [("户数", f"{units.count():,}")], "registry:unit_list")


@access("export.make")
@require_safe
def unit_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The units of the filter as xlsx or CSV."""
    on = timezone.localdate()
    query, units = _narrowed(request, on)
    if query.problems:
        return lists.not_exported(request, query.problems, "registry:unit_list")
    lines = units.select_related("office").defer(*UNSHOWN).order_by("uscc").iterator(chunk_size=2000)
    return exported(
        request, lines, COLUMNS, name=f"参保单位_{on:%Y%m%d}", form=form, count=units.count(), at=timezone.now(),
        chosen=query,
    )  # fmt: skip


@access("registry.view")
@require_safe
def unit_detail(request: HttpRequest, uscc: str) -> HttpResponse:
    """A unit: what is known of it, month by month, and what the schemes made of it."""
    person, on = _person(request), timezone.localdate()
    declared = AccountDeclaration.objects.filter(uscc=OuterRef("uscc"), status__in=declarations.STANDING)
    faulty = RejectedRow.objects.standing().filter(uscc=OuterRef("uscc"))
    visible = Unit.objects.visible_to(person, on).select_related("office", "city_office")
    unit: Any = get_object_or_404(visible.annotate(declared=Exists(declared), faulty=Exists(faulty)), uscc=uscc)
    everything = "all" in request.GET
    months = facts.months(uscc, limit=None if everything else facts.MONTHS)
    accounts = list(Account.objects.filter(uscc=uscc).order_by("kind", "-proposed_at"))
    return render(
        request,
        "registry/unit_detail.html",
        {
            "unit": unit,
            "on": on,
            "licence_expired": bool(unit.dispatch_licence_until and unit.dispatch_licence_until < on),
            "months": months,
            "shortened": not everything and len(months) == facts.MONTHS,
            "chart": facts.months_chart(months),
            "accounts": accounts,
            "may_enter_account": person.has_perm("account.enter"),
            "declaration": _declaration(uscc) if unit.declared else None,
            "current_accounts": [account for account in accounts if account.status == AccountStatus.CURRENT],
            "listings": list(Listing.objects.filter(uscc=uscc).order_by("-listed_on")),
            "leavers": facts.leavers(uscc),
            "rejected": _rejected(uscc) if unit.faulty else [],
            "panels": [panel for source in _panels(settings.SCHEMES) for panel in source(unit, person, on)],
        },
    )


@access("registry.view")
@require_safe
def unit_history(request: HttpRequest, uscc: str) -> HttpResponse:
    """What was proposed and decided about the unit's accounts and records; asked for after the page."""
    visible = Unit.objects.visible_to(_person(request), timezone.localdate())
    unit = get_object_or_404(visible.only("uscc", "name"), uscc=uscc)
    accounts = Account.objects.filter(uscc=uscc).defer("account_no", "account_hash")
    template = "registry/_unit_history.html" if getattr(request, "htmx", False) else "registry/unit_history.html"
    context = {"unit": unit, "happenings": facts.happenings(accounts, facts.retirements_of(uscc))}
    return render(request, template, context)


@access("registry.view")
@require_safe
def unit_cards(request: HttpRequest, uscc: str) -> HttpResponse:
    """The cards of money, papers and notices; asked for after the page."""
    person, on = _person(request), timezone.localdate()
    unit = get_object_or_404(Unit.objects.visible_to(person, on).only("uscc", "name"), uscc=uscc)
    template = "registry/_unit_cards.html" if getattr(request, "htmx", False) else "registry/unit_cards.html"
    panels = [panel for source in _panels(settings.PANELS) for panel in source(unit, person, on)]
    return render(request, template, {"unit": unit, "panels": panels})


def _panels(modules: Iterable[str]) -> Iterator[Callable[..., Any]]:
    return functions_of(modules, "unit_panels")


def _declaration(uscc: str) -> AccountDeclaration | None:
    return AccountDeclaration.objects.filter(uscc=uscc, status__in=declarations.STANDING).first()


def _rejected(uscc: str) -> list[RejectedRow]:
    rows = RejectedRow.objects.standing().filter(uscc=uscc).select_related("import_file")
    return list(rows.order_by("-import_file_id", "line")[:50])
