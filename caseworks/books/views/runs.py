"""账目核对: what the looks at the books found, each offending row with the page where it stands. (N6.2)"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.pages import KeysetPage, Order
from caseworks.books import looking, showing
from caseworks.books.enums import Scope
from caseworks.books.models import BooksRun
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person

ORDERS = {"new": Order("最近的在前", ("pk",), descending=True)}


@access("books.view")
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """The looks, the newest first, and whether the books are clean."""
    person = request.user
    assert isinstance(person, Person)
    rows = BooksRun.objects.all()
    chosen = request.GET.get("show", "")
    if chosen == "unclean":
        rows = rows.filter(offences__gt=0)
    elif chosen in Scope.values:
        rows = rows.filter(scope=chosen)
    context = {
        "page": KeysetPage(rows, ORDERS, request.GET),
        "chosen": chosen,
        "shows": [("", "全部"), ("unclean", "有不符的"), *Scope.choices],
        "unsettled": looking.unsettled(),
        "whole": BooksRun.objects.filter(scope=Scope.ALL).first(),
        "may_check": person.has_perm("books.check"),
    }
    return render(request, "books/run_list.html", context)


@access("books.view")
@require_safe
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One look with the offending rows of the own offices."""
    person = request.user
    assert isinstance(person, Person)
    run = get_object_or_404(BooksRun, pk=pk)
    lines = showing.lines(run, person, timezone.localdate())
    context = {
        "run": run,
        "lines": lines,
        "elsewhere": run.offences - len(lines),
        "may_check": person.has_perm("books.check"),
    }
    return render(request, "books/run_detail.html", context)


@access("books.check")
@require_POST
def run_now(request: HttpRequest) -> HttpResponse:
    """Look at everything now."""
    run = looking.look(Scope.ALL, by=Actor.of_request(request), at=timezone.now())
    if run.is_clean:
        messages.success(request, f"已核对，{run.checks} 项全部相符。")
    else:
        messages.error(request, f"已核对，{run.offences} 处不符，见下表。请勿再办理有关业务，并报告稽核人员。")
    return redirect("books:run_detail", run.pk)
