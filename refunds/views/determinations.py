"""人工核定: units that lack a fact, the facts people set, and their confirmation by somebody else."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import Column, exported
from refunds import determinations
from refunds.enums import DeterminationStatus, Fact, Outcome
from refunds.filters import ASSESSMENT_ORDERS, DETERMINATION_ORDERS, DeterminationFilter, ManualFilter
from refunds.forms import DecisionForm, DeterminationForm, SheetForm
from refunds.models import Assessment, AssessmentChange, AssessmentQuerySet, Determination
from refunds.panels import latest_year, with_waiting
from refunds.views import judged, words

SUFFIXES = (".csv", ".xlsx")


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _manual(request: HttpRequest) -> AssessmentQuerySet:
    """The units of the newest screened year that wait for a fact, within the scope."""
    rows = Assessment.objects.visible_to(_person(request), timezone.localdate())
    year = latest_year()
    return rows.none() if year is None else rows.of_year(year).filter(outcome=Outcome.MANUAL)


@access("determination.view")
@require_safe
def manual_list(request: HttpRequest) -> HttpResponse:
    """待核定单位: what is missing, and whether somebody has set it already."""
    on, year = timezone.localdate(), latest_year() or timezone.localdate().year
    form = ManualFilter(request.GET, person=_person(request), on=on)
    rows = with_waiting(_manual(request), year)
    if form.is_valid():
        rows = form.applied(rows)
    page = KeysetPage(rows.select_related("office"), ASSESSMENT_ORDERS, request.GET)
    context = {
        "form": form,
        "page": page,
        "rows": page.numbered(),
        "year": year,
        "may_set": request.user.has_perm("determination.set"),
    }
    return render(request, "refunds/manual_list.html", context)


@access("determination.view")
@require_safe
def determination_list(request: HttpRequest) -> HttpResponse:
    """核定记录: what was set, by whom, and what came of it."""
    person, on = _person(request), timezone.localdate()
    form = DeterminationFilter(request.GET, person=person, on=on)
    rows = Determination.objects.visible_to(person, on).select_related("office")
    page = KeysetPage(form.applied(rows) if form.is_valid() else rows, DETERMINATION_ORDERS, request.GET)
    context = {"form": form, "page": page, "may_set": request.user.has_perm("determination.set")}
    return render(request, "refunds/determination_list.html", context)


@dataclass(frozen=True)
class Choice:
    """A fact that may be set."""

    code: str
    label: str
    current: bool
    missing: bool


@access("determination.set")
@require_http_methods(["GET", "POST"])
def determination_new(request: HttpRequest, year: int, uscc: str) -> HttpResponse:
    """Set a fact of a unit for the premium year of a policy year."""
    row = get_object_or_404(Assessment.objects.visible_to(_person(request), timezone.localdate()), year=year, uscc=uscc)
    lacking = [judged.LACKING[code] for code in row.reasons if code in judged.LACKING]
    asked = request.GET.get("fact", "")
    fact = Fact(asked) if asked in Fact.values else (lacking[0] if lacking else Fact.SIZE)
    form = DeterminationForm(request.POST or None, request.FILES or None, fact=fact, year=year - 1)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wish = determinations.Wish(uscc, year - 1, fact, str(given["value"]), given["source"], given["evidence"])
        try:
            made = determinations.set_fact(
                wish, by=Actor.of_request(request), at=timezone.now(), file=given["file"] or None
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            settled = f"{made.get_fact_display()}核定为{made.value_label}"
            messages.success(request, f"已提交：{made.name} {settled}，等待另一人确认。")
            return redirect("refunds:determination_detail", made.pk)
    policy = judged.policy_of(row)
    context = {
        "row": row,
        "premium_year": year - 1,
        "form": form,
        "facts": [Choice(f.value, str(f.label), f == fact, f in lacking) for f in Fact],
        "sentences": judged.Explained.of(judged.facts_of(row), judged.parameters_of(policy, row.judged_on)).sentences,
    }
    return render(request, "refunds/determination_form.html", context)


@access("determination.set")
@require_http_methods(["GET", "POST"])
def determination_sheet(request: HttpRequest) -> HttpResponse:
    """Set many facts by a sheet: all of its rows, or none and every error by its line."""
    form = SheetForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "columns": "、".join(c.title for c in determinations.COLUMNS)}
    if request.method == "POST" and form.is_valid():
        try:
            made = _set_sheet(form.cleaned_data["file"], Actor.of_request(request))
        except UnreadableFile as problem:
            form.add_error("file", f"{problem} 没有保存任何核定。")
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            context["problems"] = refusal.details
        else:
            messages.success(request, f"已提交 {len(made)} 条核定，等待另一人确认。")
            return redirect(reverse("refunds:determination_list") + "?status=set")
    return render(request, "refunds/determination_sheet.html", context)


def _set_sheet(upload: UploadedFile, by: Actor) -> list[Determination]:
    suffix = PurePath(upload.name or "").suffix.lower()
    if suffix not in SUFFIXES:
        raise Refusal("请上传 .csv 或 .xlsx 文件，没有保存任何核定。")
    with tempfile.NamedTemporaryFile(suffix=suffix) as copy:
        for part in upload.chunks():
            copy.write(part)
        copy.flush()
        return determinations.set_sheet(Path(copy.name), by=by, at=timezone.now())


@access("determination.set")
@require_safe
def sheet_template(request: HttpRequest) -> HttpResponseBase:
    """A sheet with a row for every fact that is missing within the scope; value, source and evidence are left open."""

    rows = [(row, judged.LACKING[code]) for row in _manual(request).order_by("uscc") for code in row.reasons]
    columns = (
        Column("统一社会信用代码", lambda pair: pair[0].uscc, 21),
        Column("缴费年度", lambda pair: pair[0].year - 1, 10),
        Column("核定项", lambda pair: str(pair[1].label), 16),
        Column("核定值", lambda pair: "", 12),
        Column("来源", lambda pair: "", 30),
        Column("依据说明", lambda pair: "", 50),
        Column("单位名称（供核对，不导入）", lambda pair: pair[0].name, 38),
    )
    return exported(
        request, rows, columns, name=f"人工核定_{timezone.localdate():%Y%m%d}", form="xlsx", count=len(rows),
        at=timezone.now(),
    )  # fmt: skip


def _visible(request: HttpRequest) -> QuerySet[Determination]:
    return Determination.objects.visible_to(_person(request), timezone.localdate()).select_related("office")


@access("determination.view")
@require_http_methods(["GET", "POST"])
def determination_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What was set and why; somebody else confirms or refuses; then, what the unit is judged to be."""
    row = get_object_or_404(_visible(request), pk=pk)
    open_still = row.status == DeterminationStatus.SET
    own = open_still and row.set_by_id == request.user.pk
    may = open_still and not own and request.user.has_perm("determination.confirm")
    form = DecisionForm(request.POST or None) if may else None
    if request.method == "POST":
        if form is None:
            messages.error(request, "未作任何更改：这条核定已办理，或须由另一位复核人员办理。")
            return redirect("refunds:determination_detail", pk)
        if form.is_valid() and _decided(request, row, form):
            return redirect("refunds:determination_detail", pk)
    assessment = (
        Assessment.objects.visible_to(_person(request), timezone.localdate())
        .filter(year=row.year + 1, uscc=row.uscc)
        .first()
    )
    context = {"row": row, "form": form, "own": own, "assessment": assessment, "rejudged": _rejudged(row)}
    return render(request, "refunds/determination_detail.html", context)


