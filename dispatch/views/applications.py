"""派遣单位申请 at the desk: the list with its totals, one application with its split and story, and what is next (J2.2–J2.6)."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import files, lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.cases.enums import Status
from caseworks.cases.models import SecondLook
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import FORMS, XLSX, Column, exported
from dispatch import applications, facts, rosters
from dispatch.enums import ApplicationStatus, Flag, PartKind
from dispatch.filters import NEWEST, ApplicationFilter
from dispatch.forms import ApplicationForm, AttachmentForm
from dispatch.models import Application, ApplicationQuerySet
from refunds.enums import Flag as RefundFlag

FLAGS = {**dict(RefundFlag.choices), **dict(Flag.choices)}


def person_of(request: HttpRequest) -> Person:
    """Whoever asks."""
    assert isinstance(request.user, Person)
    return request.user


def query(request: HttpRequest) -> tuple[ApplicationFilter, ApplicationQuerySet]:
    """The filter form of the address and the rows it chooses within the person's scope."""
    form = ApplicationFilter(request.GET)
    rows = Application.objects.visible_to(person_of(request), timezone.localdate())
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("dispatch.view")
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """The applications of the own offices, the newest first."""
    form, rows = query(request)
    person = person_of(request)
    context = {
        "form": form,
        "page": KeysetPage(rows.select_related("office", "case"), NEWEST, request.GET),
        "query": request.GET.urlencode(),
        "totals_url": f"{reverse('dispatch:application_totals')}?{request.GET.urlencode()}",
        "may_take": person.has_perm("dispatch.take"),
        "may_export": person.has_perm("export.make"),
        "flag_words": FLAGS,
    }
    return render(request, "dispatch/application_list.html", context)


@access("dispatch.view")
@require_safe
def application_totals(request: HttpRequest) -> HttpResponse:
    """户数 and 金额 of the whole filter; loaded after the list."""
    _, rows = query(request)
    sums = rows.order_by().aggregate(
        units=Count("pk"), premium=Sum("premium"), amount=Sum("amount"), own=Sum("own_amount"), hosts=Sum("host_amount")
    )
    totals = [("申请", f"{sums['units']:,} 件")] + [
        (label, thousands(sums[name] or ZERO))
        for name, label in (
            ("premium", "上年度实缴（元）"), ("amount", "返还金额（元）"), ("own", "自有部分（元）"),
            ("hosts", "转付用工单位（元）"),
        )
    ]  # fmt: skip
    return lists.totals_of(request, totals, "dispatch:application_list")


COLUMNS = (
    Column("政策年度", lambda row: row.year, 9),
    Column("统一社会信用代码", lambda row: row.uscc, 21),
    Column("单位名称", lambda row: row.name, 38),
    Column("经办机构", lambda row: row.office.name, 16),
    Column("申请日期", lambda row: row.applied_on, 12),
    Column("状态", lambda row: row.get_status_display(), 12),
    Column("业务件状态", lambda row: row.case.get_status_display() if row.case else "", 12),
    Column("名册人数", lambda row: row.workers, 10),
    Column("上年度实缴失业保险费（元）", lambda row: row.premium, 24),
    Column("返还比例", lambda row: f"{row.ratio:.0%}", 9),
    Column("返还金额（元）", lambda row: row.amount, 16),
    Column("自有部分（元）", lambda row: row.own_amount, 16),
    Column("转付用工单位（元）", lambda row: row.host_amount, 18),
    Column("提示", lambda row: "；".join(FLAGS.get(code, code) for code in row.flags), 30),
)


