"""What an agency must forward: its parts with the days left, vouchers it hands in, and its answer to a bar (J2.7–J2.9)."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.cases.models import Bar
from caseworks.people.access import portal
from caseworks.people.actors import Actor
from dispatch import barring, vouchers
from dispatch.forms import AnswerForm, VoucherForm
from dispatch.models import Obligation, Voucher
from dispatch.views.obligations import with_days_left


def _own(uscc: str, pk: int) -> Obligation:
    return get_object_or_404(Obligation.objects.of_agency(uscc), pk=pk)


@portal
@require_safe
def obligation_list(request: HttpRequest, uscc: str) -> HttpResponse:
    """The agency's parts, the most pressing first."""
    rows = list(Obligation.objects.of_agency(uscc).standing().order_by("status", "due_on", "pk")[:500])
    with_days_left(rows, timezone.localdate())
    waiting = [row for row in rows if row.status == "open" and row.remaining > row.pending]
    done = [row for row in rows if row not in waiting]
    bars = _bars(uscc).order_by("-pk")
    context = {
        "waiting": waiting,
        "done": done,
        "bars": bars,
        "to_do": sum(row.remaining - row.pending for row in waiting),
    }
    return render(request, "dispatch/portal_obligations.html", context)


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def obligation(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """One part: hand in a bank receipt for it, and what became of those handed in."""
    row, on = _own(uscc, pk), timezone.localdate()
    form = VoucherForm(request.POST or None, request.FILES or None, label_suffix="", initial={"amount": row.remaining})
    if request.method == "POST" and form.is_valid():
        try:
            _submitted(request, row, form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "凭证已提交，经办机构核对后在这里告知结果。")
            return redirect("dispatch_portal:obligation", pk)
    with_days_left([row], on)
    context = {
        "row": row,
        "form": form,
        "vouchers": row.vouchers.select_related("file"),
        "returns": row.fund_returns.all(),
        "findings": row.findings.all(),
        "may_submit": row.status == "open" and row.remaining - row.pending > 0,
    }
    return render(request, "dispatch/portal_obligation.html", context, status=422 if form.errors else 200)


def _submitted(request: HttpRequest, row: Obligation, form: VoucherForm) -> Voucher:
    got = form.cleaned_data
    given = vouchers.Given(
        row.uscc, row.year, row.host_uscc, got["amount"], got["paid_on"], got["receipt_no"].strip().upper(),
        files.accept(got["file"], kinds=files.SCANS), got["payer_name"], got["payer_tail"], got["payee_name"],
        got["payee_tail"],
    )  # fmt: skip
    return vouchers.submit(given, by=Actor.of_request(request), at=timezone.now())


@portal
@require_safe
def voucher_file(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """A bank receipt of one's own."""
    row = get_object_or_404(Voucher.objects.of_agency(uscc).select_related("file"), pk=pk)
    if row.file is None:
        raise Http404
    return files.serve(row.file)


def _bar(uscc: str, pk: int) -> Bar:
    return get_object_or_404(_bars(uscc), pk=pk)


def _bars(uscc: str) -> QuerySet[Bar]:
    """The bars that findings about the agency's parts brought."""
    return Bar.objects.filter(uscc=uscc, findings__isnull=False).distinct()


@portal
@require_safe
def bar(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """A bar as its agency sees it: why, until when it may answer, what was decided."""
    found = _bar(uscc, pk)
    context = {"bar": found, "shown": barring.show(found), "form": AnswerForm(label_suffix="")}
    return render(request, "dispatch/portal_bar.html", context)


@portal
@require_POST
def bar_answer(request: HttpRequest, uscc: str, pk: int) -> HttpResponse:
    """The agency's answer, with a paper where it has one."""
    found, form, at = _bar(uscc, pk), AnswerForm(request.POST, request.FILES), timezone.now()
    back = redirect("dispatch_portal:bar", pk)
    if not form.is_valid():
        messages.error(request, "请填写申辩内容，没有提交。")
        return back
    try:
        given = form.cleaned_data["file"]
        accepted = files.accept(given, kinds=files.SCANS) if given else None
        barring.answer(
            found, form.cleaned_data["text"], by=Actor.of_request(request), at=at, on=timezone.localdate(at),
            accepted=accepted,
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "申辩已提交，由主管决定后告知。")
    return back
