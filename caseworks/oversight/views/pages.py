"""The first page of /admin/: the dashboard for who may see it, the rooms for who manages people. (N7.2)"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from caseworks.base.models import Run
from caseworks.oversight import health
from caseworks.oversight.lists import LISTS
from caseworks.oversight.views import boards

ROOMS = (
    ("admin:oversight_list", (next(iter(LISTS)),), "业务查询", "业务件、支付、异议、暂缓、取消资格", "dashboard.view"),
)


def index(request: HttpRequest, app_list: list[dict[str, Any]]) -> TemplateResponse:
    """The dashboard, or the rooms alone: an administrator sees no case and no money."""
    rooms = [
        (label, reverse(name, args=args), words)
        for name, args, label, words, permission in ROOMS
        if request.user.has_perm(permission)
    ]
    shown = {"app_list": app_list, "rooms": rooms}
    if request.user.has_perm("dashboard.view"):
        return TemplateResponse(request, "oversight/dashboard.html", {**boards.context_of(request), **shown})
    state = health.look(timezone.now(), Run.objects.none())
    return TemplateResponse(request, "oversight/rooms.html", {"health": state, **shown})
