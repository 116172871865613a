"""转付跟踪 at the desk: what is to be forwarded until when, with the days left; one part with its proofs (J2.7–J2.10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from operator import attrgetter

from django.contrib import messages
from django.db.models import Count, F, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.law import calendars
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.registry.downloads import FORMS, Column, exported
from dispatch import obligations, returns
from dispatch.enums import ObligationStatus
from dispatch.filters import DUE, ObligationFilter
from dispatch.forms import ExtensionForm, ReturnForm
from dispatch.models import Obligation, ObligationQuerySet
from dispatch.views.applications import person_of

SUMS = (
    ("amount", "应转付（元）"), ("verified", "已转付（元）"), ("pending", "待核对（元）"), ("returned", "按期退回（元）"),
    ("claimed", "责令退回（元）"),
)  # fmt: skip


def query(request: HttpRequest) -> tuple[ObligationFilter, ObligationQuerySet]:
    """The filter form of the address and the rows it chooses within the person's scope."""
    form, on = ObligationFilter(request.GET), timezone.localdate()
    rows = Obligation.objects.visible_to(person_of(request), on)
    return form, form.applied(rows, on) if form.is_valid() else rows.none()


def with_days_left(rows: Iterable[Obligation], on: dt.date) -> None:
    """Give each row the working days left until its deadline as `days_left`; negative where it is over."""
    calendar, known = calendars.current(), dict[dt.date, int]()
    for row in rows:
        if row.due_on not in known:
            known[row.due_on] = calendar.working_days_between(on, row.due_on)
        row.days_left = known[row.due_on]  # type: ignore[attr-defined]


@access("dispatch.view")
@require_safe
def obligation_list(request: HttpRequest) -> HttpResponse:
    """The host parts of the own offices, the nearest deadline first."""
    form, rows = query(request)
    page = KeysetPage(rows.select_related("office"), DUE, request.GET)
    with_days_left(page.rows, timezone.localdate())
    context = {
        "form": form,
        "page": page,
        "query": request.GET.urlencode(),
        "totals_url": f"{reverse('dispatch:obligation_totals')}?{request.GET.urlencode()}",
        "may_export": person_of(request).has_perm("export.make"),
    }
    return render(request, "dispatch/obligation_list.html", context)


@access("dispatch.view")
@require_safe
def obligation_totals(request: HttpRequest) -> HttpResponse:
    """份额 and 金额 of the whole filter; loaded after the list."""
    _, rows = query(request)
    on = timezone.localdate()
    sums = rows.order_by().aggregate(parts=Count("pk"), **{name: Sum(name) for name, _ in SUMS})
    late = rows.overdue(on).order_by().left().aggregate(parts=Count("pk"), owing=Sum(F("to_do") - F("pending")))
    totals = [("份额", f"{sums['parts']:,}")] + [(label, thousands(sums[name] or ZERO)) for name, label in SUMS]
    totals.append(("其中超期", f"{late['parts']:,} 份 {thousands(late['owing'] or ZERO)} 元"))
    return lists.totals_of(request, totals, "dispatch:obligation_list")


YEAR = Column("政策年度", lambda row: row.year, 9)
AGENCY = (Column("派遣单位代码", lambda row: row.uscc, 21), Column("派遣单位", lambda row: row.name, 36))
HOST = (Column("用工单位代码", lambda row: row.host_uscc, 21), Column("用工单位", lambda row: row.host_name, 36))
PROGRESS = (
    Column("经办机构", lambda row: row.office.name, 16),
    Column("到账日期", lambda row: row.credited_on, 12),
    Column("期限", lambda row: f"{row.due_on}（预计）" if row.provisional else row.due_on, 16),
    Column("状态", lambda row: row.get_status_display(), 12),
)
COLUMNS = (YEAR, *AGENCY, *HOST, *PROGRESS, *(Column(label, attrgetter(name), 16) for name, label in SUMS))


@access("export.make")
@require_safe
def obligation_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The parts of the filter, to take away. (J4.1)"""
    if form not in FORMS:
        raise Http404
    chosen, rows = query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "dispatch:obligation_list")
    lines = rows.select_related("office").order_by("due_on", "pk").iterator(chunk_size=2000)
    return exported(
        request, lines, COLUMNS, name=f"转付跟踪_{timezone.localdate():%Y%m%d}", form=form,
        count=rows.order_by().count(), at=timezone.now(), chosen=chosen,
    )  # fmt: skip


def _obligation(request: HttpRequest, pk: int) -> Obligation:
    rows = Obligation.objects.visible_to(person_of(request), timezone.localdate())
    return get_object_or_404(rows.select_related("office", "payment", "share__application", "deadline"), pk=pk)


@access("dispatch.view")
@require_safe
def obligation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One part: what was credited, forwarded, given back and claimed back, and what people decided about it."""
    row, by, on = _obligation(request, pk), Actor.of_request(request), timezone.localdate()
    with_days_left([row], on)
    open_ = row.status in (ObligationStatus.OPEN, ObligationStatus.CLAIMED)
    context = {
        "row": row,
        "vouchers": row.vouchers.select_related("file"),
        "returns": row.fund_returns.all(),
        "findings": row.findings.select_related("recovery", "bar"),
        "lines": row.lines.all(),
        "siblings": Obligation.objects.filter(payment=row.payment_id).exclude(pk=row.pk).standing(),
        "return_form": ReturnForm(label_suffix="", initial={"returned_on": on}),
        "extension_form": ExtensionForm(label_suffix=""),
        "may_return": open_ and by.may("voucher.verify", row.office),
        "may_extend": row.status == ObligationStatus.OPEN
        and row.extended_to is None
        and by.may("dispatch.supervise", row.office),
    }
    return render(request, "dispatch/obligation_detail.html", context)


@access("dispatch.view")
@require_POST
def obligation_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Book money that came back to the fund for this part; the operation checks who may."""
    row, form, at = _obligation(request, pk), ReturnForm(request.POST), timezone.now()
    back = redirect("dispatch:obligation_detail", pk)
    if not form.is_valid():
        messages.error(request, _words(form))
        return back
    got = form.cleaned_data
    given = returns.Given(
        row.uscc, row.year, row.host_uscc, got["amount"], got["returned_on"], got["bank_ref"].strip().upper(),
        timezone.localdate(at),
    )  # fmt: skip
    try:
        returns.confirm_one(given, by=Actor.of_request(request), at=at)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"已登记退回 {thousands(got['amount'])} 元。")
    return back


@access("dispatch.supervise")
@require_POST
def obligation_extend(request: HttpRequest, pk: int) -> HttpResponse:
    """A later deadline, once, by a supervisor."""
    row, form, at = _obligation(request, pk), ExtensionForm(request.POST), timezone.now()
    back = redirect("dispatch:obligation_detail", pk)
    if not form.is_valid():
        messages.error(request, _words(form))
        return back
    got = form.cleaned_data
    try:
        obligations.extend(
            row,
            until=got["until"],
            reason=got["reason"],
            by=Actor.of_request(request),
            at=at,
            on=timezone.localdate(at),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"期限已延至 {got['until']}，原期限保留在经过中。")
    return back


def _words(form: ReturnForm | ExtensionForm) -> str:
    wrong = [f"{form.fields[name].label}：{error}" for name, errors in form.errors.items() for error in errors]
    return "没有保存，请改正：" + "；".join(wrong)
