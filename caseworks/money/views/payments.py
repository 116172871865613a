"""支付: every attempt with its account and its end, and what is done about one that the bank returned (N5.2)."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import lists
from caseworks.base.enums import PaidTo
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.base.subjects import shown
from caseworks.money import payments, return_reasons
from caseworks.money.enums import PaymentStatus
from caseworks.money.filters import ORDERS, PaymentFilter
from caseworks.money.forms import PaymentForm
from caseworks.money.models import Payment, PaymentQuerySet
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import Column, exported


@access("payment.view")
@require_safe
def payment_list(request: HttpRequest) -> HttpResponse:
    """The payments of the own offices, the newest first."""
    form, rows = _query(request)
    context = {
        "form": form,
        "page": KeysetPage(rows.prefetch_related("office", "batch"), ORDERS, request.GET),
        "totals_url": f"{reverse('money:payment_totals')}?{request.GET.urlencode()}",
        "query": request.GET.urlencode(),
        "may_export": request.user.has_perm("export.make"),
    }
    return render(request, "money/payment_list.html", context)


def _query(request: HttpRequest) -> tuple[PaymentFilter, PaymentQuerySet]:
    """The filter form of the address and the rows it chooses; all where it is wrong, which the page says."""
    assert isinstance(request.user, Person)
    rows, form = Payment.objects.visible_to(request.user, timezone.localdate()), PaymentFilter(request.GET)
    return form, form.applied(rows) if form.is_valid() else rows


@access("payment.view")
@require_safe
def payment_totals(request: HttpRequest) -> HttpResponse:
    """How many payments and how much of the filter, by how they stand; loaded after the list."""
    _, rows = _query(request)
    sums = {
        status: (count, total or ZERO)
        for status, count, total in rows.order_by()
        .values_list("status")
        .annotate(count=Count("pk"), total=Sum("amount"))
    }
    totals = [
        ("笔数", f"{sum(count for count, _ in sums.values()):,}"),
        ("金额（元）", thousands(sum((total for _, total in sums.values()), ZERO))),
    ]
    totals += [
        (str(label), f"{sums[code][0]:,} 笔 {thousands(sums[code][1])} 元")
        for code, label in PaymentStatus.choices
        if code in sums
    ]
    return lists.totals_of(request, totals, "money:payment_list")


COLUMNS = (
    Column("支付编号", lambda row: row.payment_no, 18),
    Column("批次号", lambda row: row.batch.batch_no, 18),
    Column("业务", lambda row: row.get_scheme_display(), 10),
    Column("政策年度", lambda row: row.year, 9),
    Column("名称", lambda row: row.name, 38),
    Column("代码", lambda row: shown(row.subject), 21),
    Column("经办机构", lambda row: row.office.name, 20),
    Column("次", lambda row: row.attempt, 5),
    Column("账户类型", lambda row: row.get_account_kind_display(), 12),
    Column("开户银行", lambda row: row.bank_name, 20),
    Column("账号末四位", lambda row: row.account_tail, 10),
    Column("状态", lambda row: row.get_status_display(), 10),
    Column("送银行日期", lambda row: row.sent_on, 12),
    Column("到账日期", lambda row: row.paid_on, 12),
    Column("退回日期", lambda row: row.returned_on, 12),
    Column("退回或移出原因", lambda row: row.reason, 30),
    Column("金额（元）", lambda row: row.amount, 16),
)


@access("export.make")
@require_safe
def payment_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The payments of the filter; accounts by their last four digits."""
    chosen, rows = _query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "money:payment_list")
    lines = rows.select_related("office", "batch").defer("account_no").order_by("-pk").iterator(chunk_size=2000)
    return exported(
        request, lines, COLUMNS, name=f"支付_{timezone.localdate():%Y%m%d}", form=form, count=rows.count(),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


def _payment(request: HttpRequest, pk: int) -> Payment:
    assert isinstance(request.user, Person)
    rows = Payment.objects.visible_to(request.user, timezone.localdate())
    return get_object_or_404(
        rows.select_related("office", "batch", "case", "kept_by", "resent_by", "declaration"), pk=pk
    )


@access("payment.view")
@require_safe
def payment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One attempt with its money, the others of the same case, and the next step where it came back."""
    payment, by = _payment(request, pk), Actor.of_request(request)
    open_again = payment.status == PaymentStatus.RETURNED and payment.case.status == "returned"
    now = next(iter(payments.returned(payment.scheme, payment.year, [payment.case_id])), None) if open_again else None
    current = now is not None and now.payment == payment.pk
    context = {
        "payment": payment,
        "movements": payment.movements.select_related("result_file").order_by("pk"),
        "attempts": Payment.objects.filter(case=payment.case_id).exclude(pk=payment.pk).order_by("pk"),
        "now": now if current else None,
        "plain": return_reasons.plain(payment.reason, card=payment.account_kind == PaidTo.CARD) if current else None,
        "may_keep": current and by.may("payment.keep", payment.office),
        "may_resend": current and now is not None and now.ready and by.may("payment.mend", payment.office),
    }
    return render(request, "money/payment_detail.html", context)


@access("payment.keep")
@require_POST
def payment_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Vouch for the account of a returned payment, or let its case be paid again; the operation checks who may."""
    payment, form = _payment(request, pk), PaymentForm(request.POST)
    by, at = Actor.of_request(request), timezone.now()
    back = redirect("money:payment_detail", payment.pk)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    try:
        if form.cleaned_data["action"] == "keep":
            payments.keep_account(payment, words=form.cleaned_data["words"], by=by, at=at)
            words = "核实情况已记录，由另一人确认后重新支付。"
        else:
            payments.resend(scheme=payment.scheme, year=payment.year, case_ids=[payment.case_id], by=by, at=at)
            words = "已回到待拨付，请组批；新的支付有自己的编号。"
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back
