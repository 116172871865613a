"""The fund room. Read only: finance records the months, cashiers make the batches, both at the desk. (N6.1, J4.3)"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.oversight import fund
from caseworks.oversight.views.asking import person_of
from caseworks.people.access import access


@access("dashboard.view")
@require_safe
def room(request: HttpRequest) -> HttpResponse:
    """How a region's fund stands: the province's unless a pool is named."""
    person, on = person_of(request), timezone.localdate()
    names = fund.regions_for(person, on)
    region = request.GET.get("region") or next(iter(names), "")
    if region and region not in names:
        raise Http404
    found = fund.of(region, names, on) if region else None
    context = {
        "fund": found,
        "on": on,
        "names": names,
        "warning": fund.warning_months(found.pool.position) if found else 0,
        "chart": fund.chart(found.months) if found else None,
    }
    return render(request, "oversight/fund.html", context)
