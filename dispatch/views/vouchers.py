"""转付凭证 at the desk: the queue, and one voucher beside its document, to be passed or rejected by keyboard (J2.7)."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import files, lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.law import calendars, policies
from caseworks.law.models import Policy
from caseworks.people.access import access
from caseworks.people.actors import Actor
from dispatch import annulments, decisions
from dispatch.enums import VoucherReason, VoucherStatus
from dispatch.filters import NEWEST, VoucherFilter
from dispatch.forms import AnnulForm, DecisionForm
from dispatch.models import Obligation, Voucher, VoucherQuerySet
from dispatch.parameters import Parameters
from dispatch.views.applications import person_of
from dispatch.views.obligations import with_days_left

ORDERS = {"oldest": NEWEST["oldest"], "newest": NEWEST["newest"]}


def query(request: HttpRequest) -> tuple[VoucherFilter, VoucherQuerySet]:
    """The filter form of the address and the rows it chooses within the person's scope."""
    form = VoucherFilter(request.GET)
    rows = Voucher.objects.visible_to(person_of(request), timezone.localdate())
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("dispatch.view")
@require_safe
def voucher_list(request: HttpRequest) -> HttpResponse:
    """Vouchers that wait, the oldest first; red where they wait too long."""
    form, rows = query(request)
    rows = rows.select_related("obligation__share__application__policy", "office")
    page = KeysetPage(rows, ORDERS, request.GET)
    calendar, on, terms = calendars.current(), timezone.localdate(), dict[int, int]()
    for row in page.rows:
        row.waited = calendar.working_days_between(row.entered_on, on) if row.status == VoucherStatus.PENDING else None
        policy = row.obligation.share.application.policy
        if policy.pk not in terms:
            terms[policy.pk] = _term(policy)
        row.is_late = row.waited is not None and row.waited > terms[policy.pk]
    context = {
        "form": form,
        "page": page,
        "query": request.GET.urlencode(),
        "totals_url": f"{reverse('dispatch:voucher_totals')}?{request.GET.urlencode()}",
    }
    return render(request, "dispatch/voucher_list.html", context)


def _term(policy: Policy) -> int:
    """The working days within which a voucher is to be decided (policy figure)."""
    figures = policies.parameters(policy)
    assert isinstance(figures, Parameters)
    return figures.decision_working_days


@access("dispatch.view")
@require_safe
def voucher_totals(request: HttpRequest) -> HttpResponse:
    """件数 and 金额 of the whole filter; loaded after the list."""
    _, rows = query(request)
    sums = rows.order_by().aggregate(many=Count("pk"), amount=Sum("amount"))
    totals = [("凭证", f"{sums['many']:,} 件"), ("金额（元）", thousands(sums["amount"] or ZERO))]
    return lists.totals_of(request, totals, "dispatch:voucher_list")


def _voucher(request: HttpRequest, pk: int) -> Voucher:
    rows = Voucher.objects.visible_to(person_of(request), timezone.localdate())
    return get_object_or_404(
        rows.select_related("obligation__office", "office", "file", "first_by", "decided_by"), pk=pk
    )


@access("dispatch.view")
@require_safe
@files.framing
def voucher_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The document beside what the agency says of it, the part it counts for, and the decision."""
    row, by, person = _voucher(request, pk), Actor.of_request(request), person_of(request)
    obligation = Obligation.objects.get(pk=row.obligation_id)
    with_days_left([obligation], timezone.localdate())
    waiting = Voucher.objects.visible_to(person, timezone.localdate()).waiting().order_by("pk")
    context = {
        "row": row,
        "obligation": obligation,
        "is_image": row.file is not None and row.file.type.startswith("image/"),
        "others": obligation.vouchers.exclude(pk=row.pk),
        "next": waiting.filter(pk__gt=row.pk).first() or waiting.exclude(pk=row.pk).first(),
        "reasons": VoucherReason.choices,
        "annul_form": AnnulForm(label_suffix=""),
        "is_first": row.first_by_id == person.pk,
        "may_decide": row.status == VoucherStatus.PENDING and by.may("voucher.verify", row.office),
        "may_annul": row.status == VoucherStatus.VERIFIED and by.may("dispatch.supervise", row.office),
    }
    return render(request, "dispatch/voucher_detail.html", context)


@access("dispatch.view")
@require_safe
def voucher_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The document, to those who may see its part; shown beside the data on our own page."""
    row = _voucher(request, pk)
    if row.file is None:
        raise Http404
    return files.serve(row.file, framed=True)


@access("voucher.verify")
@require_POST
def voucher_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass or reject a voucher, then go on to the next one that waits."""
    row, form, at = _voucher(request, pk), DecisionForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return redirect("dispatch:voucher_detail", pk)
    got = form.cleaned_data
    opinion = decisions.Opinion(got["decision"], timezone.localdate(at), got["reason_code"] or got["reason"].strip())
    try:
        decided = decisions.decide(row, opinion, by=Actor.of_request(request), at=at)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("dispatch:voucher_detail", pk)
    if decided.status == VoucherStatus.PENDING:
        messages.success(request, f"凭证 {row.receipt_no} 已记录第一人意见，金额达到双人核对标准，由另一人决定。")
    else:
        messages.success(request, f"凭证 {row.receipt_no} {decided.get_status_display()}。")
    waiting = Voucher.objects.visible_to(person_of(request), timezone.localdate(at)).waiting().exclude(pk=pk)
    following = waiting.filter(pk__gt=pk).order_by("pk").first() or waiting.order_by("pk").first()
    return redirect("dispatch:voucher_detail", following.pk) if following else redirect("dispatch:voucher_list")


@access("dispatch.supervise")
@require_POST
def voucher_annul(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a verified voucher count no more: forged, or paid back."""
    row, form, at = _voucher(request, pk), AnnulForm(request.POST), timezone.now()
    back = redirect("dispatch:voucher_detail", pk)
    if not form.is_valid():
        messages.error(request, "请选择原因和发现方式，并写明理由和依据，未作任何更改。")
        return back
    got = form.cleaned_data
    try:
        annulments.annul(
            row, code=VoucherReason(got["code"]), words=got["words"], found_by=got["found_by"],
            by=Actor.of_request(request), at=at, on=timezone.localdate(at),
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已撤销核实：期限已过的，差额已转为追回。")
    return back
