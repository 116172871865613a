"""Exports of who did what: asked for with a reason, allowed by another person, made once, kept with their digest. (N6.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import BytesIO

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.sheets.writing import write_xlsx
from caseworks.oversight import traces
from caseworks.oversight.models import ExportStatus, TraceExport
from caseworks.oversight.traces import Query
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import offices_in_scope

MOST = 100_000
HEADER = ("时间", "来源", "办理人", "地址", "事项", "业务件", "对象", "说明")


def visible_to(person: Person, on: dt.date) -> QuerySet[TraceExport]:
    """The requests of the offices in scope."""
    return TraceExport.objects.filter(office__in=offices_in_scope(person, on, "trace.view"))


def ask(query: Query, *, words: str, reason: str, by: Actor, at: dt.datetime) -> TraceExport:
    """Ask for an export; another person has to allow it."""
    if by.person is None or by.person.office is None or not by.may("trace.export"):
        raise Refusal("您没有申请导出办理痕迹的权限，未作任何更改。")
    if not reason.strip():
        raise Refusal("请写明导出的用途，未作任何更改。")
    return TraceExport.objects.create(
        query=query.as_json(), words=words[:400], reason=reason.strip()[:300], office=by.person.office,
        asked_by=by.person, asked_label=by.label, asked_at=at,
    )  # fmt: skip


def decide(export: TraceExport, *, allow: bool, answer: str, by: Actor, at: dt.datetime) -> TraceExport:
    """Allow or refuse, by another person than the one who asked; once."""
    with transaction.atomic():
        taken = TraceExport.objects.select_for_update(of=("self",)).select_related("office").get(pk=export.pk)
        if by.person is None or not by.may("trace.consent", taken.office):
            raise Refusal("您没有决定痕迹导出的权限，未作任何更改。请由该机构或上级机构的主管办理。")
        if taken.asked_by_id == by.person.pk:
            raise Refusal("申请人不能自己同意，未作任何更改。请由另一位主管办理。")
        if taken.status != ExportStatus.ASKED:
            raise Refusal(f"这份申请{taken.get_status_display()}，未作任何更改。请刷新后查看。")
        if not allow and not answer.strip():
            raise Refusal("不同意时请写明意见，未作任何更改。")
        taken.status = ExportStatus.ALLOWED if allow else ExportStatus.REFUSED
        taken.decided_by, taken.decided_label, taken.decided_at = by.person, by.label, at
        taken.answer = answer.strip()[:300]
        taken.save(update_fields=["status", "decided_by", "decided_label", "decided_at", "answer"])
    return taken


def make(export: TraceExport, *, at: dt.datetime) -> TraceExport:
    """Write the file of an allowed export, once; what is found is limited by what the one who asked sees."""
    with transaction.atomic():
        taken = TraceExport.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=export.pk)
        if taken.status != ExportStatus.ALLOWED:
            return taken
        query = Query.of_json(taken.query)
        found = traces.everything(query, taken.asked_by, timezone.localdate(at), MOST)
        stream = BytesIO()
        lines = write_xlsx(stream, "办理痕迹", HEADER, _rows(found), widths=(20, 10, 24, 16, 18, 10, 30, 60))
        name = f"办理痕迹-{taken.pk}.xlsx"
        stored = files.store(files.made(stream.getvalue(), name, files.XLSX), label=taken.asked_label, at=at)
        taken.file, taken.lines, taken.made_at, taken.status = stored, lines, at, ExportStatus.MADE
        taken.save(update_fields=["file", "lines", "made_at", "status"])
    return taken


def _rows(found: Iterator[traces.Trace]) -> Iterator[tuple[object, ...]]:
    for row in found:
        at = f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}"
        yield at, row.source, row.actor, row.address, row.what, row.case or "", row.about, row.words


def make_allowed(*, at: dt.datetime) -> int:
    """Make what was allowed and not made yet: a worker may have died over it."""
    waiting = list(TraceExport.objects.filter(status=ExportStatus.ALLOWED))
    return sum(make(export, at=at).status == ExportStatus.MADE for export in waiting)
