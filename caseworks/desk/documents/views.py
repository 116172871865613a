"""文书: the list, a paper beside its sealed scans, and adding one. Each view looks at the scope by itself."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import files
from caseworks.base.documents import papers
from caseworks.base.errors import Refusal
from caseworks.base.models import Document, SealedScan
from caseworks.base.pages import KeysetPage, Order
from caseworks.desk.documents.filters import DocumentFilter
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope, scope_of

ORDERS = {"newest": Order("新近在前", ("pk",), descending=True)}


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _visible(request: HttpRequest) -> QuerySet[Document]:
    return scope_of(_person(request), timezone.localdate(), "document.view").limit(Document.objects.all())


def _document(request: HttpRequest, pk: int) -> Document:
    return get_object_or_404(_visible(request).select_related("file"), pk=pk)


@access("document.view")
@require_safe
def document_list(request: HttpRequest) -> HttpResponse:
    """The papers of the own offices, the newest first."""
    on = timezone.localdate()
    form = DocumentFilter(request.GET, offices=offices_in_scope(_person(request), on, "document.view"))
    rows = form.applied(_visible(request)) if form.is_valid() else _visible(request).none()
    page = KeysetPage(rows.annotate(sealed=Count("scans")), ORDERS, request.GET)
    offices = Office.objects.in_bulk({row.office for row in page.rows})
    lines = [(number, row, offices.get(row.office)) for number, row in page.numbered()]
    return render(request, "documents/document_list.html", {"form": form, "page": page, "lines": lines})


@access("document.view")
@files.framing
@require_safe
def document_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper beside its sealed scans."""
    document = _document(request, pk)
    office = Office.objects.filter(pk=document.office).first()
    context = {
        "document": document,
        "office": office,
        "scans": document.scans.select_related("file").order_by("-pk"),
        "may_seal": office is not None and Actor.of_request(request).may("document.seal", office),
        "limit": files.limit(),
    }
    return render(request, "documents/document_detail.html", context)


@access("document.view")
@require_safe
def document_paper(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The paper as it was written."""
    return files.serve(_document(request, pk).file, framed=True)


@access("document.view")
@require_safe
def document_scan(request: HttpRequest, pk: int, scan: int) -> HttpResponseBase:
    """A sealed scan of the paper."""
    found = get_object_or_404(SealedScan.objects.select_related("file"), pk=scan, document=_document(request, pk))
    return files.serve(found.file, framed=True)


@access("document.seal")
@require_POST
def document_seal(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the scan of the sealed paper."""
    document, by = _document(request, pk), Actor.of_request(request)
    handed = request.FILES.get("file")
    try:
        if not by.may("document.seal", Office.objects.get(pk=document.office)):
            raise Refusal("您没有为该机构的文书上传扫描件的权限，没有保存。")
        if handed is None:
            raise Refusal("请选择盖章扫描件，没有保存。")
        accepted = files.accept(handed, files.SCANS)
        papers.attach_sealed(document, accepted, label=by.label, at=timezone.now(), note=request.POST.get("note", ""))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "盖章扫描件已保存，单位可以在门户下载。")
    return redirect("documents:document_detail", document.pk)
