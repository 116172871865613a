"""退还: what waits for a second look, deciding on one, and matching a bank statement (N6.2)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.money import ledgers, repayments
from caseworks.money.enums import RepaymentStatus
from caseworks.money.models import Recovery, Repayment
from caseworks.money.recovery_forms import StatementForm
from caseworks.money.repayments import Matched
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import scope_of
from caseworks.registry.downloads import Column, exported

ORDERS = {"new": Order("最近登记", ("pk",), descending=True)}
LEDGER = (
    Column("代码", lambda line: line.subject, 21),
    Column("名称", lambda line: line.name, 38),
    Column("日期", lambda line: line.on, 12),
    Column("业务", lambda line: line.scheme_label, 10),
    Column("政策年度", lambda line: line.year, 9),
    Column("事项", lambda line: line.label, 12),
    Column("凭据", lambda line: line.ref, 24),
    Column("收付（元）", lambda line: line.amount, 14),
    Column("净支付余额（元）", lambda line: line.held, 16),
    Column("应追回增减（元）", lambda line: line.claim, 16),
    Column("尚欠余额（元）", lambda line: line.owed, 14),
)


@access("recovery.view")
@require_safe
def repayment_list(request: HttpRequest) -> HttpResponse:
    """What came back, the newest first; `status` narrows to those that wait."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    rows = scope_of(person, on).limit(Repayment.objects.select_related("recovery__office"), "recovery__")
    status = request.GET.get("status", "")
    if status in RepaymentStatus.values:
        rows = rows.filter(status=status)
    context = {
        "page": KeysetPage(rows, ORDERS, request.GET),
        "status": status,
        "statuses": RepaymentStatus.choices,
        "may_decide": person.has_perm("repayment.confirm"),
        "may_match": person.has_perm("repayment.enter"),
        "me": person.pk,
    }
    return render(request, "money/repayment_list.html", context)


@access("repayment.confirm")
@require_POST
def repayment_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a repayment or reject it in words; the operation checks who may."""
    person = request.user
    assert isinstance(person, Person)
    seen = Recovery.objects.visible_to(person, timezone.localdate())
    row = get_object_or_404(Repayment.objects.select_related("recovery__office").filter(recovery__in=seen), pk=pk)
    confirm = request.POST.get("decision") == "confirm"
    try:
        repayments.decide(
            row,
            confirm=confirm,
            by=Actor.of_request(request),
            at=timezone.now(),
            note=request.POST.get("note", "")[:300],
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"退还 {row.bank_ref} {'已确认，计入台账' if confirm else '不予登记'}。")
    return redirect("money:recovery_detail", row.recovery_id)


@access("repayment.enter")
@require_http_methods(["GET", "HEAD", "POST"])
def repayment_match(request: HttpRequest) -> HttpResponse:
    """Upload a bank statement; what belongs to a recovery is entered, the rest is listed."""
    form = StatementForm(request.POST or None, request.FILES or None)
    matched: Matched | None = None
    if request.method == "POST" and form.is_valid():
        try:
            matched = _matched(form.cleaned_data["file"], Actor.of_request(request))
        except UnreadableFile as problem:
            form.add_error("file", f"{problem} 没有登记。")
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    columns = [(column.title, column.required) for column in repayments.COLUMNS]
    return render(request, "money/repayment_match.html", {"form": form, "matched": matched, "columns": columns})


def _matched(file: UploadedFile, by: Actor) -> Matched:
    suffix = Path(file.name or "").suffix.lower()
    with tempfile.NamedTemporaryFile(suffix=suffix if suffix == ".xlsx" else ".csv") as copy:
        for part in file.chunks():
            copy.write(part)
        copy.flush()
        return repayments.match(Path(copy.name), by=by, at=timezone.now(), today=timezone.localdate())


@access("export.make")
@require_safe
def ledger_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """往来台账 of a policy year for the own offices: signed, with running balances."""
    person, year = request.user, request.GET.get("year", "")
    assert isinstance(person, Person)
    if not year.isdigit() or len(year) != 4:
        raise Http404
    scope = scope_of(person, timezone.localdate())
    within = (None, None) if scope.province else (sorted(scope.cities), sorted(scope.offices))
    found = list(ledgers.lines(cities=within[0], offices=within[1], year=int(year)))
    return exported(request, found, LEDGER, name=f"往来台账_{year}", form=form, count=len(found), at=timezone.now())