def _decided(request: HttpRequest, row: Determination, form: DecisionForm) -> bool:
    by, at, given = Actor.of_request(request), timezone.now(), form.cleaned_data
    try:
        if given["decision"] == "refuse":
            determinations.refuse(row, by=by, at=at, note=given["note"])
            messages.success(request, "已退回，未改变核算结果。填报人可补充后重新填报。")
        else:
            messages.success(request, _outcome_of(determinations.confirm(row, by=by, at=at, note=given["note"])))
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _outcome_of(done: determinations.Confirmed) -> str:
    if done.in_review:
        return "已确认。该单位已进入审核，核算结果没有改写，由审核人员处理。"
    if done.assessment is None:
        return "已确认。该单位还没有筛查结果，下次筛查时采用。"
    row = done.assessment
    amount = words.shown("amount", row.amount)
    return f"已确认并重新核算：{row.name} {row.get_outcome_display()}，返还金额 {amount}。"


def _rejudged(row: Determination) -> list[words.Line] | None:
    """What the confirmation changed in the judgement; None before it."""
    if row.status not in (DeterminationStatus.CONFIRMED, DeterminationStatus.SUPERSEDED):
        return None
    change = AssessmentChange.objects.filter(determination=row).order_by("-pk").first()
    return words.differences(change.before or {}, change.after or {}) if change is not None else []


@access("determination.view")
@require_safe
def determination_evidence(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The evidence file, to take away: never shown inside a page of ours."""
    row = get_object_or_404(_visible(request), pk=pk)
    if not row.file:
        raise Http404
    name = row.file_name or PurePath(row.file.name or "").name
    response = FileResponse(row.file.open("rb"), as_attachment=True, filename=name, content_type=row.file_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
