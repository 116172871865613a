"""数据导入: upload, look at what an import would do, confirm, watch it, take the errors away. (J4.1)"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run, RunState
from caseworks.base.pages import KeysetPage, Order
from caseworks.base.watching import Watch
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import errors_file, rejections, tasks, uploads
from caseworks.registry.access import replaceable_prefixes, visible_imports
from caseworks.registry.enums import RetirementStatus
from caseworks.registry.filters import ImportFilter
from caseworks.registry.forms import UploadForm
from caseworks.registry.models import ImportFile, RejectedRow

ORDERS = {"newest": Order("最近在前", ("created_at", "id"), descending=True)}
SHOWN_ROWS = 50
WORKER_MISSING = "后台服务没有应答，处理尚未开始。请系统管理员检查后台服务；恢复后在该页点“重新提交”。"


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@access("import.view")
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """Who imported which file, when, and what came of it."""
    person, on = _person(request), timezone.localdate()
    form = ImportFilter(request.GET, person=person)
    files = form.narrow(visible_imports(person, on)).select_related("run")
    context = {
        "form": form,
        "page": KeysetPage(files, ORDERS, request.GET),
        "may_import": person.has_perm("registry.import"),
    }
    return render(request, "registry/import_list.html", context)


@access("registry.import")
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Upload files, to be looked at first."""
    prefixes = replaceable_prefixes(_person(request), timezone.localdate())
    form = UploadForm(request.POST or None, request.FILES or None, prefixes=prefixes)
    if request.method == "POST" and form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("mode", "period_from", "period_to", "region")}
        by = Actor.of_request(request)
        try:
            run = uploads.receive(form.cleaned_data["files"], **asked, by=by, at=timezone.now())
        except Refusal as refusal:
            form.add_error("files", str(refusal))
        else:
            if uploads.is_small(run):
                uploads.look(run, by=by, at=timezone.now())
            else:
                _send(request, lambda: tasks.look_at_upload.delay(run.pk))
            return redirect("registry:import_preview", run_id=run.pk)
    context = {"form": form, "limit": settings.UPLOAD_LIMIT >> 20, "limit_bytes": settings.UPLOAD_LIMIT}
    return render(request, "registry/import_new.html", context, status=422 if form.errors else 200)


def _send(request: HttpRequest, enqueue: Callable[[], object]) -> None:
    try:
        enqueue()
    except BrokerError:
        messages.error(request, WORKER_MISSING)


def _upload(request: HttpRequest, run_id: int) -> Run:
    """An upload of one's own; that of others is not found."""
    run = get_object_or_404(Run, pk=run_id, kind=uploads.RUN_KIND, person=_person(request))
    return runs.settle(run, timezone.now())


@access("registry.import")
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, run_id: int) -> HttpResponse:
    """What an import of the uploaded files would do; confirmed or thrown away here."""
    run = _upload(request, run_id)
    if request.method == "POST":
        return _decide(request, run)
    if run.summary.get("imports"):
        return _begun(request, run)
    context = {
        "run": run,
        "watch": Watch.of(run, timezone.now()),
        "run_url": reverse("registry:preview_progress", args=[run.pk]),
        "files": run.summary.get("files", []),
        "importable": uploads.importable(run) if run.state == RunState.DONE else [],
    }
    return render(request, "registry/import_preview.html", context)


def _begun(request: HttpRequest, run: Run) -> HttpResponse:
    """The imports that were begun from an upload, one below the other."""
    files = list(ImportFile.objects.filter(pk__in=run.summary["imports"]).select_related("run").order_by("pk"))
    for import_file in files:
        runs.settle(import_file.run, timezone.now())
    template = "registry/_import_begun.html" if getattr(request, "htmx", False) else "registry/import_begun.html"
    context = {
        "run": run,
        "files": [(import_file, Watch.of(import_file.run, timezone.now())) for import_file in files],
        "busy": any(import_file.run.is_open for import_file in files),
        "any_rejected": any(import_file.rejected for import_file in files),
    }
    return render(request, template, context)


def _decide(request: HttpRequest, run: Run) -> HttpResponse:
    by = Actor.of_request(request)
    try:
        if request.POST.get("decision") == "again":
            _send(request, lambda: tasks.look_at_upload.delay(run.pk))
            return redirect("registry:import_preview", run_id=run.pk)
        if request.POST.get("decision") != "confirm":
            uploads.discard(run, by=by)
            messages.success(request, "已放弃这次上传，没有导入任何内容。")
            return redirect("registry:import_list")
        begun = uploads.confirm(run, by=by, at=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("registry:import_preview", run_id=run.pk)
    _send(request, lambda: tasks.load_files.delay([import_file.run_id for import_file in begun]))
    if len(begun) == 1:
        return redirect("registry:import_detail", pk=begun[0].pk)
    return redirect("registry:import_preview", run_id=run.pk)


@access("registry.import")
@require_safe
def preview_progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """How far the look at an upload has come."""
    return _progress(request, _upload(request, run_id), reverse("registry:preview_progress", args=[run_id]))


def _progress(request: HttpRequest, run: Run, run_url: str) -> HttpResponse:
    if not run.is_open:
        return HttpResponseClientRefresh()  # the page itself shows how it ended
    context = {"run": run, "watch": Watch.of(run, timezone.now()), "run_url": run_url}
    return render(request, "desk/_run.html", context)


def _import(request: HttpRequest, pk: int) -> ImportFile:
    files = visible_imports(_person(request), timezone.localdate()).select_related("run", "person")
    import_file = get_object_or_404(files, pk=pk)
    runs.settle(import_file.run, timezone.now())
    return import_file


@access("import.view")
@require_http_methods(["GET", "HEAD", "POST"])
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: its progress, its counts, its rejected rows."""
    import_file = _import(request, pk)
    if request.method == "POST":
        if not _person(request).has_perm("registry.import"):
            raise PermissionDenied
        if request.POST.get("decision") == "settle":
            _settle(request, import_file)
        else:
            _send(request, lambda: tasks.load_files.delay([import_file.run_id]))
        return redirect("registry:import_detail", pk=pk)
    waiting = import_file.retirements.filter(status=RetirementStatus.PROPOSED)
    context = {
        "file": import_file,
        "run": import_file.run,
        "watch": Watch.of(import_file.run, timezone.now()),
        "run_url": reverse("registry:import_progress", args=[pk]),
        "rejected": list(import_file.rejected_rows.order_by("line")[:SHOWN_ROWS]) if import_file.rejected else [],
        "retirements": waiting.count() if import_file.retirements_proposed else 0,
        "may_import": _person(request).has_perm("registry.import"),
    }
    return render(request, "registry/import_detail.html", context)


def _settle(request: HttpRequest, import_file: ImportFile) -> None:
    chosen = [value for value in request.POST.getlist("rows") if value.isdigit()]
    rows = RejectedRow.objects.filter(import_file=import_file, pk__in=chosen)
    words, by = request.POST.get("words", ""), Actor.of_request(request)
    try:
        done = rejections.settle(rows, words=words, by=by, at=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"已说明 {done} 行，不再提示。")


@access("import.view")
@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an import has come."""
    return _progress(request, _import(request, pk).run, reverse("registry:import_progress", args=[pk]))


@access("import.view")
@require_safe
def import_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rejected rows as a file: line, column, value, reason."""
    import_file = _import(request, pk)
    response = StreamingHttpResponse(errors_file.download(import_file), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{import_file.name}.errors.csv") or ""
    response["Cache-Control"] = "private, no-store"
    return response
