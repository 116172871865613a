"""拨付批次: what waits with the gate and the held lines first, batches, and what may be done with one (N2.6, N6.2)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, in_capitals, thousands
from caseworks.base.pages import KeysetPage
from caseworks.cases.enums import Scheme
from caseworks.cases.history import Shown
from caseworks.money import bank_files, bank_formats, batch_states, batches, finance_forms, fiscal, outlook, priority
from caseworks.money.enums import GOING, BatchStatus
from caseworks.money.filters import ORDERS, BatchFilter
from caseworks.money.forms import BatchForm, DrawForm
from caseworks.money.gate import Gate
from caseworks.money.models import Batch, Payment
from caseworks.money.models.batches import BatchQuerySet
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import Column, exported

NAMED = 200  # so many held lines are shown
NONE = batch_states.Part()
CAME = {batch_states.PAID: "已到账", batch_states.RETURNED: "银行退回", batch_states.OPEN: "未回盘"}


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@access("payment.view")
@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    """The batches of the own offices, the newest first, and what waits for one."""
    person, on = _person(request), timezone.localdate()
    form, rows = _query(request)
    may_make = person.has_perm("payment.make")
    page = KeysetPage(rows.prefetch_related("office"), ORDERS, request.GET)
    context = {
        "form": form,
        "page": page,
        "rows": list(enumerate(batch_states.of(page), page.start)),
        "query": request.GET.urlencode(),
        "may_export": person.has_perm("export.make"),
        "totals_url": f"{reverse('money:batch_totals')}?{request.GET.urlencode()}",
        "may_make": may_make,
        "waiting": outlook.waiting(person, on) if may_make else [],
    }
    return render(request, "money/batch_list.html", context)


def _query(request: HttpRequest) -> tuple[BatchFilter, BatchQuerySet]:
    """The filter form of the address and the rows it chooses; all where it is wrong, which the page says."""
    rows, form = Batch.objects.visible_to(_person(request), timezone.localdate()), BatchFilter(request.GET)
    return form, form.applied(rows) if form.is_valid() else rows


@access("payment.view")
@require_safe
def batch_totals(request: HttpRequest) -> HttpResponse:
    """How many batches, lines and how much, of the filter; loaded after the list."""
    _, rows = _query(request)
    found = rows.order_by().aggregate(count=Count("pk"), of=Sum("lines"), total=Sum("amount"))
    totals = [
        ("批次", f"{found['count']:,}"),
        ("笔数", f"{found['of'] or 0:,}"),
        ("金额（元）", thousands(found["total"] or ZERO)),
    ]
    parts = batch_states.sums(rows)
    totals += [
        (label, f"{parts[code].count:,} 笔 {thousands(parts[code].amount)} 元")
        for code, label in CAME.items()
        if code in parts
    ]
    return lists.totals_of(request, totals, "money:batch_list")


COLUMNS = (
    Column("批次号", lambda came: came.batch.batch_no, 18),
    Column("业务", lambda came: came.batch.get_scheme_display(), 10),
    Column("政策年度", lambda came: came.batch.year, 9),
    Column("经办机构", lambda came: came.batch.office.name, 20),
    Column("开户银行", lambda came: came.batch.bank, 16),
    Column("状态", lambda came: came.word, 12),
    Column("制单日期", lambda came: came.batch.drawn_on, 12),
    Column("送银行日期", lambda came: came.batch.sent_on, 12),
    Column("笔数", lambda came: came.batch.lines, 9),
    Column("金额（元）", lambda came: came.batch.amount, 16),
    Column("已到账笔数", lambda came: came.paid.count, 11),
    Column("已到账金额（元）", lambda came: came.paid.amount, 16),
    Column("银行退回笔数", lambda came: came.returned.count, 11),
    Column("银行退回金额（元）", lambda came: came.returned.amount, 16),
    Column("未回盘笔数", lambda came: came.open.count, 11),
    Column("未回盘金额（元）", lambda came: came.open.amount, 16),
)


@access("export.make")
@require_safe
def batch_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The batches of the filter, each with what became of its payments."""
    chosen, rows = _query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "money:batch_list")
    found = batch_states.of(rows.select_related("office").order_by("-pk"))
    return exported(
        request, found, COLUMNS, name=f"拨付批次_{timezone.localdate():%Y%m%d}", form=form, count=len(found),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


@access("payment.make")
@require_http_methods(["GET", "HEAD", "POST"])
def batch_new(request: HttpRequest) -> HttpResponse:
    """组批 of a scheme and year: the gate's figures and the lines that must wait first, then how many; asked once."""
    person, on = _person(request), timezone.localdate()
    groups = outlook.waiting(person, on)
    scheme, year = _chosen(request, groups, on)
    found = outlook.of(scheme, year, person, on)
    if request.method == "POST":
        return _drawn(request, found, scheme, year)
    context = {
        "scheme": scheme,
        "label": Scheme(scheme).label,
        "year": year,
        "groups": groups,
        "outlook": found,
        "shown_waiting": found.waiting[:NAMED],
        "capitals": in_capitals(found.payable_amount),
    }
    return render(request, "money/batch_new.html", context)


def _chosen(request: HttpRequest, groups: list[outlook.Waiting], on: date) -> tuple[str, int]:
    """The scheme and year that the address or the form names; where they name none, the first that waits."""
    given = request.POST if request.method == "POST" else request.GET
    year, scheme = given.get("year", ""), given.get("scheme", "")
    wanted = int(year) if year.isdecimal() and len(year) == 4 else None
    known = scheme if scheme in Scheme.values else ""
    first = next((each for each in groups if known in (each.scheme, "") and wanted in (each.year, None)), None)
    if first is not None:
        return first.scheme, first.year
    return known or Scheme.values[0], wanted or on.year


def _drawn(request: HttpRequest, found: outlook.Outlook, scheme: str, year: int) -> HttpResponse:
    form, at = DrawForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return redirect("money:batch_new")
    query = f"scheme={scheme}&year={year}"
    shown = Shown(form.cleaned_data["count"], form.cleaned_data["amount"])
    try:
        drawn = batches.draw_up(
            scheme=scheme,
            year=year,
            case_ids=found.ids,
            by=Actor.of_request(request),
            at=at,
            on=timezone.localdate(at),
            shown=shown,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('money:batch_new')}?{query}")
    held = f"{len(drawn.held)} 件暂缓，其余继续。" if drawn.held else ""
    total = sum((batch.amount for batch in drawn), Decimal(0))
    lines = sum(batch.lines for batch in drawn)
    messages.success(request, f"已组成 {len(drawn)} 个批次，{lines:,} 笔，{total:,.2f} 元。{held}请由另一人放行。")
    return redirect(f"{reverse('money:batch_list')}?{query}")


def _batch(request: HttpRequest, pk: int) -> Batch:
    rows = Batch.objects.visible_to(_person(request), timezone.localdate())
    people = ("office", "policy", "drawn_by", "released_by", "reported_by", "funded_by", "sent_by")
    return get_object_or_404(rows.select_related(*people), pk=pk)


@access("payment.view")
@require_safe
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: its signatures, its payments, its bank files, and the one thing that is next."""
    batch, by = _batch(request, pk), Actor.of_request(request)
    may_make = by.may("payment.make", batch.office)
    came = batch_states.of([batch])[0]
    show = request.GET.get("show", "")
    payments = Payment.objects.filter(batch=batch)
    if show in CAME:
        payments = payments.filter(status=show)
    context = {
        "batch": batch,
        "came": came,
        "came_parts": [(code, label, came.parts.get(code, NONE)) for code, label in CAME.items()] if came.state else [],
        "show": show if show in CAME else "",
        "capitals": in_capitals(batch.amount),
        "gate": Gate.of_json(batch.gate) if batch.gate else None,
        "page": KeysetPage(payments, ORDERS, request.GET),
        "may_form": batch.status in (*GOING, BatchStatus.SENT),
        "application": finance_forms.application_of(batch),
        "may_make": may_make,
        "files": batch.bank_files.order_by("issue"),
        "own": batch.drawn_by_id == _person(request).pk,
        "waits": priority.waits_because(batch, timezone.localdate()),
        "may_release": batch.status == BatchStatus.DRAWN and by.may("payment.release", batch.office),
        "next": batch.next_step if may_make else "",
        "today": timezone.localdate(),
        "may_dissolve": batch.status in batches.DISSOLVABLE and may_make,
        "may_issue": batch.status == BatchStatus.SENT and may_make,
    }
    return render(request, "money/batch_detail.html", context)


@access("payment.release")
@require_POST
def batch_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Release, send or dissolve; the operation checks who may."""
    batch, form = _batch(request, pk), BatchForm(request.POST)
    back = redirect("money:batch_detail", batch.pk)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    try:
        messages.success(request, _acted(batch, form, Actor.of_request(request)))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return back


def _acted(batch: Batch, form: BatchForm, by: Actor) -> str:
    given, at = form.cleaned_data, timezone.now()
    if given["action"] == "dissolve":
        count = batches.dissolve(batch, by=by, at=at, because=given["reason"])
        return f"批次已撤销，{count} 件回到待拨付。"
    if given["action"] == "send":
        sent = batches.send(batch, by=by, at=at, on=timezone.localdate(at))
        out = f"{len(sent.taken_out)} 笔核对不符已移出，见下表。" if sent.taken_out else ""
        return f"已送银行 {sent.lines:,} 笔，{sent.amount:,.2f} 元。{out}请下载银行文件。"
    if given["action"] == "report":
        fiscal.report(batch, number=given["number"], on=_day(given["on"]), by=by, at=at)
        return "已登记报财政。"
    if given["action"] == "receipt":
        amount, voucher = given["amount"] or Decimal(0), given["voucher"]
        fiscal.receive(batch, amount=amount, voucher=voucher, on=_day(given["on"]), by=by, at=at)
        return "已登记财政到账，可以送银行。"
    if given["count"] is None or given["amount"] is None:
        raise Refusal("提交的内容不完整，未作任何更改。请刷新后重试。")
    batches.release(batch, by=by, at=at, shown=Shown(given["count"], given["amount"]))
    return "批次已放行。"


def _day(on: date | None) -> date:
    if on is None:
        raise Refusal("请填写日期（YYYY-MM-DD），未作任何更改。")
    return on


@access("payment.make")
@require_POST
def batch_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The bank file, once; a repeat needs a reason and says that it is one."""
    batch, at = _batch(request, pk), timezone.now()
    try:
        issued, content = bank_files.issue(
            batch, by=Actor.of_request(request), at=at, reason=request.POST.get("reason", "")
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("money:batch_detail", batch.pk)
    name = f"{batch.batch_no}-{issued.issue}.{bank_formats.ending(bank_formats.chosen())}"
    answer = HttpResponse(content, content_type="text/csv" if name.endswith(".csv") else "application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
