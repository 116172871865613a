"""What every list answers beside its page: the totals of its filter, and why a filter cannot be taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse


def totals_of(request: HttpRequest, totals: Sequence[tuple[str, str]], name: str) -> HttpResponse:
    """Labels with figures as text: a piece that loads after the list of this URL name, or a page of its own."""
    template = "desk/_totals_done.html" if request.headers.get("HX-Request") else "desk/totals.html"
    return render(request, template, {"totals": totals, "list_url": _filtered(request, name)})


def not_exported(request: HttpRequest, problems: Iterable[str], name: str, *args: object) -> HttpResponse:
    """Back to the list of this URL name, which says what is wrong with the filter."""
    messages.error(request, "没有导出：查询条件有误。" + "；".join(problems))
    return redirect(_filtered(request, name, *args))


def _filtered(request: HttpRequest, name: str, *args: object) -> str:
    return f"{reverse(name, args=args)}?{request.GET.urlencode()}"
