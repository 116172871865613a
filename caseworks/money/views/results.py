"""银行回盘: the files that were booked, what each said, and booking another; one wrong line refuses all (contract 5)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.enums import PaidTo
from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.base.subjects import shown
from caseworks.money import bank_results, payments, return_reasons
from caseworks.money.bank_results import Booked
from caseworks.money.enums import PaymentStatus
from caseworks.money.filters import ORDERS
from caseworks.money.forms import ResultForm
from caseworks.money.models import Payment, PaymentQuerySet, ResultFile
from caseworks.money.return_reasons import Plain
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import Column, exported


def _plain(row: Payment) -> Plain:
    return return_reasons.plain(row.reason, card=row.account_kind == PaidTo.CARD)


RETURNED_COLUMNS = (
    Column("支付编号", lambda row: row.payment_no, 18),
    Column("统一社会信用代码", lambda row: shown(row.subject), 21),
    Column("名称", lambda row: row.name, 38),
    Column("经办机构", lambda row: row.office.name, 16),
    Column("账户类型", lambda row: row.get_account_kind_display(), 12),
    Column("账号末四位", lambda row: row.account_tail, 11),
    Column("户名", lambda row: row.account_name, 38),
    Column("开户银行", lambda row: row.bank_name, 24),
    Column("金额（元）", lambda row: row.amount, 16),
    Column("退回日期", lambda row: row.returned_on, 12),
    Column("银行原话", lambda row: row.reason, 30),
    Column("退回原因", lambda row: _plain(row).label, 26),
    Column("下一步", lambda row: _plain(row).next, 60),
)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@access("payment.view")
@require_safe
def result_list(request: HttpRequest) -> HttpResponse:
    """The files booked, the newest first, and the form for the next."""
    return _list(request)


def _list(request: HttpRequest, refused: Refusal | None = None, name: str = "") -> HttpResponse:
    person = _person(request)
    files = ResultFile.objects.visible_to(person, timezone.localdate())
    context = {
        "page": KeysetPage(files, ORDERS, request.GET),
        "form": ResultForm(),
        "may_book": person.has_perm("payment.make"),
        "refused": refused,
        "refused_name": name,
    }
    return render(request, "money/result_list.html", context, status=422 if refused else 200)


@access("payment.make")
@require_POST
def result_book(request: HttpRequest) -> HttpResponse:
    """Check the whole file, then book it; what is wrong is listed line by line."""
    form = ResultForm(request.POST, request.FILES)
    if not form.is_valid():
        words = "；".join(str(error) for errors in form.errors.values() for error in errors)
        return _list(request, Refusal(f"没有登记：{words}"))
    file = form.cleaned_data["file"]
    name = Path(file.name or "回盘.csv").name
    try:
        booked = _booked(file, name, Actor.of_request(request))
    except UnreadableFile as refusal:
        return _list(request, Refusal(f"文件读不出来，没有登记：{refusal}"), name)
    except Refusal as refusal:
        return _list(request, refusal, name)
    messages.success(
        request,
        f"共 {booked.read:,} 行：到账 {booked.paid:,} 笔，退回 {booked.returned:,} 笔，"
        f"已登记过 {booked.unchanged:,} 行。",
    )
    return redirect("money:result_detail", booked.file) if booked.file else redirect("money:result_list")


def _booked(file: UploadedFile, name: str, by: Actor) -> Booked:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"results{Path(name).suffix.lower()}"
        with path.open("wb") as stream:
            stream.writelines(file.chunks())
        return bank_results.book(path, by=by, at=timezone.now(), name=name)


@access("payment.view")
@require_safe
def result_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: every returned payment with its reason in plain words and the next step, and those that were paid."""
    file, rows = _file(request, pk)
    paid = request.GET.get("show") == PaymentStatus.PAID
    shown = rows.filter(status=PaymentStatus.PAID) if paid else rows.filter(status=PaymentStatus.RETURNED)
    page = KeysetPage(shown.prefetch_related("office", "batch"), ORDERS, request.GET)
    context = {"file": file, "page": page, "paid": paid, "returned": [] if paid else beside(page)}
    return render(request, "money/result_detail.html", context)


@access("payment.view")
@require_safe
def result_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The returned payments of a file, to be taken along to the units and the bank."""
    file, rows = _file(request, pk)
    found = rows.filter(status=PaymentStatus.RETURNED).select_related("office").order_by("pk")
    return exported(
        request, found.iterator(chunk_size=2000), RETURNED_COLUMNS, name=f"银行退回清单-{file.pk}", form="xlsx",
        count=found.count(), at=timezone.now(),
    )  # fmt: skip


def _file(request: HttpRequest, pk: int) -> tuple[ResultFile, PaymentQuerySet]:
    person, on = _person(request), timezone.localdate()
    file = get_object_or_404(ResultFile.objects.visible_to(person, on), pk=pk)
    return file, Payment.objects.visible_to(person, on).filter(result_file=file)


def beside(page: KeysetPage) -> list[dict[str, object]]:
    """The returned payments of a page, each with its reason in plain words and what became of its account."""
    now = payments.returned_of(page.rows)
    return [
        {"number": number, "row": row, "plain": _plain(row), "now": now.get(row.pk)} for number, row in page.numbered()
    ]
