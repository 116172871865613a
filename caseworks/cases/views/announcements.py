"""公示 at the desk: draw up what is approved, look at it, publish it by another person. (N6.2)"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.cases import announcement_files, announcements, postings, sources
from caseworks.cases.announced_lines import ORDERS, found, rows
from caseworks.cases.announcement_forms import CorrectionForm, DrawForm, PostingForm, PublishForm, ReasonForm
from caseworks.cases.announcement_words import paragraphs
from caseworks.cases.announcements import lines
from caseworks.cases.enums import AnnouncementStatus, Scheme, Status
from caseworks.cases.filters import AnnouncementFilter
from caseworks.cases.history import Shown
from caseworks.cases.models import Announcement, Case
from caseworks.cases.tasks import make_announcement_files
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import scope_of

LATEST = {"latest": Order("最近", ("pk",), descending=True)}


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _visible(request: HttpRequest) -> QuerySet[Announcement]:
    return Announcement.objects.visible_to(_person(request), timezone.localdate()).select_related("office", "corrects")


def _awaiting(request: HttpRequest, scheme: str, year: int) -> QuerySet[Case]:
    scope = scope_of(_person(request), timezone.localdate(), "announcement.draw")
    return scope.limit(announcements.awaiting(scheme, year))


@access("announcement.view")
@require_safe
def announcement_list(request: HttpRequest) -> HttpResponse:
    """The announcements of the person's offices, and what waits to be announced."""
    chosen, filter_form = _visible(request), AnnouncementFilter(request.GET)
    if filter_form.is_valid():
        chosen = filter_form.applied(chosen)
    page = KeysetPage(chosen, LATEST, request.GET)
    person, on = _person(request), timezone.localdate()
    groups: list[dict[str, object]] = []
    if person.has_perm("announcement.draw"):
        approved = scope_of(person, on, "announcement.draw").limit(Case.objects.filter(status=Status.APPROVED))
        for scheme, year in approved.order_by("-year", "scheme").values_list("scheme", "year").distinct():
            sums = _awaiting(request, scheme, year).aggregate(count=Count("pk"), total=Sum("amount"))
            if sums["count"]:
                groups.append({"scheme": scheme, "label": Scheme(scheme).label, "year": year, **sums})
    drawing = scope_of(person, on, "announcement.draw").limit(Announcement.objects.published())
    changed = announcements.due_corrections(drawing) if person.has_perm("announcement.draw") else []
    context = {"form": filter_form, "page": page, "groups": groups, "changed": changed}
    return render(request, "announcements/announcement_list.html", context)


