"""The dashboard of an office, and counting its figures anew. (N7.2)"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.oversight import charts, dashboard, figures, health, lists, tasks
from caseworks.oversight.dashboard import Dashboard
from caseworks.oversight.measures import Alert
from caseworks.oversight.views.asking import asked, person_of
from caseworks.people.access import access
from caseworks.people.actors import Actor


def context_of(request: HttpRequest) -> dict[str, Any]:
    """What the dashboard shows."""
    given = asked(request, request.GET)
    page = dashboard.of(given.person, given.office, given.scheme, given.year, given.on)
    state = health.look(timezone.now(), lists.runs_of(given.person, given.on))
    for part in state.bad:
        page.alerts.insert(0, Alert(part.tone, f"{part.label}：{part.words}", None, part.url or "#health"))
    run = open_run(given.scheme, given.year)
    return {
        "form": given.form,
        "page": page,
        "health": state,
        "charts": charts.of(page),
        "drill": {office.pk: _address(page, office.pk) for office in (*page.path, *(c.office for c in page.children))},
        "run": run,
        "may_refresh": request.user.has_perm("dashboard.refresh"),
    }


def _address(page: Dashboard, office: int) -> str:
    query = {"office": office, "scheme": page.scheme, "year": page.year}
    return f"{reverse('admin:index')}?{urlencode(query)}"


def open_run(scheme: str, year: int) -> Run | None:
    """The count that somebody asked for and that has not ended."""
    run = Run.objects.open().of(figures.KIND, f"{scheme}:{year}").first()
    return run if run is not None and runs.settle(run, timezone.now()).is_open else None


@access("dashboard.refresh")
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask for the figures to be counted anew; one count at a time."""
    params = request.POST.copy()
    params.pop("csrfmiddlewaretoken", None)
    given = asked(request, params)
    back = redirect(f"{reverse('admin:index')}?{params.urlencode()}")
    try:
        run, new = figures.ask(given.scheme, given.year, by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return back
    if not new:
        messages.info(request, "更新已在进行，完成后本页自动刷新。")
        return back
    try:
        tasks.refresh_asked.delay_on_commit(run.pk)
    except BrokerError:
        messages.error(request, "后台服务没有应答，数字未更新。请系统管理员检查后台服务。")
    return back


@access("dashboard.view")
@require_safe
def refreshing(request: HttpRequest, scheme: str, year: int) -> HttpResponse:
    """Whether the count still runs; the page is loaded anew once it has ended."""
    person_of(request)
    run = open_run(scheme, year)
    response = render(request, "oversight/_refreshing.html", {"run": run, "scheme": scheme, "year": year})
    if run is None:
        response["HX-Refresh"] = "true"
    return response
