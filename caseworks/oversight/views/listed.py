"""The lists behind the figures: read, summed up, exported; nothing is changed here. (N7.2)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base.money import thousands
from caseworks.base.pages import KeysetPage
from caseworks.oversight.filters import ListForm
from caseworks.oversight.lists import ListSpec, all_lists
from caseworks.oversight.views.asking import person_of
from caseworks.people.access import access
from caseworks.registry.downloads import Column, exported

MOST = 100_000  # rows of an export


@dataclass(frozen=True)
class Shown:
    """One cell of a list."""

    label: str
    value: Any
    kind: str
    state: str = ""


def _spec(name: str) -> ListSpec:
    try:
        return all_lists()[name]
    except KeyError:
        raise Http404 from None


def _asked(request: HttpRequest, spec: ListSpec) -> tuple[ListForm, Any]:
    person, on = person_of(request), timezone.localdate()
    form = spec.form(request.GET, person=person, on=on)
    rows = spec.rows(person, on)
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("dashboard.view")
@require_safe
def rows(request: HttpRequest, name: str) -> HttpResponse:
    """One page of a list."""
    spec = _spec(name)
    form, found = _asked(request, spec)
    page = KeysetPage(found, spec.orders, request.GET)
    query = request.GET.urlencode()
    context = {
        "spec": spec,
        "form": form,
        "page": page,
        "rows": [
            (
                number,
                spec.address(row),
                [Shown(column.label, column.value(row), column.kind, column.state(row)) for column in spec.columns],
            )
            for number, row in page.numbered()
        ],
        "tabs": [
            (each.title, reverse("admin:oversight_list", args=[each.name]), each is spec)
            for each in all_lists().values()
        ],
        "totals_url": f"{reverse('admin:oversight_totals', args=[name])}?{query}",
        "export_url": f"{reverse('admin:oversight_export', args=[name])}?{query}",
        "may_export": request.user.has_perm("export.make"),
    }
    return render(request, "oversight/list.html", context)


@access("dashboard.view")
@require_safe
def totals(request: HttpRequest, name: str) -> HttpResponse:
    """How many rows the whole filter has, and how much money."""
    spec = _spec(name)
    form, found = _asked(request, spec)
    count, amount = spec.totals(found, form)
    lines = [("合计", f"{count:,} {spec.unit}")]
    if amount is not None:
        lines.append(("金额", f"{thousands(amount)} 元"))
    return render(
        request, "desk/_totals_done.html" if getattr(request, "htmx", False) else "desk/totals.html", {"totals": lines}
    )


@access("export.make")
@require_safe
def export(request: HttpRequest, name: str) -> HttpResponseBase:
    """What is filtered, as xlsx."""
    spec = _spec(name)
    form, found = _asked(request, spec)
    chosen = found.order_by(*next(iter(spec.orders.values())).by())[:MOST]
    columns = [Column(column.label, column.value) for column in spec.columns]
    return exported(
        request, chosen.iterator(chunk_size=2000), columns, name=spec.title, form="xlsx",
        count=min(found.order_by().count(), MOST), at=timezone.now(), chosen=form,
    )  # fmt: skip
