"""财务表单: the application and the list of a batch, as PDF and workbook, and the application's sealed scan (N6.2)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import BinaryIO, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import files
from caseworks.base.documents import papers
from caseworks.base.errors import Refusal
from caseworks.money import finance_forms
from caseworks.money.models import Batch
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import XLSX, recorded


def _batch(request: HttpRequest, pk: int) -> Batch:
    assert isinstance(request.user, Person)
    return get_object_or_404(Batch.objects.visible_to(request.user, timezone.localdate()), pk=pk)


@access("payment.make")
@require_POST
def application_make(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the application; it gets its number and stays what it is."""
    batch = _batch(request, pk)
    try:
        document = finance_forms.apply(batch, by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"资金拨付申请表：{document.number}。")
    return redirect("money:batch_detail", batch.pk)


@access("payment.make")
@require_POST
def application_sealed(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the scan of the application under seal beside it."""
    batch, by = _batch(request, pk), Actor.of_request(request)
    document, given = finance_forms.application_of(batch), request.FILES.get("file")
    if document is None:
        raise Http404
    try:
        if given is None:
            raise Refusal("请选择盖章扫描件，没有保存。")
        accepted = files.accept(cast(files.Uploaded, given), files.SCANS)
        papers.attach_sealed(document, accepted, label=by.label, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "盖章扫描件已保存。")
    return redirect("money:batch_detail", batch.pk)


@access("payment.view")
@require_safe
def application_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The application as it was written; `?sealed=N` its N-th sealed scan."""
    document = finance_forms.application_of(_batch(request, pk))
    if document is None:
        raise Http404
    sealed = request.GET.get("sealed", "")
    if not sealed:
        return files.serve(document.file)
    scans = list(document.scans.select_related("file").order_by("pk"))
    if not sealed.isdigit() or not 1 <= int(sealed) <= len(scans):
        raise Http404
    return files.serve(scans[int(sealed) - 1].file)


@access("payment.make")
@require_safe
def application_xlsx(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The application as a workbook."""
    batch, by = _batch(request, pk), Actor.of_request(request)
    return _book(request, batch, "资金拨付申请表", lambda target: finance_forms.write_application(batch, target, by=by))


@access("payment.make")
@require_safe
def list_xlsx(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every payment of the batch with its account, as a workbook."""
    batch, by = _batch(request, pk), Actor.of_request(request)
    return _book(request, batch, "资金拨付明细表", lambda target: finance_forms.write_list(batch, target, by=by))


@access("payment.make")
@require_safe
def list_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The list on paper."""
    batch, by, at = _batch(request, pk), Actor.of_request(request), timezone.now()
    name = f"资金拨付明细表-{batch.batch_no}.pdf"

    def make() -> HttpResponseBase:
        return _named(HttpResponse(finance_forms.render_list(batch, by=by, at=at), content_type=files.PDF), name)

    return _taken(request, batch, "资金拨付明细表", make)


def _book(request: HttpRequest, batch: Batch, name: str, write: Callable[[BinaryIO], object]) -> HttpResponseBase:
    """A workbook to take away."""

    def make() -> HttpResponseBase:
        book = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
        try:
            write(book)
        except Refusal:
            book.close()
            raise
        book.seek(0)
        return _named(FileResponse(book, content_type=XLSX), f"{name}-{batch.batch_no}.xlsx")

    return _taken(request, batch, name, make)


def _taken(request: HttpRequest, batch: Batch, name: str, make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Who took it, and when, is on record; a refusal is told on the batch's page."""
    try:
        return recorded(request, f"{name} {batch.batch_no}", batch.lines, make, timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("money:batch_detail", batch.pk)


def _named(answer: HttpResponseBase, name: str) -> HttpResponseBase:
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "private, no-store"
    return answer
