"""批量受理: a file handed in, watched, and what came of it; its rejected rows to take away (contract 4)."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import mask_id
from caseworks.base.models import RunState
from caseworks.base.pages import KeysetPage
from caseworks.base.watching import Watch
from caseworks.cases.private_words import private_words
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.registry.downloads import recorded
from subsidies import claim_files, tasks
from subsidies.filters import NEWEST
from subsidies.forms import FileForm
from subsidies.models import ClaimFile, RejectedLine
from subsidies.views.shared import claim_years, person_of, send

SHOWN = 50
SMALL = 512 * 1024  # bytes of a file that is taken while the page waits


def _file(request: HttpRequest, pk: int) -> ClaimFile:
    rows = ClaimFile.objects.visible_to(person_of(request), timezone.localdate()).select_related("run")
    file = get_object_or_404(rows, pk=pk)
    runs.settle(file.run, timezone.now())
    return file


@access("claim.view")
@require_safe
def file_list(request: HttpRequest) -> HttpResponse:
    """Which files were handed in, by whom, and what came of them."""
    person = person_of(request)
    files = ClaimFile.objects.visible_to(person, timezone.localdate()).select_related("run")
    context = {"page": KeysetPage(files, NEWEST, request.GET, size=20), "may_take": person.has_perm("claim.take")}
    return render(request, "subsidies/file_list.html", context)


@access("claim.take")
@require_http_methods(["GET", "HEAD", "POST"])
def file_new(request: HttpRequest) -> HttpResponse:
    """Hand a file in."""
    years = claim_years(timezone.localdate())
    form = FileForm(request.POST or None, request.FILES or None, years=years)
    if request.method == "POST" and form.is_valid():
        by, at = Actor.of_request(request), timezone.now()
        upload = form.cleaned_data["file"]
        try:
            file = claim_files.receive(upload, form.cleaned_data["year"], by=by, at=at)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            if upload.size <= SMALL and not claim_files.busy():
                tasks.take_file(file.run_id)
            else:
                send(request, lambda: tasks.take_file.delay(file.run_id))
            return redirect("subsidies:file_detail", pk=file.pk)
    context = {"form": form, "limit": settings.UPLOAD_LIMIT >> 20}
    return render(request, "subsidies/file_new.html", context, status=422 if form.errors else 200)


def _masked(column: str, value: str) -> str:
    """A rejected value as the page shows it: numbers that slipped into another column are masked as well."""
    return mask_id(value) if column == "id_no" or private_words(value) else value


@access("claim.view")
@require_safe
def file_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a file has come, what came of it, and its rejected rows."""
    person, file = person_of(request), _file(request, pk)
    rows = [
        (row.line, row.column, _masked(row.column, row.value), row.reason)
        for row in RejectedLine.objects.filter(file=file).order_by("line")[:SHOWN]
    ]
    context = {
        "file": file,
        "run": file.run,
        "watch": Watch.of(file.run, timezone.now()),
        "run_url": reverse("subsidies:file_progress", args=[pk]),
        "rejected": rows,
        "refused": file.taken - file.granted,
        "may_take": person.has_perm("claim.take"),
    }
    return render(request, "subsidies/file_detail.html", context)


@access("claim.view")
@require_safe
def file_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; the page is loaded anew once it has ended."""
    file = _file(request, pk)
    if not file.run.is_open:
        return HttpResponseClientRefresh()
    watch = Watch.of(file.run, timezone.now())
    context = {"run": file.run, "watch": watch, "run_url": reverse("subsidies:file_progress", args=[pk])}
    return render(request, "desk/_run.html", context)


@access("claim.take")
@require_POST
def file_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a queued file to the background once more."""
    file = _file(request, pk)
    if file.run.state == RunState.QUEUED:
        send(request, lambda: tasks.take_file.delay(file.run_id))
    else:
        messages.info(request, "该文件已在处理或已结束，未重复提交。")
    return redirect("subsidies:file_detail", pk=pk)


@access("claim.view")
@require_safe
def file_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rejected rows as a file, with their full values: who took it stays on record."""
    file = _file(request, pk)
    name = f"{file.name}.errors.csv"

    def make() -> HttpResponseBase:
        response = StreamingHttpResponse(claim_files.errors_download(file), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = content_disposition_header(True, name) or ""
        response["Cache-Control"] = "private, no-store"
        return response

    return recorded(request, name, file.rejected, make, timezone.now())
