"""公示 for anybody: the announcements, their lists with a search, downloads, and the form for objections. (N6.2)"""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.cases import announcement_files, objections
from caseworks.cases.announced_lines import ORDERS, found, on_show, rows
from caseworks.cases.announcement_forms import ObjectionForm
from caseworks.cases.enums import Channel
from caseworks.cases.models import Announcement, AnnouncementLine
from caseworks.people.access import public
from caseworks.people.sign_ins import address_of

LISTED = 200


def _shown(slug: str) -> Announcement:
    return get_object_or_404(on_show(timezone.localdate()), slug=slug)


@public
@require_safe
def announcement_list(request: HttpRequest) -> HttpResponse:
    """Current announcements, and past ones that are still shown."""
    on = timezone.localdate()
    shown = list(on_show(on)[:LISTED])
    running = [row for row in shown if row.runs(on)]
    past = [row for row in shown if not row.runs(on)]
    return render(request, "public/announcement_list.html", {"running": running, "past": past})


@public
@require_safe
def announcement(request: HttpRequest, slug: str) -> HttpResponse:
    """One announcement: its text, its list, a search by name."""
    row, text = _shown(slug), request.GET.get("q", "").strip()[:100]
    page = KeysetPage(found(row, text), ORDERS, request.GET, size=100)
    context = {
        "row": row,
        "q": text,
        "page": page,
        "rows": rows(row, page),
        "paragraphs": announcement_files.paragraphs(row),
        "columns": list(row.columns.values()),
        "open": row.runs(timezone.localdate()),
    }
    return render(request, "public/announcement.html", context)


@public
@require_safe
def announcement_xlsx(request: HttpRequest, slug: str) -> FileResponse:
    """The whole list."""
    row = _shown(slug)
    return _file(announcement_files.xlsx(row), f"{row.number}.xlsx")


@public
@require_safe
def announcement_pdf(request: HttpRequest, slug: str) -> FileResponse:
    """The notice as it is posted up."""
    row = _shown(slug)
    return _file(announcement_files.notice(row), f"{row.number}.pdf")


def _file(path: Path, name: str) -> FileResponse:
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def objection_new(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    """An objection to one line, within the period."""
    row, now = _shown(slug), timezone.now()
    line = get_object_or_404(AnnouncementLine, announcement=row, position=position)
    if not row.runs(timezone.localdate()):
        raise Http404
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        visitor = objections.Visitor(address=address_of(request))
        try:
            made = objections.receive(
                line, **form.cleaned_data, channel=Channel.PUBLIC, by=visitor, at=now, on=timezone.localdate()
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"异议已登记，登记号 {made.pk}。经办机构核实后按您留下的联系方式答复。")
            return redirect("public:announcement", slug=slug)
    return render(request, "public/objection_new.html", {"row": row, "line": line, "form": form})
