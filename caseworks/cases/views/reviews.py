"""审核: the queues by stage and office, opening what is eligible, taking cases and handing them over. (N6.2)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.cases import queues, reviews, sources, takings
from caseworks.cases.enums import Stage
from caseworks.cases.filters import ORDERS, sent_back
from caseworks.cases.models import Case, Taking
from caseworks.cases.stages import PERMISSION_OF
from caseworks.cases.views.asking import asked, keep, signed_in
from caseworks.law import calendars
from caseworks.law.workdays import Calendar
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person


@dataclass(frozen=True)
class Row:
    """A line of the queue."""

    number: int
    case: Case
    flags: list[str]
    days: int  # working days at this stage
    tone: str
    sent_back: bool
    taken: Taking | None


@access("case.view")
@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """The four queues of the own offices, and the cases of the chosen one."""
    person, on, at = signed_in(request), timezone.localdate(), timezone.now()
    found = asked(request)
    keep(request, found)
    calendar = calendars.current()
    limits = queues.Limits.on(on, calendar)
    page = KeysetPage(found.rows.select_related("office", "sheet"), ORDERS, request.GET)
    may_open = found.stage == Stage.FIRST and person.has_perm("case.open") and sources.years(found.scheme)
    by = Actor.of_person(person)
    context = {
        "form": found.form,
        "scheme": found.scheme,
        "stage": found.stage,
        "year": found.year,
        "queues": queues.overview(person, on, at, scheme=found.scheme, year=found.year, limits=limits),
        "page": page,
        "rows": _rows(page, found.scheme, found.stage, calendar, limits),
        "query": found.address,
        "may_pass": person.has_perm(PERMISSION_OF[found.stage]),
        "may_assign": person.has_perm(PERMISSION_OF[found.stage]) or person.has_perm("case.assign"),
        "colleagues": _colleagues(page, found.stage),
        "unopened": reviews.unopened(scheme=found.scheme, year=found.year, by=by, at=at) if may_open else 0,
        "today": on,
    }
    return render(request, "cases/review_list.html", context)


def _rows(page: KeysetPage, scheme: str, stage: Stage, calendar: Calendar, limits: queues.Limits) -> list[Row]:
    cases = list(page.numbered())
    ids = [case.pk for _, case in cases]
    words = sources.flag_words(scheme)
    standing = Taking.objects.standing(timezone.now()).filter(case__in=ids, stage=stage).select_related("person")
    taken = {row.case_id: row for row in standing}
    back = set(Case.objects.filter(sent_back(), pk__in=ids).values_list("pk", flat=True))
    today = timezone.localdate()
    found = []
    for number, case in cases:
        since = case.moved_at or case.opened_at
        codes = case.sheet.flags if hasattr(case, "sheet") else []
        days = max(calendar.working_days_between(timezone.localdate(since), today), 0)
        flags = [words.get(code, code) for code in codes]
        found.append(Row(number, case, flags, days, limits.tone(since), case.pk in back, taken.get(case.pk)))
    return found


def _colleagues(page: KeysetPage, stage: Stage) -> list[Person]:
    """To whom the cases of a page may be handed: who may pass all of them."""
    return takings.colleagues({case.office_id for case in page}, stage, timezone.localdate())


@access("case.view")
@require_safe
def review_offices(request: HttpRequest) -> HttpResponse:
    """What waits at the stage, office by office; a piece that loads after the page, or a page of its own."""
    found = asked(request)
    lines = queues.by_office(
        signed_in(request), timezone.localdate(), found.stage, scheme=found.scheme, year=found.year
    )
    context = {"lines": lines, "scheme": found.scheme, "stage": found.stage, "year": found.year}
    template = "cases/_review_offices.html" if request.headers.get("HX-Request") else "cases/review_offices.html"
    return render(request, template, {**context, "today": timezone.localdate()})


@access("case.open")
@require_POST
def review_open(request: HttpRequest) -> HttpResponse:
    """立件: open a case for everything eligible in the own offices."""
    year, scheme = request.POST.get("year", ""), request.POST.get("scheme", "")
    known = dict(sources.with_cases())
    scheme = scheme if scheme in known else next(iter(known))
    year = year if year.isdigit() else ""
    back = redirect(f"{reverse('cases:review_list')}?scheme={scheme}&stage=first&year={year}")
    if not year:
        messages.error(request, "请选择政策年度，未作任何更改。")
        return back
    try:
        opened = reviews.open_eligible(scheme=scheme, year=int(year), by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"已立件 {opened:,} 件，进入初审。" if opened else "没有新的可立件对象。")
    return back


@access("case.view")
@require_POST
def review_take(request: HttpRequest) -> HttpResponse:
    """认领 · 改由我办理 · 交同事 · 放回: the chosen cases; the operation checks who may."""
    person, by, at = signed_in(request), Actor.of_request(request), timezone.now()
    chosen = [int(pk) for pk in request.POST.getlist("cases") if pk.isdigit()]
    seen = Case.objects.visible_to(person, timezone.localdate()).filter(pk__in=chosen).values_list("pk", flat=True)
    ids, action = list(seen), request.POST.get("action", "")
    try:
        if action == "hand":
            to = Person.objects.filter(pk=_number(request.POST.get("to", "")), is_active=True).first()
            if to is None:
                raise Refusal("请选择同事，未作任何更改。")
            messages.success(request, f"已将 {takings.hand(ids, to=to, by=by, at=at):,} 件交 {to.full_name} 办理。")
        elif action == "let_go":
            messages.success(request, f"已放回 {takings.let_go(ids, by=by, at=at):,} 件，同事可以认领。")
        else:
            taken = takings.take(ids, by=by, at=at, over=action == "over")
            messages.success(request, f"已认领 {taken:,} 件，至 {_day(at)} 止；办理后自动结束。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("cases:review_list")
    return redirect(back)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _day(at: dt.datetime) -> str:
    return f"{timezone.localdate(takings.until(at)) - dt.timedelta(days=1)}"
