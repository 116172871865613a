"""月度对账: the months of a city's account, the bank's statement beside our movements, and closing a month by two (N6.2)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Case as Chosen
from django.db.models import F, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.money import reconciling, statements
from caseworks.money.enums import MonthStatus
from caseworks.money.forms import ReconcileForm, StatementForm
from caseworks.money.models import Movement, ReconciledMonth, Statement, StatementLine
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope
from caseworks.registry.downloads import Column, exported

TABS = {"banks": "只在对账单", "ours": "只在流水", "matched": "已勾对", "settled": "已核实"}
ORDERS = {"day": Order("日期", ("on", "pk"))}
RECENT = 10  # statements shown
CHOICES = 200  # movements offered for matching by hand
COLUMNS = (
    Column("日期", lambda row: row.on, 12),
    Column("方向", lambda row: "支出" if row.amount > 0 else "收入", 8),
    Column("金额（元）", lambda row: abs(row.amount), 16),
    Column("摘要附言", lambda row: row.reference, 40),
    Column("对方户名", lambda row: row.counterparty, 36),
    Column("流水号", lambda row: row.serial, 20),
    Column("勾对依据", lambda row: "、".join(sorted({match.get_by_display() for match in row.matches.all()})), 18),
    Column("勾对的支付", lambda row: "、".join(_paid_of(match.movement) for match in row.matches.all()[:20]), 40),
    Column("核实说明", lambda row: row.settled_because, 40),
    Column("核实人", lambda row: row.settled_label, 20),
)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _paid_of(movement: Movement) -> str:
    if movement.bank_ref:
        return movement.bank_ref
    if movement.payment is not None:
        return movement.payment.payment_no
    return movement.repayment.bank_ref if movement.repayment is not None else ""


def _pools(person: Person, on: date) -> QuerySet[Office]:
    """The offices with an account of their own that a person sees."""
    pools = ~Q(level=OfficeLevel.COUNTY) | Q(city=F("pk"))
    return offices_in_scope(person, on).filter(pools).order_by("code")


def _pool(request: HttpRequest, pk: int) -> Office:
    return get_object_or_404(_pools(_person(request), timezone.localdate()), pk=pk)


@access("payment.view")
@require_safe
def reconciliation_list(request: HttpRequest) -> HttpResponse:
    """The months of an account, the newest first, each with both sides; and taking a statement."""
    return _list(request)


def _list(request: HttpRequest, refused: Refusal | None = None, name: str = "") -> HttpResponse:
    person, on = _person(request), timezone.localdate()
    offices = list(_pools(person, on))
    asked = request.POST.get("office") or request.GET.get("office", "")
    chosen = next((office for office in offices if str(office.pk) == asked), None) or _usual(offices, person)
    context = {
        "offices": offices,
        "office": chosen,
        "months": _months(chosen) if chosen else [],
        "statements": Statement.objects.filter(office=chosen).order_by("-pk")[:RECENT] if chosen else [],
        "may_take": person.has_perm("reconciliation.make"),
        "refused": refused,
        "refused_name": name,
    }
    return render(request, "money/reconciliation_list.html", context, status=422 if refused else 200)


def _usual(offices: list[Office], person: Person) -> Office | None:
    """The account that is shown where none is asked for: the own one, or the first that has money moved."""
    own = person.office.city_or_self_id if person.office else None
    offices = sorted(offices, key=lambda office: office.pk != own)
    used = (office for office in offices if Movement.objects.of_pool(office).exists())
    return next(used, offices[0] if offices else None)


def _months(office: Office) -> list[Mapping[str, Any]]:
    rows = ReconciledMonth.objects.filter(office=office).exclude(status=MonthStatus.REOPENED)
    standing = {row.month: row for row in rows}
    return [
        {"month": month, "row": standing.get(month), "figures": reconciling.figures(office, month)}
        for month in reconciling.months(office)
    ]


@access("reconciliation.make")
@require_POST
def statement_take(request: HttpRequest) -> HttpResponse:
    """Check the whole statement, then keep and match it; what is wrong is listed line by line."""
    form = StatementForm(request.POST, request.FILES)
    if not form.is_valid():
        words = "；".join(str(error) for errors in form.errors.values() for error in errors)
        return _list(request, Refusal(f"没有导入：{words}"))
    office, file = _pool(request, form.cleaned_data["office"]), form.cleaned_data["file"]
    name = Path(file.name or "对账单.csv").name
    try:
        taken = _taken(file, office, name, Actor.of_request(request), timezone.now())
    except UnreadableFile as refusal:
        return _list(request, Refusal(f"文件读不出来，没有导入：{refusal}"), name)
    except Refusal as refusal:
        return _list(request, refusal, name)
    messages.success(request, f"共 {taken.read:,} 行，新增 {taken.fresh:,} 行，自动勾对流水 {taken.matched:,} 笔。")
    if len(taken.months) == 1:
        return redirect("money:reconciliation_month", office.pk, taken.months[0])
    return redirect(f"{reverse('money:reconciliation_list')}?office={office.pk}")


def _taken(file: UploadedFile, office: Office, name: str, by: Actor, at: datetime) -> statements.Taken:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"statement{Path(name).suffix.lower()}"
        with path.open("wb") as stream:
            stream.writelines(file.chunks())
        return statements.take(path, office, by=by, at=at, name=name)


@access("payment.view")
@require_safe
def reconciliation_month(request: HttpRequest, office: int, month: str) -> HttpResponse:
    """A month on both sides: what is open first, what was matched, what was explained, and closing it."""
    pool, (first, last) = _pool(request, office), _days(month)
    tab = request.GET.get("tab", "banks")
    tab = tab if tab in TABS else "banks"
    person, by = _person(request), Actor.of_request(request)
    closing = ReconciledMonth.objects.filter(office=pool, month=month).order_by("-pk")
    row = closing.exclude(status=MonthStatus.REOPENED).first()
    is_open = row is None or row.status != MonthStatus.CLOSED
    open_ours = Movement.objects.of_pool(pool).filter(on__range=(first, last)).open()
    page = KeysetPage(_rows(tab, pool, month, open_ours), ORDERS, request.GET)
    context = {
        "office": pool,
        "month": month,
        "tab": tab,
        "tabs": TABS,
        "page": page,
        "figures": reconciling.figures(pool, month),
        "row": row,
        "history": closing.filter(status=MonthStatus.REOPENED),
        "notes": Movement.objects.of_pool(pool).filter(on__range=(first, last), note__isnull=False)
        .select_related("note", "payment", "repayment").order_by("on", "pk")[:CHOICES],
        "may_make": is_open and by.may("reconciliation.make", pool),
        "may_close": row is not None
        and row.status == MonthStatus.PROPOSED
        and row.proposed_by_id != person.pk
        and by.may("reconciliation.close", pool),
        "own": row is not None and row.status == MonthStatus.PROPOSED and row.proposed_by_id == person.pk,
        "may_reopen": not is_open and by.may("reconciliation.reopen", pool),
    }  # fmt: skip
    return render(request, "money/reconciliation_month.html", context)


def _rows(tab: str, pool: Office, month: str, open_ours: QuerySet[Movement]) -> QuerySet[Any]:
    if tab == "ours":
        return open_ours.select_related("payment", "repayment__recovery")
    rows: QuerySet[StatementLine] = StatementLine.objects.filter(office=pool, month=month)
    if tab == "banks":
        return rows.filter(matches__isnull=True, settled_at__isnull=True)
    if tab == "settled":
        return rows.filter(settled_at__isnull=False)
    return (
        rows.filter(matches__isnull=False)
        .distinct()
        .prefetch_related("matches__movement__payment", "matches__movement__repayment")
    )


@access("payment.view")
@require_safe
def reconciliation_line(request: HttpRequest, office: int, pk: int) -> HttpResponse:
    """One line of a statement and the movements it may stand for: those of the same amount first, then the nearest days."""
    pool = _pool(request, office)
    line: StatementLine = get_object_or_404(StatementLine, office=pool, pk=pk)
    _, last = _days(line.month)
    way = Q(amount__gt=0) if line.amount > 0 else Q(amount__lt=0)
    rows = Movement.objects.of_pool(pool).filter(way, match__isnull=True, on__lte=last)
    rows = rows.annotate(other=Chosen(When(amount=line.amount, then=Value(0)), default=Value(1)))
    context = {
        "office": pool,
        "line": line,
        "movements": rows.select_related("payment", "repayment__recovery").order_by("other", "-on", "-pk")[:CHOICES],
        "may_make": Actor.of_request(request).may("reconciliation.make", pool),
        "is_open": line.settled_at is None and not line.matches.exists(),
    }
    return render(request, "money/reconciliation_line.html", context)


def _days(month: str) -> tuple[date, date]:
    try:
        return reconciling.days_of(month)
    except ValueError as problem:
        raise Http404 from problem


@access("payment.view")
@require_POST
def reconciliation_act(request: HttpRequest, office: int, month: str) -> HttpResponse:
    """Settle, match, take back, hand over, close or open again; the operation checks who may."""
    pool, form = _pool(request, office), ReconcileForm(request.POST)
    _days(month)
    back = redirect(
        f"{reverse('money:reconciliation_month', args=[pool.pk, month])}?tab={request.POST.get('tab', 'banks')}"
    )
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    try:
        words = _ACTS[form.cleaned_data["action"]](
            pool, month, form.cleaned_data, Actor.of_request(request), timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back


def _line(pool: Office, given: Mapping[str, Any]) -> StatementLine:
    row: StatementLine = get_object_or_404(StatementLine, office=pool, pk=given["row"])
    return row


def _standing(pool: Office, month: str) -> ReconciledMonth:
    rows = ReconciledMonth.objects.filter(office=pool, month=month).exclude(status=MonthStatus.REOPENED)
    row = rows.first()
    if row is None:
        raise Refusal(f"{month} 还没有提请关账，未作任何更改。请刷新后查看。")
    return row


def _settle(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    reconciling.settle_line(_line(pool, given), because=given["because"], by=by, at=at)
    return "该笔对账单明细已核实。"


def _note(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    movement = get_object_or_404(Movement.objects.of_pool(pool), pk=given["row"])
    reconciling.settle_movement(movement, pool, because=given["because"], by=by, at=at)
    return "该笔流水已核实。"


def _match(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    return f"已勾对 {reconciling.match_by_hand(_line(pool, given), given['movements'], by=by, at=at)} 笔流水。"


def _unmatch(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    reconciling.unmatch(_line(pool, given), by=by)
    return "已撤回，该笔须重新勾对或核实。"


def _propose(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    reconciling.propose(pool, month, by=by, at=at)
    return f"{month} 已提请关账，请由另一人关账。"


def _close(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    reconciling.close(_standing(pool, month), by=by, at=at)
    return f"{month} 已关账。"


def _reopen(pool: Office, month: str, given: Mapping[str, Any], by: Actor, at: datetime) -> str:
    reconciling.reopen(_standing(pool, month), because=given["because"], by=by, at=at)
    return f"{month} 已重开，办理后须重新提请和关账。"


_ACTS: Mapping[str, Callable[[Office, str, Mapping[str, Any], Actor, datetime], str]] = {
    "settle": _settle,
    "note": _note,
    "match": _match,
    "unmatch": _unmatch,
    "propose": _propose,
    "close": _close,
    "reopen": _reopen,
}


@access("export.make")
@require_safe
def reconciliation_export(request: HttpRequest, office: int, month: str) -> HttpResponseBase:
    """Every line of the month with what it was matched with or how it was explained."""
    pool = _pool(request, office)
    _days(month)
    rows = StatementLine.objects.filter(office=pool, month=month).order_by("on", "pk")
    found = rows.prefetch_related("matches__movement__payment", "matches__movement__repayment")
    return exported(
        request, found.iterator(chunk_size=2000), COLUMNS, name=f"对账明细-{pool.name}-{month}", form="xlsx",
        count=rows.count(), at=timezone.now(),
    )  # fmt: skip
