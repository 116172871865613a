"""The public page, the workbench and the health check."""

from __future__ import annotations

import datetime as dt

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from caseworks.base.panels import Panel, scheme_functions
from caseworks.books.looking import unsettled
from caseworks.cases.announced_lines import on_show
from caseworks.desk.context import HOMES
from caseworks.desk.first_steps import first_steps
from caseworks.desk.public import contacts, policies_in_force
from caseworks.desk.waiting import todos
from caseworks.people.access import public as open_to_all
from caseworks.people.access import signed_in
from caseworks.people.models import Person
from caseworks.registry.access import visible_imports

ANNOUNCED = 5  # announcements on the public page; all of them have a page of their own


@open_to_all
@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """The bureau's public page: announcements, the policies in force in plain words, and whom to ask. (N6.2, N7.1)"""
    on = timezone.localdate()
    context = {
        "policies": policies_in_force(on),
        "offices": contacts(),
        "on": on,
        "announcements": on_show(on)[:ANNOUNCED],
    }
    return render(request, "desk/public.html", context)


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """工作台: what waits for me, the year's figures, what ran last. (N7.2)"""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    if person.kind != "staff":
        return redirect(HOMES[person.kind])
    waiting = todos(person, on)
    panels = [panel for source in scheme_functions("home_panels") for panel in source(person, on)]
    if person.has_perm("import.view"):
        panels.append(_imports(person, on))
    return render(
        request,
        "desk/home.html",
        {
            "on": on,
            "waiting": [todo for todo in waiting if todo.count],
            "nothing_for": [todo for todo in waiting if not todo.count],
            "panels": panels,
            "unsettled": unsettled() if person.has_perm("books.view") else None,
            "steps": first_steps(person),
        },
    )


def _imports(person: Person, on: dt.date) -> Panel:
    files = visible_imports(person, on).select_related("run").order_by("-created_at", "-id")[:6]
    return Panel("最近导入", "desk/_home_imports.html", {"files": files}, url=reverse("registry:import_list"))


@open_to_all
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Whether the database and the cache answer; for the load balancer."""
    state = {"database": "ok", "cache": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        state["database"] = "down"
    try:
        cache.get("health")
    except RedisError:
        state["cache"] = "down"
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)
