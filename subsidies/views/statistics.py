"""统计: claims by level, occupation, issuer and month, with reasons and signs; each table to take away (N7.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.people.access import access
from caseworks.registry.downloads import Column, exported
from subsidies import summaries
from subsidies.filters import StatisticsFilter
from subsidies.models import Claim, ClaimQuerySet
from subsidies.summaries import Line
from subsidies.views.shared import person_of, scoped

TABLES: dict[str, tuple[str, Callable[[ClaimQuerySet], list[Line]]]] = {
    "level": ("按等级", summaries.by_level),
    "occupation": ("按职业（工种）", summaries.by_occupation),
    "issuer": ("按评价机构", summaries.by_issuer),
    "month": ("按申领月份", summaries.by_month),
    "channel": ("按申领方式", summaries.by_channel),
}
COLUMNS = (
    Column("项目", lambda line: line.label, 36),
    Column("申领（件）", lambda line: line.claims, 12),
    Column("人数", lambda line: line.people, 10),
    Column("符合（件）", lambda line: line.granted, 12),
    Column("不符合（件）", lambda line: line.refused, 12),
    Column("符合金额（元）", lambda line: line.amount, 16),
    Column("已拨付（件）", lambda line: line.paid, 12),
    Column("已拨付金额（元）", lambda line: line.paid_amount, 16),
)


def _rows(request: HttpRequest) -> tuple[StatisticsFilter, ClaimQuerySet]:
    on = timezone.localdate()
    form = scoped(request, on, StatisticsFilter)
    assert isinstance(form, StatisticsFilter)
    rows = Claim.objects.visible_to(person_of(request), on)
    if not form.is_valid() or not form.cleaned_data["year"]:
        return form, rows.none()
    return form, rows.of_year(form.cleaned_data["year"]).filter(**form.of_office())


@access("claim.view")
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """All tables of a year and an office, with their charts."""
    form, rows = _rows(request)
    tables = [(code, title, sums(rows)) for code, (title, sums) in TABLES.items()]
    by_code = {code: lines for code, _, lines in tables}
    reasons = summaries.reasons(rows)
    context: dict[str, Any] = {
        "form": form,
        "year": form.data.get("year", ""),
        "total": summaries.total(rows),
        "tables": tables,
        "reasons": reasons,
        "signs": summaries.signs(rows),
        "list_url": f"{reverse('subsidies:claim_list')}?{request.GET.urlencode() or 'year=' + str(form.data.get('year', ''))}",
        "query": request.GET.urlencode(),
        "may_export": request.user.has_perm("export.make"),
        "chart_level": _amounts(by_code["level"]),
        "chart_month": _months(by_code["month"]),
        "chart_reason": {
            "horizontal": True, "labels": True, "unit": "件", "categories": [label for _, label, _ in reasons],
            "series": [{"name": "件数", "values": [count for *_, count in reasons]}],
        },
    }  # fmt: skip
    return render(request, "subsidies/statistics.html", context)


def _amounts(lines: list[Line]) -> dict[str, Any]:
    return {
        "unit": "件",
        "categories": [line.label for line in lines],
        "series": [
            {"name": "符合", "values": [line.granted for line in lines]},
            {"name": "不符合", "values": [line.refused for line in lines]},
        ],
    }


def _months(lines: list[Line]) -> dict[str, Any]:
    return {
        "unit": "件",
        "categories": [line.label for line in lines],
        "series": [
            {"name": "申领", "values": [line.claims for line in lines]},
            {"name": "符合", "values": [line.granted for line in lines]},
        ],
    }


@access("export.make")
@require_safe
def statistics_export(request: HttpRequest, table: str, form: str) -> HttpResponseBase:
    """One table as a file."""
    if table not in TABLES or form not in ("xlsx", "csv"):
        raise Http404
    chosen, rows = _rows(request)
    if chosen.problems:
        messages.error(request, "没有导出：查询条件有误。" + "；".join(chosen.problems))
        return redirect("subsidies:statistics")
    title, sums = TABLES[table]
    name = f"技能补贴统计_{title}_{chosen.data.get('year', '')}"
    lines = list(sums(rows))
    return exported(request, lines, COLUMNS, name=name, form=form, count=len(lines), at=timezone.now(), chosen=chosen)
