"""The list of judgements with its totals, and the page of one."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base import lists
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.people.access import access
from caseworks.people.models import Person
from refunds.enums import DeterminationStatus, Outcome
from refunds.filters import AssessmentFilter
from refunds.models import Assessment, AssessmentQuerySet, ScreeningRun
from refunds.views import judged, words


def query(request: HttpRequest, on: dt.date) -> tuple[AssessmentFilter, AssessmentQuerySet]:
    """The filter form of the address and the rows it chooses within the person's scope; none where it is wrong."""
    person = request.user
    assert isinstance(person, Person)
    years = list(ScreeningRun.objects.order_by("-year").values_list("year", flat=True).distinct())
    params = request.GET.copy()
    if years and not params.get("year"):
        params["year"] = str(years[0])
    form = AssessmentFilter(params, years=years, person=person, on=on)
    rows = Assessment.objects.visible_to(person, on)
    if not years or not form.is_valid():
        return form, rows.none()
    return form, form.applied(rows.of_year(form.cleaned_data["year"]))


@access("screening.view")
@require_safe
def assessment_list(request: HttpRequest) -> HttpResponse:
    """筛查结果: every unit of the scope with its outcome, reasons and amount. (N5.1)"""
    on = timezone.localdate()
    form, rows = query(request, on)
    page = KeysetPage(rows.select_related("office"), form.orders, request.GET)
    address = request.GET.urlencode()
    context = {
        "form": form,
        "page": page,
        "screened": bool(form.fields["year"].choices),  # type: ignore[attr-defined]
        "year": form.data.get("year", ""),
        "query": address,
        "totals_url": f"{reverse('refunds:assessment_totals')}?{address}",
        "reset_url": reverse("refunds:assessment_list"),
        "may_export": request.user.has_perm("export.make"),
        "may_run": request.user.has_perm("screening.run"),
    }
    return render(request, "refunds/assessment_list.html", context)


@access("screening.view")
@require_safe
def assessment_totals(request: HttpRequest) -> HttpResponse:
    """户数 and 金额 of the whole filter; loaded after the list."""
    _, rows = query(request, timezone.localdate())
    by_outcome = {
        row["outcome"]: row
        for row in rows.order_by().values("outcome").annotate(units=Count("pk"), amount=Sum("amount"))
    }
    totals = [("户数", f"{sum(row['units'] for row in by_outcome.values()):,}")]
    for outcome, label in ((Outcome.ELIGIBLE, "符合金额（元）"), (Outcome.MANUAL, "待核定暂算（元）")):
        if outcome in by_outcome:
            totals.append((label, thousands(by_outcome[outcome]["amount"] or ZERO)))
    return lists.totals_of(request, totals, "refunds:assessment_list")


@access("screening.view")
@require_safe
def assessment_detail(request: HttpRequest, year: int, uscc: str) -> HttpResponse:
    """核算单: the outcome, the reasons, every rule with its numbers, and what the data says today. (J4.2)"""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    rows = Assessment.objects.visible_to(person, on).select_related("office", "screening__run__person")
    row = get_object_or_404(rows, year=year, uscc=uscc)
    live, problem = judged.live_of(row, on)
    policy = live.policy if live is not None and live.policy.pk == row.policy_id else judged.policy_of(row)
    determinations = judged.determinations_of(row)
    waiting = {found.fact for found in determinations if found.status == DeterminationStatus.SET}
    context = {
        "row": row,
        "today": on,
        "premium_year": year - 1,
        "explained": judged.Explained.of(judged.facts_of(row), judged.parameters_of(policy, row.judged_on)),
        "joined": judged.joined(row.joined),
        "way_out": judged.WAYS_OUT[Outcome(row.outcome)],
        "differences": judged.differences(row, live) if live is not None else [],
        "live_problem": problem,
        "facts": judged.fact_rows(row),
        "policy": policy,
        "figures": words.figures(policy),
        "history": judged.history(row),
        "determinations": determinations,
        "may_determine": judged.lacking(row) - waiting and request.user.has_perm("determination.set"),
        **judged.months_of(row),
    }
    return render(request, "refunds/assessment_detail.html", context)
