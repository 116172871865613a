"""作废确认: records that upstream no longer has, voided or kept by another person than the one who imported."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import retirements as operations
from caseworks.registry import tasks
from caseworks.registry.access import of_visible_units, visible_imports
from caseworks.registry.enums import RetirementStatus
from caseworks.registry.facts import row_key, row_words
from caseworks.registry.forms import RetirementDecisionForm
from caseworks.registry.models import Retirement, Unit

ORDERS = {"listed": Order("列出的次序", ("id",))}
WAITING = Q(retirements__status=RetirementStatus.PROPOSED)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@access("registry.view")
@require_safe
def retirements(request: HttpRequest) -> HttpResponse:
    """The replacing files whose missing records wait for a decision."""
    files = (
        visible_imports(_person(request), timezone.localdate())
        .filter(retirements_proposed__gt=0)
        .annotate(waiting=Count("retirements", filter=WAITING))
        .filter(waiting__gt=0)
        .order_by("-created_at")
    )
    return render(request, "registry/retirement_list.html", {"files": files[:200]})


@access("registry.view")
@require_http_methods(["GET", "HEAD", "POST"])
def of_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The records that a replacing file no longer had; a reviewer voids or keeps them."""
    person, on = _person(request), timezone.localdate()
    import_file = get_object_or_404(visible_imports(person, on), pk=pk)
    waiting = of_visible_units(Retirement.objects.filter(import_file=import_file), person, on).filter(
        status=RetirementStatus.PROPOSED
    )
    if request.method == "POST":
        if not person.has_perm("registry.confirm"):
            raise PermissionDenied
        _decide(request, waiting)
        return redirect(f"{reverse('registry:retirements_of_file', args=[pk])}?{request.GET.urlencode()}")
    page = KeysetPage(waiting, ORDERS, request.GET)
    names = dict(Unit.objects.filter(uscc__in=[row.uscc for row in page]).values_list("uscc", "name"))
    context = {
        "file": import_file,
        "page": page,
        "rows": [
            (number, row, names.get(row.uscc, ""), row_key(row), row_words(row)) for number, row in page.numbered()
        ],
        "waiting": waiting.count(),
        "own": import_file.person_id == person.pk,
        "may_confirm": person.has_perm("registry.confirm") and import_file.person_id != person.pk,
        "form": RetirementDecisionForm(),
    }
    return render(request, "registry/retirement_file.html", context)


def _decide(request: HttpRequest, waiting: QuerySet[Retirement]) -> None:
    form = RetirementDecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return
    asked, by, at = form.cleaned_data, Actor.of_request(request), timezone.now()
    try:
        with transaction.atomic():
            rows = waiting if asked["everything"] else waiting.filter(pk__in=asked["rows"])
            found = len(rows.select_for_update().values_list("pk"))
            if asked["everything"] and found != asked["expected"]:
                raise Refusal(f"待确认的记录现有 {found} 条，与页面所示不同，未作任何更改。请核对后重试。")
            if asked["decision"] == "keep":
                kept = operations.keep(rows, because=asked["because"], by=by, at=at)
                messages.success(request, f"已保留 {kept} 条记录，没有作废。")
                return
            outcome = operations.confirm(rows, by=by, at=at)
            tasks.tell_followers(outcome.touched)
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return
    messages.success(request, f"已作废 {outcome.retired} 条记录，作废前的内容留在记录中。")
    if outcome.kept:
        messages.warning(request, f"{outcome.kept} 条记录在列出之后又有变化，没有作废。")
