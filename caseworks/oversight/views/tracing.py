"""办理痕迹: read by supervisors and auditors; leaves the system only with a second person's consent. (N6.2)"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.oversight import filters, tasks, trace_exports, traces
from caseworks.oversight.models import ExportStatus, TraceExport
from caseworks.oversight.traces import SOURCES, Query
from caseworks.oversight.views.asking import person_of
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import offices_in_scope

DAYS = 7


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class TraceForm(filters.ListForm):
    """What is asked: the last week unless a time is given."""

    more: ClassVar[tuple[str, ...]] = ("address", "source")
    person = forms.ModelChoiceField(label="办理人", queryset=Person.objects.none(), empty_label="全部")
    case = forms.IntegerField(label="业务件编号", min_value=1)
    unit = forms.CharField(label="单位（信用代码或名称）", min_length=2, max_length=100)
    since = forms.DateField(label="自", widget=_day())
    until = forms.DateField(label="至", widget=_day())
    address = forms.GenericIPAddressField(label="地址（IP）")
    source = forms.ChoiceField(label="来源", choices=[filters.ANY, *SOURCES.items()])

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data, person=person, on=on)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        seats = offices_in_scope(person, on, "trace.view")
        field.queryset = Person.objects.filter(office__in=seats).order_by("full_name", "username")

    def clean(self) -> None:
        """A time that makes sense."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", f"{until} 早于 {since}，请改正其中之一。")

    def query(self) -> Query:
        """What is asked, with the last week where no time is given; a case or a unit is asked for its whole life."""
        given = self.cleaned_data
        until = given["until"] or self.on
        whole = given["case"] is not None or given["unit"]
        since = given["since"] or (dt.date(2000, 1, 1) if whole else until - dt.timedelta(days=DAYS))
        person = given["person"].pk if given["person"] else None
        return Query(since, until, person, given["case"], given["unit"], given["address"] or "", given["source"])


def _asked(request: HttpRequest, params: QueryDict) -> tuple[TraceForm, Query | None]:
    form = TraceForm(params, person=person_of(request), on=timezone.localdate())
    return form, form.query() if form.is_valid() else None


@access("trace.view")
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Who did what, the newest first."""
    person, on = person_of(request), timezone.localdate()
    form, query = _asked(request, request.GET)
    found, more = traces.page(query, person, on, before=request.GET.get("before", "")) if query else ([], False)
    params = {name: value for name, value in request.GET.items() if name != "before" and value}
    context = {
        "form": form,
        "query": query,
        "rows": found,
        "next": urlencode({**params, "before": found[-1].cursor}) if more else "",
        "first": urlencode(params) if request.GET.get("before") else None,
        "given": params.items(),
        "may_ask": request.user.has_perm("trace.export"),
    }
    return render(request, "oversight/traces.html", context)


@access("trace.export")
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an export of what is filtered."""
    form, query = _asked(request, request.POST)
    if query is None:
        messages.error(request, "查询条件有误，没有申请导出。请改正后重试。")
        return redirect("admin:oversight_traces")
    chips = [f"{chip.label}：{chip.value}" for chip in form.chips if chip.label not in ("自", "至")]
    words = "，".join([f"{query.since} 至 {query.until}", *chips])
    try:
        trace_exports.ask(
            query, words=words, reason=request.POST.get("reason", ""), by=Actor.of_request(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:oversight_traces")
    messages.success(request, "已提交导出申请，由另一位主管同意后生成文件。")
    return redirect("admin:oversight_exports")


@access("trace.view")
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """The requests for exports, and what became of them."""
    person, on = person_of(request), timezone.localdate()
    found = trace_exports.visible_to(person, on).select_related("file")
    page = KeysetPage(found, {"new": filters.ORDERS["new"]}, request.GET, size=20)
    may_decide = request.user.has_perm("trace.consent")
    context = {
        "page": page,
        "rows": [
            (
                row,
                may_decide and row.status == ExportStatus.ASKED and row.asked_by_id != person.pk,
                row.status == ExportStatus.MADE and person.pk in (row.asked_by_id, row.decided_by_id),
            )
            for row in page
        ],
    }
    return render(request, "oversight/exports.html", context)


def _export(request: HttpRequest, pk: int) -> TraceExport:
    rows = trace_exports.visible_to(person_of(request), timezone.localdate())
    return get_object_or_404(rows.select_related("file"), pk=pk)


@access("trace.consent")
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Allow or refuse."""
    export, allow = _export(request, pk), request.POST.get("decision") == "allow"
    try:
        trace_exports.decide(
            export, allow=allow, answer=request.POST.get("answer", ""), by=Actor.of_request(request), at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:oversight_exports")
    messages.success(request, "已同意，文件生成后由申请人下载。" if allow else "已记录不同意的意见。")
    if allow:
        try:
            tasks.make_exports.delay_on_commit()
        except BrokerError:
            messages.warning(request, "后台服务没有应答，文件稍后生成。")
    return redirect("admin:oversight_exports")


@access("trace.export")
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, for the two who asked for and allowed it; each download is on record."""
    export, person = _export(request, pk), person_of(request)
    if export.file is None or person.pk not in (export.asked_by_id, export.decided_by_id):
        raise Http404
    LogEntry.objects.log_actions(person.pk, [export], CHANGE, "下载痕迹导出", single_object=True)
    return files.serve(export.file, attachment=True)
