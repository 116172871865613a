"""复核申请: sent by anybody who acts for a unit, by the unit itself in the portal, or entered at the desk; answered there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.limits import too_often
from caseworks.base.pages import KeysetPage, Order
from caseworks.cases import second_looks, sources
from caseworks.cases.enums import Scheme, SecondLookChannel, SecondLookStatus
from caseworks.cases.filters import SecondLookFilter
from caseworks.cases.models import SecondLook
from caseworks.cases.objections import Visitor
from caseworks.cases.second_look_forms import (
    AnswerForm,
    CounterSecondLookForm,
    OwnSecondLookForm,
    SecondLookForm,
)
from caseworks.people.access import access, portal, public
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.sign_ins import address_of

LATEST = {"latest": Order("最近", ("pk",), descending=True)}
MINUTE = 60


def _visible(request: HttpRequest) -> QuerySet[SecondLook]:
    assert isinstance(request.user, Person)
    seen = SecondLook.objects.visible_to(request.user, timezone.localdate())
    return seen.select_related("office", "document__file")


def _received(form: SecondLookForm, by: Actor, on: dt.date, at: dt.datetime, **more: Any) -> SecondLook | None:
    """What the form says, taken in; None where it was refused, the reason on the form."""
    try:
        return second_looks.receive(**{**form.cleaned_data, **more}, by=by, at=at, on=on)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None


# -- anybody


@public
@require_http_methods(["GET", "HEAD", "POST"])
def second_look_new(request: HttpRequest) -> HttpResponse:
    """A request by whoever acts for a unit; it tells nothing of the unit's judgement."""
    form = SecondLookForm(request.POST or None, request.FILES or None)
    if not form.any_years:
        raise Http404
    if request.method == "POST":
        now, address = timezone.now(), address_of(request)
        if too_often("second_look", address, most=settings.FORMS_A_MINUTE, seconds=MINUTE, at=now):
            response = render(request, "public/wait.html", status=429)
            response["Retry-After"] = str(MINUTE)
            return response
        if form.is_valid():
            by = Visitor(address=address)
            made = _received(form, by, timezone.localdate(), now, channel=SecondLookChannel.PUBLIC)
            if made is not None:
                return redirect("public:second_look_received", made.pk)
    return render(request, "public/second_look_new.html", {"form": form})


@public
@require_safe
def second_look_received(request: HttpRequest, number: int) -> HttpResponse:
    """Thanks, with the number."""
    return render(request, "public/second_look_received.html", {"number": number})


# -- the unit itself


@portal
@require_http_methods(["GET", "HEAD", "POST"])
def portal_second_look(request: HttpRequest, uscc: str) -> HttpResponse:
    """The unit's requests with their answers, and a new one."""
    rows = SecondLook.objects.filter(subject=uscc).select_related("document").order_by("-pk")
    form = OwnSecondLookForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        by, now = Actor.of_request(request), timezone.now()
        made = _received(form, by, timezone.localdate(), now, channel=SecondLookChannel.PORTAL, subject=uscc)
        if made is not None:
            messages.success(request, f"复核申请已提交，登记号 {made.pk}。答复会发消息，答复书见“文书”。")
            return redirect("second_looks:portal")
    return render(request, "portal/second_look.html", {"form": form, "rows": rows})


# -- the desk


@access("second_look.view")
@require_safe
def second_look_list(request: HttpRequest) -> HttpResponse:
    """The requests of the person's offices; `status` narrows to those that wait."""
    shown, form = _visible(request), SecondLookFilter(request.GET)
    if form.is_valid():
        shown = form.applied(shown)
    context = {
        "page": KeysetPage(shown, LATEST, request.GET),
        "form": form,
        "may_receive": request.user.has_perm("second_look.receive"),
    }
    return render(request, "announcements/second_look_list.html", context)


@access("second_look.receive")
@require_http_methods(["GET", "HEAD", "POST"])
def second_look_enter(request: HttpRequest) -> HttpResponse:
    """Enter a request that came in at the counter, by post or by telephone."""
    on = timezone.localdate()
    first = {"received_on": on, "subject": request.GET.get("uscc", "")}
    first |= {name: request.GET.get(name) for name in ("scheme", "year", "matter")}
    form = CounterSecondLookForm(request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST" and form.is_valid():
        made = _received(form, Actor.of_request(request), on, timezone.now())
        if made is not None:
            messages.success(request, f"复核申请已登记，登记号 {made.pk}。由另一人复核。")
            return redirect("announcements:second_look_detail", made.pk)
    words = dict(Scheme.choices)
    about = f"{form['year'].value()} 年度{words.get(form['scheme'].value(), '')}第 {matter} 号" if (
        matter := form["matter"].value()
    ) else ""  # fmt: skip
    return render(request, "announcements/second_look_enter.html", {"form": form, "about": about})


@access("second_look.view")
@require_http_methods(["GET", "HEAD", "POST"])
def second_look_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A request: how the unit was judged, how it would be judged now, and the answer."""
    row, person, on = get_object_or_404(_visible(request), pk=pk), request.user, timezone.localdate()
    assert isinstance(person, Person)
    by = Actor.of_request(request)
    waits = row.status == SecondLookStatus.OPEN
    reason = second_looks.why_not(row, by) if waits else ""
    may = waits and not reason and by.may("second_look.decide", row.office)
    form = AnswerForm(request.POST or None, by_people=row.by_people)
    if request.method == "POST" and form.is_valid():
        try:
            second_looks.decide(row, **form.cleaned_data, by=by, at=timezone.now(), on=on)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已答复：{row.get_status_display()}。答复书已制作，请打印盖章后送达。")
            return redirect("announcements:second_look_detail", pk)
    context = {
        "row": row,
        "form": form,
        "may_decide": may,
        "why_not": reason,
        "files": row.files.select_related("file"),
        "panels": sources.look_panels(row) if waits else [],
    }
    return render(request, "announcements/second_look_detail.html", context)


@access("second_look.view")
@require_safe
def second_look_file(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """A file that came with a request."""
    row = get_object_or_404(_visible(request), pk=pk)
    return files.serve(get_object_or_404(row.files.select_related("file"), pk=file).file)


@access("second_look.view")
@require_safe
def second_look_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter that answers a request."""
    row = get_object_or_404(_visible(request).filter(document__isnull=False), pk=pk)
    assert row.document is not None
    return files.serve(row.document.file)
