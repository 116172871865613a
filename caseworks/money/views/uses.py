"""资金使用: who owes a report, each report with its vouchers, asking, entering at the counter; the unit's own page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import files, lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.cases.enums import Scheme
from caseworks.money import uses
from caseworks.money.enums import UseCategory, UseStatus
from caseworks.money.models import UseLine, UseReport, UseReportQuerySet
from caseworks.money.use_forms import ORDERS, UseFilter, UseFormSet
from caseworks.people.access import access, portal
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import Column, exported

TONES = {"asked": "grey", "handed_in": "blue", "sent_back": "amber", "checked": "green", "misused": "red"}


@dataclass(frozen=True)
class Reported:
    """A report with its sums by category, as a line of the export."""

    row: UseReport
    sums: Mapping[str, Decimal]


def _spent(code: str) -> Callable[[Reported], object]:
    return lambda line: line.sums.get(code, ZERO)


COLUMNS = (
    Column("业务", lambda line: line.row.get_scheme_display(), 10),
    Column("政策年度", lambda line: line.row.year, 9),
    Column("统一社会信用代码", lambda line: line.row.subject, 21),
    Column("单位名称", lambda line: line.row.name, 38),
    Column("经办机构", lambda line: line.row.office.name, 16),
    Column("缘由", lambda line: line.row.get_why_display(), 12),
    Column("收到金额（元）", lambda line: line.row.received, 14),
    Column("已使用金额（元）", lambda line: line.row.total, 14),
    *(Column(f"{label}（元）", _spent(code), 16) for code, label in UseCategory.choices),
    Column("提交期限", lambda line: line.row.due_on or "", 12),
    Column("状态", lambda line: line.row.get_status_display(), 12),
    Column("核对意见", lambda line: line.row.opinion, 30),
)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _schemes() -> list[tuple[str, str]]:
    return [(code, str(Scheme(code).label)) for code in uses.reported()]


def query(request: HttpRequest) -> tuple[UseFilter, UseReportQuerySet]:
    """The filter form of the address and the rows it chooses within the scope; none where it is wrong."""
    on = timezone.localdate()
    form = UseFilter(request.GET, person=_person(request), on=on)
    rows = UseReport.objects.visible_to(_person(request), on)
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("use.view")
@require_safe
def use_list(request: HttpRequest) -> HttpResponse:
    """Who must report and who has."""
    form, rows = query(request)
    address = request.GET.urlencode()
    page = KeysetPage(rows.select_related("office"), ORDERS, request.GET)
    context = {
        "form": form,
        "page": page,
        "rows": [(number, row, TONES[row.status]) for number, row in page.numbered()],
        "query": address,
        "totals_url": f"{reverse('money:use_totals')}?{address}",
        "today": timezone.localdate(),
        "may_ask": request.user.has_perm("use.ask"),
        "year": uses.latest_year(_person(request), timezone.localdate()),
        "may_enter": request.user.has_perm("use.report"),
        "may_export": request.user.has_perm("export.make"),
        "schemes": _schemes(),
    }
    return render(request, "money/use_list.html", context)


@access("use.view")
@require_safe
def use_totals(request: HttpRequest) -> HttpResponse:
    """How many, what they received and used, and what for; loaded after the list."""
    _, rows = query(request)
    found = rows.order_by().aggregate(count=Count("pk"), got=Sum("received"), used=Sum("total"))
    totals = [("户数", f"{found['count']:,}")]
    totals += [
        (label, thousands(found[name] or ZERO)) for name, label in (("got", "收到（元）"), ("used", "已使用（元）"))
    ]
    sums = _by_category(rows.values("pk"))
    totals += [(f"{label}（元）", thousands(sums[code])) for code, label in UseCategory.choices if code in sums]
    return lists.totals_of(request, totals, "money:use_list")


def _by_category(reports: Any) -> dict[str, Decimal]:
    lines = UseLine.objects.filter(report__in=reports).current()
    return dict(lines.order_by().values_list("category").annotate(sum=Sum("amount")))


@access("export.make")
@require_safe
def use_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The reports of the filter, with their sums by category."""
    chosen, rows = query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "money:use_list")

    counted = Prefetch("lines", UseLine.objects.current(), to_attr="counted")

    def lines() -> Iterator[Reported]:
        found = rows.select_related("office").prefetch_related(counted).order_by("pk")
        for row in found.iterator(chunk_size=2000):
            sums: defaultdict[str, Decimal] = defaultdict(Decimal)
            for line in row.counted:
                sums[line.category] += line.amount
            yield Reported(row, sums)

    return exported(
        request, lines(), COLUMNS, name=f"资金使用情况_{timezone.localdate():%Y%m%d}", form=form, count=rows.count(),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


@access("use.ask")
@require_POST
def use_ask(request: HttpRequest) -> HttpResponse:
    """Ask the agencies and the sample of a year."""
    given, on = request.POST, timezone.localdate()
    due_on = parse_date(given.get("due_on", "")) if given.get("due_on") else None
    if not given.get("year", "").isdigit() or due_on is None or given.get("scheme") not in uses.reported():
        messages.error(request, "请填写年度和提交期限，未作任何更改。")
        return redirect("money:use_list")
    try:
        asked = uses.ask(
            scheme=given["scheme"], year=int(given["year"]), due_on=due_on, by=Actor.of_request(request),
            at=timezone.now(), on=on,
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"新通知 {asked:,} 户报告资金使用情况，期限 {due_on}。已通知过的不重复。")
    return redirect("money:use_list")


@access("use.view")
@require_http_methods(["GET", "HEAD", "POST"])
def use_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One report line by line with its vouchers, and what a clerk makes of it."""
    rows = UseReport.objects.visible_to(_person(request), timezone.localdate())
    row = get_object_or_404(rows.select_related("office", "recovery"), pk=pk)
    if request.method == "POST":
        try:
            words = _act(request, row)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, words)
        return redirect("money:use_detail", pk)
    by = Actor.of_request(request)
    context = {
        "row": row,
        "tone": TONES[row.status],
        "lines": row.lines.filter(handing=row.handing).select_related("voucher"),
        "sums": [(UseCategory(code).label, amount) for code, amount in _by_category([row.pk]).items()],
        "left": row.received - row.total,
        "may_check": row.status == UseStatus.HANDED_IN and by.may("use.check", row.office),
        "own": row.handed_by_id is not None and row.handed_by_id == _person(request).pk,
        "may_enter": row.status in (UseStatus.ASKED, UseStatus.SENT_BACK) and by.may("use.report", row.office),
    }
    return render(request, "money/use_detail.html", context)


def _act(request: HttpRequest, row: UseReport) -> str:
    given, by, at = request.POST, Actor.of_request(request), timezone.now()
    opinion = given.get("opinion", "").strip()
    match given.get("action"):
        case "check":
            uses.check(row, opinion=opinion, by=by, at=at)
            return "核对无误，已记录。"
        case "send_back":
            uses.send_back(row, opinion=opinion, by=by, at=at)
            return "已退回补正。"
        case "misuse":
            try:
                amount = Decimal(given.get("amount", ""))
            except InvalidOperation:
                raise Refusal("请填写使用不当的金额，未作任何更改。") from None
            uses.find_misuse(
                row, amount=amount, opinion=opinion, basis=given.get("basis", ""), by=by, at=at, on=timezone.localdate()
            )
            return "已记录查实结论，并提出追回，由另一人确认。"
    raise Refusal("提交的内容不完整，未作任何更改。请刷新后重试。")


@access("use.view")
@require_safe
def use_voucher(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """The voucher of a line."""
    rows = UseReport.objects.visible_to(_person(request), timezone.localdate())
    found = get_object_or_404(UseLine.objects.select_related("voucher"), pk=line, report__in=rows.filter(pk=pk))
    if found.voucher is None:
        raise Http404
    return files.serve(found.voucher)


@access("use.report")
@require_http_methods(["GET", "HEAD", "POST"])
def use_enter(request: HttpRequest) -> HttpResponse:
    """窗口代录: a report that a unit brought on paper."""
    scheme, year, subject = (request.GET.get(name, "").strip().upper() for name in ("scheme", "year", "subject"))
    scheme = scheme.lower()
    asked = scheme in uses.reported() and year.isdigit() and bool(subject)
    received = uses.received_of(scheme, int(year), subject) if asked else None
    forms = UseFormSet(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if request.method == "POST" and received is not None and forms.is_valid():
        try:
            report = uses.enter(
                scheme=scheme, year=int(year), subject=subject, uses=[form.use for form in forms if form.use],
                by=Actor.of_request(request), at=timezone.now(), on=timezone.localdate(),
            )  # fmt: skip
        except Refusal as refusal:
            problems = [refusal.message, *refusal.details]
        else:
            messages.success(request, "报告已代录，由另一人核对。")
            return redirect("money:use_detail", report.pk)
    context = {
        "forms": forms, "problems": problems, "asked": asked, "received": received, "scheme": scheme,
        "year": year or uses.latest_year(_person(request), timezone.localdate()), "subject": subject, "schemes": _schemes(),
    }  # fmt: skip
    return render(request, "money/use_enter.html", context)


# -- the unit's own page


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def portal_uses(request: HttpRequest, uscc: str) -> HttpResponse:
    """资金使用: what the unit received and has reported on, and a form for each that it may still report on."""
    on = timezone.localdate()
    matters = [
        (scheme, year, found)
        for scheme in uses.reported()
        for year in range(on.year, on.year - 3, -1)
        if (found := uses.received_of(scheme, year, uscc)) is not None
    ]
    reports = {(row.scheme, row.year): row for row in UseReport.objects.filter(subject=uscc)}
    shown = [
        (scheme, Scheme(scheme).label, year, found[3], found[4], reports.get((scheme, year)))
        for scheme, year, found in matters
    ]
    context = {
        "matters": [
            (
                *row,
                row[5] is None or row[5].status in (UseStatus.ASKED, UseStatus.SENT_BACK),
                TONES.get(row[5].status if row[5] else "", ""),
            )
            for row in shown
        ],
        "categories": UseCategory.choices,
    }
    return render(request, "portal/uses.html", context)


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def portal_report(request: HttpRequest, uscc: str, scheme: str, year: int) -> HttpResponse:
    """Report on the money of a year."""
    received = uses.received_of(scheme, year, uscc) if scheme in uses.reported() else None
    if received is None:
        raise Http404
    forms = UseFormSet(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if request.method == "POST" and forms.is_valid():
        try:
            uses.hand_in(
                scheme=scheme, year=year, subject=uscc, uses=[form.use for form in forms if form.use],
                by=Actor.of_request(request), at=timezone.now(), on=timezone.localdate(),
            )  # fmt: skip
        except Refusal as refusal:
            problems = [refusal.message, *refusal.details]
        else:
            messages.success(request, "报告已提交，由经办机构核对。")
            return redirect("uses:list")
    context = {
        "forms": forms, "problems": problems, "label": Scheme(scheme).label, "year": year, "amount": received[3],
        "paid_on": received[4],
    }  # fmt: skip
    return render(request, "portal/use_report.html", context)
