"""公示 for anybody: the announcements, their lists with a search, downloads, and the form for objections. (N6.2)

These pages know nobody: they touch neither session nor cookie, so that a reader's browser and a cache before the site
may keep them. Only the form for objections carries a token.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.limits import too_often
from caseworks.base.pages import KeysetPage
from caseworks.cases import announcement_files, announcement_words, objections
from caseworks.cases.announced_lines import (
    EVERYWHERE,
    ORDERS,
    former,
    found,
    found_anywhere,
    long_enough,
    on_show,
    rows,
)
from caseworks.cases.announced_lines import taken_down as was_taken_down
from caseworks.cases.announcement_forms import ObjectionForm
from caseworks.cases.enums import AnnouncementStatus, Channel
from caseworks.cases.models import Announcement, AnnouncementLine
from caseworks.law.training import is_training
from caseworks.people.access import public
from caseworks.people.sign_ins import address_of

Kept = TypeVar("Kept", bound=HttpResponseBase)
LISTED = 200
SIZE = 100
MINUTE = 60
_TEMPLATE = (settings.BASE_DIR / "templates" / "public" / "announcement").with_suffix(".html").stat().st_mtime_ns
PAGE_AGE, FILE_AGE = 60, 600  # seconds that a page and a file may be kept without asking again


@public
@require_safe
def announcement_list(request: HttpRequest) -> HttpResponse:
    """Current announcements and past ones that are still shown; or the lines of all their lists found by name."""
    on, text = timezone.localdate(), _text(request)
    if text and _searched_too_often(request):
        return _wait(request)
    context: dict[str, object] = {"q": text, "short": bool(text) and not long_enough(text)}
    if long_enough(text):
        page = KeysetPage(found_anywhere(text, on), EVERYWHERE, request.GET, size=SIZE)
        hits = [(line, former(line, text)) for line in page]
        return render(request, "public/announcement_list.html", context | {"page": page, "hits": hits})
    shown = list(on_show(on)[:LISTED])
    context |= {"running": [row for row in shown if row.runs(on)], "past": [row for row in shown if not row.runs(on)]}
    return render(request, "public/announcement_list.html", context)


@public
@require_safe
def announcement(request: HttpRequest, slug: str) -> HttpResponse:
    """One announcement: its text, its list, a search by name; what it corrects and what corrects it."""
    on = timezone.localdate()
    row = on_show(on).filter(slug=slug).first()
    if row is None:
        return _gone(request, slug, on)
    text = "" if row.persons else _text(request)
    corrections = list(row.corrections.filter(status=AnnouncementStatus.PUBLISHED, first_day__lte=on).order_by("pk"))
    tag = _tag(request, row, [(each.pk, each.published_at) for each in corrections])
    unchanged = get_conditional_response(request, etag=tag)
    if unchanged is not None:
        return unchanged
    if text and _searched_too_often(request):
        return _wait(request)
    page = KeysetPage(found(row, text), ORDERS, request.GET, size=SIZE)
    context = {
        "row": row,
        "q": text,
        "page": page,
        "rows": rows(row, page, text),
        "paragraphs": announcement_words.paragraphs(row),
        "contact": announcement_words.contact(row),
        "header": announcement_files.header(row)[2:-1],
        "corrections": corrections,
        "open": row.runs(on),
    }
    return _kept(render(request, "public/announcement.html", context), tag, PAGE_AGE)


@public
@require_safe
def announcement_xlsx(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The whole list; a list of persons is not given away."""
    return _download(request, slug, announcement_files.xlsx, "xlsx")


@public
@require_safe
def announcement_pdf(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The notice as it is posted up; a list of persons is not given away."""
    return _download(request, slug, announcement_files.notice, "pdf")


@public
@require_http_methods(["GET", "HEAD", "POST"])
def objection_new(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    """An objection to one line, within the period."""
    on, now = timezone.localdate(), timezone.now()
    row = on_show(on).filter(slug=slug).first()
    if row is None:
        return _gone(request, slug, on)
    line = get_object_or_404(AnnouncementLine, announcement=row, position=position)
    if not row.runs(on):
        raise Http404
    form = ObjectionForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if too_often("objection", address_of(request), most=settings.FORMS_A_MINUTE, seconds=MINUTE, at=now):
            return _wait(request)
        if form.is_valid():
            visitor = objections.Visitor(address=address_of(request))
            try:
                made = objections.receive(line, **form.cleaned_data, channel=Channel.PUBLIC, by=visitor, at=now, on=on)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("public:objection_received", slug=slug, number=made.pk)
    return render(request, "public/objection_new.html", {"row": row, "line": line, "form": form})


@public
@require_safe
def objection_received(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Thanks, with the number; it says nothing of what was sent."""
    row = get_object_or_404(on_show(timezone.localdate()), slug=slug)
    context = {"row": row, "number": number, "contact": announcement_words.contact(row)}
    return render(request, "public/objection_received.html", context)


# -- pieces


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:100]


def _searched_too_often(request: HttpRequest) -> bool:
    most = settings.SEARCHES_A_MINUTE
    return too_often("search", address_of(request), most=most, seconds=MINUTE, at=timezone.now())


def _wait(request: HttpRequest) -> HttpResponse:
    response = render(request, "public/wait.html", status=429)
    response["Retry-After"] = str(MINUTE)
    return response


def _gone(request: HttpRequest, slug: str, on: dt.date) -> HttpResponse:
    """What was taken down says so; what never was is not found."""
    row = was_taken_down(slug, on)
    if row is None:
        raise Http404
    context = {"row": row, "contact": announcement_words.contact(row)}
    return render(request, "public/taken_down.html", context, status=410)


def _download(request: HttpRequest, slug: str, made: Callable[[Announcement], Path], ending: str) -> HttpResponseBase:
    on = timezone.localdate()
    row = on_show(on).filter(slug=slug).first()
    if row is None:
        return _gone(request, slug, on)
    if row.persons:
        raise Http404
    tag = quote_etag(f"{row.slug}.{ending}")
    unchanged = get_conditional_response(request, etag=tag)
    if unchanged is not None:
        return unchanged
    response = FileResponse(made(row).open("rb"), as_attachment=True, filename=f"{row.number}.{ending}")
    return _kept(response, tag, FILE_AGE)


def _tag(request: HttpRequest, row: Announcement, corrections: object) -> str:
    """What the page hangs on: the day, the row, its corrections, the office's address, the question, the template."""
    office = row.office
    parts = (
        _TEMPLATE, timezone.localdate(), row.pk, row.last_day, row.provisional, row.taken_down_at,
        office.name, office.phone, office.address, corrections, request.get_full_path(), is_training(),
    )  # fmt: skip
    return quote_etag(hashlib.sha256(repr(parts).encode()).hexdigest()[:32])


def _kept(response: Kept, tag: str, seconds: int) -> Kept:
    response["ETag"] = tag
    patch_cache_control(response, public=True, max_age=seconds)
    return response
