"""An agency over its years, and hosts: what each was sent, by which agency, of which year (J2.3, J2.10)."""

from __future__ import annotations

from operator import attrgetter

from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base import lists
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.people.access import access
from caseworks.registry.downloads import FORMS, Column, exported
from caseworks.registry.models import Unit
from dispatch import overview
from dispatch.filters import BY_HOST, HostFilter
from dispatch.models import Application, Obligation, ObligationQuerySet, Voucher
from dispatch.views.applications import person_of
from dispatch.views.bars import visible as visible_bars
from dispatch.views.obligations import AGENCY, HOST, PROGRESS, YEAR, with_days_left

SUMS = (
    ("amount", "应得（元）"), ("verified", "已收到（元）"), ("pending", "待核对（元）"), ("returned", "派遣单位退回（元）"),
    ("claimed", "责令退回（元）"),
)  # fmt: skip


@access("dispatch.view")
@require_safe
def agency_detail(request: HttpRequest, uscc: str) -> HttpResponse:
    """An agency's years: applied, paid, forwarded, given back, claimed back, barred."""
    person, on, code = person_of(request), timezone.localdate(), uscc.upper()
    applications = list(
        Application.objects.visible_to(person, on)
        .of_unit(code)
        .select_related("case", "office")
        .order_by("-year", "-round")
    )
    rows = list(Obligation.objects.visible_to(person, on).of_agency(code).standing().order_by("due_on", "pk"))
    if not applications and not rows:
        raise Http404
    with_days_left(rows, on)
    context = {
        "uscc": code,
        "name": (applications or rows)[0].name,
        "unit": Unit.objects.filter(uscc=code).select_related("office").first(),
        "years": overview.years_of(applications, rows, visible_bars(request).filter(uscc=code).order_by("pk"), on),
        "sums": overview.summed(rows, on),
        "waiting": Voucher.objects.visible_to(person, on).of_agency(code).waiting().count(),
    }
    return render(request, "dispatch/agency_detail.html", context)


def query(request: HttpRequest) -> tuple[HostFilter, ObligationQuerySet]:
    """The filter form of the address and the parts it chooses within the person's scope."""
    form = HostFilter(request.GET)
    rows = Obligation.objects.visible_to(person_of(request), timezone.localdate()).standing()
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("dispatch.view")
@require_safe
def host_list(request: HttpRequest) -> HttpResponse:
    """Parts by host: what each was due and has received."""
    form, rows = query(request)
    context = {
        "form": form,
        "page": KeysetPage(rows, BY_HOST, request.GET),
        "query": request.GET.urlencode(),
        "totals_url": f"{reverse('dispatch:host_totals')}?{request.GET.urlencode()}",
        "may_export": person_of(request).has_perm("export.make"),
    }
    return render(request, "dispatch/host_list.html", context)


@access("dispatch.view")
@require_safe
def host_totals(request: HttpRequest) -> HttpResponse:
    """户数, 份额 and 金额 of the whole filter; loaded after the list."""
    _, rows = query(request)
    sums = rows.order_by().aggregate(
        hosts=Count("host_uscc", distinct=True), parts=Count("pk"), **{name: Sum(name) for name, _ in SUMS}
    )
    totals = [("用工单位", f"{sums['hosts']:,} 户"), ("份额", f"{sums['parts']:,}")]
    totals += [(label, thousands(sums[name] or ZERO)) for name, label in SUMS]
    return lists.totals_of(request, totals, "dispatch:host_list")


COLUMNS = (*HOST, YEAR, *AGENCY, *PROGRESS, *(Column(label, attrgetter(name), 16) for name, label in SUMS))


@access("export.make")
@require_safe
def host_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The parts of the filter by host, to take away. (J4.1)"""
    if form not in FORMS:
        raise Http404
    chosen, rows = query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "dispatch:host_list")
    lines = rows.select_related("office").order_by("host_uscc", "pk").iterator(chunk_size=2000)
    return exported(
        request, lines, COLUMNS, name=f"用工单位收款_{timezone.localdate():%Y%m%d}", form=form,
        count=rows.order_by().count(), at=timezone.now(), chosen=chosen,
    )  # fmt: skip


@access("dispatch.view")
@require_safe
def host_detail(request: HttpRequest, uscc: str) -> HttpResponse:
    """What one host was due and got, by year and agency, with the receipts that prove it."""
    person, on, code = person_of(request), timezone.localdate(), uscc.upper()
    parts = Obligation.objects.visible_to(person, on).filter(host_uscc=code).standing()
    rows = list(parts.select_related("office").prefetch_related("vouchers").order_by("-year", "uscc", "pk"))
    if not rows:
        raise Http404
    with_days_left(rows, on)
    context = {
        "uscc": code,
        "name": next((row.host_name for row in rows if row.host_name), code),
        "unit": Unit.objects.filter(uscc=code).first(),
        "groups": overview.by_agency(rows, on),
        "sums": overview.summed(rows, on),
    }
    return render(request, "dispatch/host_detail.html", context)