@access("announcement.draw")
@require_http_methods(["GET", "HEAD", "POST"])
def announcement_new(request: HttpRequest) -> HttpResponse:
    """Draw up a list of everything approved in the person's scope; what was shown is what is drawn up."""
    scheme = request.GET.get("scheme", "")
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else timezone.localdate().year
    if scheme not in Scheme.values:
        scheme = sources.with_cases()[0][0]
    waiting = _awaiting(request, scheme, year)
    sums = waiting.aggregate(count=Count("pk"), total=Sum("amount"))
    count, total = sums["count"], sums["total"] or Decimal(0)
    label = Scheme(scheme).label
    first = {
        "scheme": scheme,
        "year": year,
        "count": count,
        "total": total,
        "title": f"{year}年度{label}拟发放{'人员' if sources.announced(scheme).persons else '单位'}公示",
    }
    form = DrawForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        seen = Shown(form.cleaned_data["count"], form.cleaned_data["total"])
        try:
            made = announcements.draw_up(
                scheme=scheme,
                year=year,
                case_ids=waiting.values_list("pk", flat=True),
                title=form.cleaned_data["title"],
                by=Actor.of_request(request),
                at=timezone.now(),
                shown=seen,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            who = "名" if made.persons else "户"
            messages.success(request, f"已拟制公示，共 {made.count} {who}。请由另一人核对后发布。")
            return redirect("announcements:announcement_detail", pk=made.pk)
    context = {"form": form, "count": count, "total": total, "label": label, "year": year}
    return render(request, "announcements/announcement_new.html", context)


@access("announcement.view")
@require_safe
def announcement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An announcement as it stands, or as it would be public; its list, and the one action that is next."""
    row, on = get_object_or_404(_visible(request), pk=pk), timezone.localdate()
    person, text = _person(request), request.GET.get("q", "").strip()[:100]
    page = KeysetPage(found(row, text), ORDERS, request.GET)
    drawn, published = row.status == AnnouncementStatus.DRAWN, row.status == AnnouncementStatus.PUBLISHED
    seen = announcements.preview(row, on) if drawn else None
    shown = {"count": seen.count, "total": seen.total, "first": seen.first, "last": seen.last} if seen else {}
    context = {
        "row": row,
        "q": text,
        "page": page,
        "rows": rows(row, page, text),
        "header": announcement_files.header(row)[2:-1],
        "drawn": drawn,
        "own": row.drawn_by_id == person.pk,
        "preview": seen,
        "private": lines.private_in(row) if drawn else [],
        "paragraphs": paragraphs(row, seen.first, seen.last) if seen else paragraphs(row) if published else [],
        "shown_until": row.last_day + timedelta(days=settings.ANNOUNCEMENT_SHOWN_DAYS) if row.last_day else None,
        "publishing": PublishForm(initial=shown),
        "may_publish": drawn and person.has_perm("announcement.publish") and row.drawn_by_id != person.pk,
        "may_discard": drawn and person.has_perm("announcement.draw"),
        "may_receive": row.runs(on) and person.has_perm("objection.receive"),
        "corrections": list(row.corrections.exclude(status=AnnouncementStatus.DISCARDED).order_by("pk")),
        "to_correct": announcements.correctable(row) if published else [],
        "postings": row.postings.all(),
        "may_post": published and person.has_perm("announcement.publish"),
        "may_correct": published and person.has_perm("announcement.draw"),
        "open": row.runs(on),
        "discarding": ReasonForm(),
    }
    return render(request, "announcements/announcement_detail.html", context)


@access("announcement.publish")
@require_POST
def announcement_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish it from today on, as it was shown."""
    row, form = get_object_or_404(_visible(request), pk=pk), PublishForm(request.POST)
    back = redirect("announcements:announcement_detail", pk)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    by, now, on = Actor.of_request(request), timezone.now(), timezone.localdate()
    try:
        announcements.publish(row, by=by, at=now, on=on, shown=announcements.Preview(**form.cleaned_data))
        make_announcement_files.delay_on_commit(row.pk)
        messages.success(request, f"已发布：{row.number}，公示至 {row.last_day}。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return back


@access("announcement.draw")
@require_http_methods(["GET", "HEAD", "POST"])
def announcement_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw up a correction: the changed lines as they were and as they are, and units that were left out."""
    row = get_object_or_404(_visible(request).filter(status=AnnouncementStatus.PUBLISHED), pk=pk)
    found_lines = announcements.correctable(row)
    count, total = len(found_lines), sum((each.amount for each in found_lines), Decimal(0))
    first = {"count": count, "total": total, "title": f"关于{row.title}的更正公告"[:120]}
    form = CorrectionForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        seen = None if given["added"] else Shown(given["count"], given["total"])
        by, now = Actor.of_request(request), timezone.now()
        try:
            made = announcements.draw_up_correction(
                row, title=given["title"], added=given["added"], by=by, at=now, shown=seen
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已拟制更正公告，共 {made.count} 户。请由另一人核对后发布。")
            return redirect("announcements:announcement_detail", pk=made.pk)
    context = {"row": row, "form": form, "lines": found_lines, "count": count, "total": total}
    return render(request, "announcements/announcement_correct.html", context)


@access("announcement.view")
@require_safe
def announcement_file(request: HttpRequest, pk: int, ending: str) -> FileResponse:
    """The notice or the list of a published announcement for the staff, lists of persons and old ones among them."""
    row = get_object_or_404(_visible(request).filter(status=AnnouncementStatus.PUBLISHED), pk=pk)
    made = {"xlsx": announcement_files.xlsx, "pdf": announcement_files.notice}.get(ending)
    if made is None:
        raise Http404
    return FileResponse(made(row).open("rb"), as_attachment=True, filename=f"{row.number}.{ending}")


@access("announcement.draw")
@require_POST
def announcement_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a list that was not published."""
    row = get_object_or_404(_visible(request), pk=pk)
    reason = request.POST.get("reason", "")
    try:
        announcements.discard(row, reason=reason, by=Actor.of_request(request), at=timezone.now())
        messages.success(request, "已作废。名单中的业务件回到待公示，可重新拟制。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("announcements:announcement_detail", pk)


@access("announcement.publish")
@require_http_methods(["GET", "HEAD", "POST"])
def posting_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that it was published on the bureau's own site as well."""
    row = get_object_or_404(_visible(request).filter(status=AnnouncementStatus.PUBLISHED), pk=pk)
    form = PostingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            postings.record(row, **form.cleaned_data, by=Actor.of_request(request), at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已登记网站发布。")
            return redirect("announcements:announcement_detail", pk)
    return render(request, "announcements/posting_new.html", {"row": row, "form": form})


@access("announcement.view")
@require_safe
def posting_file(request: HttpRequest, pk: int, posting: int) -> HttpResponse:
    """The picture of a publication elsewhere."""
    row = get_object_or_404(_visible(request), pk=pk)
    return files.serve(get_object_or_404(row.postings.select_related("screenshot"), pk=posting).screenshot)