@access("export.make")
@require_safe
def application_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The applications of the filter, to take away. (J4.1)"""
    if form not in FORMS:
        raise Http404
    chosen, rows = query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "dispatch:application_list")
    lines = rows.select_related("office", "case").order_by("year", "uscc", "round").iterator(chunk_size=2000)
    return exported(
        request, lines, COLUMNS, name=f"派遣单位申请_{timezone.localdate():%Y%m%d}", form=form, count=rows.count(),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


def _application(request: HttpRequest, pk: int) -> Application:
    rows = Application.objects.visible_to(person_of(request), timezone.localdate())
    return get_object_or_404(rows.select_related("office", "case", "policy", "refund_policy"), pk=pk)


def parts_of(application: Application) -> dict[str, Any]:
    """The live parts with their sums, and where the premium went; one query."""
    parts = list(application.shares.live().order_by("host_uscc", "kind"))
    sums = {kind: sum((p.amount for p in parts if p.kind == kind), Decimal(0)) for kind in PartKind.values}
    premiums = {kind: sum((p.premium for p in parts if p.kind == kind), Decimal(0)) for kind in PartKind.values}
    return {"parts": parts, "sums": sums, "premiums": premiums}


@access("dispatch.view")
@require_safe
def application_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: split, signs, people left out, papers, what changed between rosters, and its story."""
    application, by = _application(request, pk), Actor.of_request(request)
    may_take = by.may("dispatch.take", application.office)
    submitted = application.status == ApplicationStatus.SUBMITTED
    context = {
        "application": application,
        **parts_of(application),
        "flags": [FLAGS.get(code, code) for code in application.flags],
        "missing": facts.missing_of(application),
        "attachments": application.attachments.select_related("file"),
        "lines": application.lines.all(),
        "differences": applications.differences(application, application.version) if application.version > 1 else [],
        "form": AttachmentForm(),
        "may_take": may_take,
        "may_send_back": may_take and submitted and (application.case is None or _under_review(application)),
        "may_take_up": may_take and submitted and application.case is not None and _under_review(application),
        "may_withdraw": may_take
        and application.status != ApplicationStatus.WITHDRAWN
        and (application.case is None or _under_review(application)),
        "may_submit": may_take and application.status == ApplicationStatus.DRAFT,
        "looks": SecondLook.objects.filter(scheme="dispatch", matter=str(application.pk)).order_by("-pk"),
        "may_ask_again": application.case is not None
        and application.case.status == Status.REFUSED
        and by.may("second_look.receive", application.office),
        "may_replace": application.case is not None
        and application.case.status == Status.PAID
        and by.may("dispatch.supervise", application.office),
    }
    return render(request, "dispatch/application_detail.html", context)


def _under_review(application: Application) -> bool:
    from caseworks.cases.lifecycle import UNDER_REVIEW

    return application.case is not None and application.case.status in UNDER_REVIEW


@access("dispatch.take")
@require_POST
def application_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Send back, take up, withdraw or hand in a draft; the operation checks who may."""
    application, form = _application(request, pk), ApplicationForm(request.POST)
    back = redirect("dispatch:application_detail", pk)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    by, at, note = Actor.of_request(request), timezone.now(), form.cleaned_data["note"]
    try:
        words = _acted(application, form.cleaned_data["action"], note, by, at)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back


def _acted(application: Application, action: str, note: str, by: Actor, at: Any) -> str:
    if action == "send_back":
        applications.send_back(application, note=note, by=by, at=at)
        return "已退回补正，理由已告知派遣单位。"
    if action == "withdraw":
        applications.withdraw(application, note=note, by=by, at=at)
        return "申请已撤回。"
    if action == "submit":
        applications.submit_draft(application, on=timezone.localdate(at), by=by, at=at)
        return "申请已提交。"
    changed = applications.take_up(application, by=by, at=at)
    return "业务件已按最新名册更新，回到初审。" if changed else "业务件与最新名册一致，没有变化。"


@access("dispatch.take")
@require_POST
def attachment_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a paper with an application."""
    application, form = _application(request, pk), AttachmentForm(request.POST, request.FILES)
    back = redirect("dispatch:application_detail", pk)
    if not form.is_valid():
        messages.error(request, "没有保存：" + "；".join(str(e) for errors in form.errors.values() for e in errors))
        return back
    try:
        accepted = files.accept(form.cleaned_data["file"], kinds=files.SCANS)
        applications.attach(
            application, accepted, kind=form.cleaned_data["kind"], by=Actor.of_request(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "附件已保存。")
    return back


@access("dispatch.view")
@require_safe
def attachment_file(request: HttpRequest, pk: int, attachment: int) -> HttpResponse:
    """The content of a paper, to those who may see its application."""
    found = get_object_or_404(_application(request, pk).attachments.select_related("file"), pk=attachment)
    return files.serve(found.file)


def form_response() -> HttpResponse:
    """The empty roster, as a workbook."""
    book = io.BytesIO()
    rosters.write_form(book)
    response = HttpResponse(book.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, "派遣单位名册模板.xlsx") or ""
    return response


@access("dispatch.view")
@require_safe
def roster_form(request: HttpRequest) -> HttpResponse:
    """The empty roster with Chinese headers."""
    return form_response()
