"""统计: claims by level, occupation, issuer and month, with reasons and signs; each table to take away (N7.2)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from caseworks.base import lists
from caseworks.people.access import access
from caseworks.registry.downloads import Column, exported
from subsidies import summaries
from subsidies.filters import OPENED, StatisticsFilter
from subsidies.models import Claim, ClaimQuerySet
from subsidies.summaries import Line
from subsidies.views.shared import person_of, scoped

TITLES = {
    "level": "按等级",
    "occupation": "按职业（工种）",
    "issuer": "按评价机构",
    "month": "按申领月份",
    "channel": "按申领方式",
}
DRAWN = 10  # occupations and issuers in their charts
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
    """All tables of a year and an office, with their charts; each figure leads to the list behind it."""
    form, rows = _rows(request)
    found, reasons = summaries.tables(rows), summaries.reasons(rows)
    chosen = {name: form.data[name] for name in ("year", "office") if form.data.get(name)}
    context: dict[str, Any] = {
        "form": form,
        "year": form.data.get("year", ""),
        "total": found.total,
        "tables": [(code, title, getattr(found, code)) for code, title in TITLES.items()],
        "reasons": reasons,
        "signs": summaries.signs(rows),
        "opened": OPENED,
        "list_url": f"{reverse('subsidies:claim_list')}?{urlencode(chosen)}",
        "query": urlencode(chosen),
        "may_export": request.user.has_perm("export.make"),
        "charts": [
            ("level", "按等级", _outcomes(found.level)),
            ("month", "按申领月份", _months(found.month)),
            ("occupation", f"按职业（工种），前 {DRAWN} 个", _outcomes(found.occupation[:DRAWN]) | {"horizontal": True}),
            ("issuer", f"按评价机构，前 {DRAWN} 家", _outcomes(found.issuer[:DRAWN]) | {"horizontal": True}),
        ],
        "chart_reason": {
            "horizontal": True, "labels": True, "unit": "件", "categories": [label for _, label, _ in reasons],
            "series": [{"name": "件数", "values": [count for *_, count in reasons]}],
        },
    }  # fmt: skip
    return render(request, "subsidies/statistics.html", context)


def _outcomes(lines: list[Line]) -> dict[str, Any]:
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
    """One table as a file, its total in the last line."""
    if table not in TITLES or form not in ("xlsx", "csv"):
        raise Http404
    chosen, rows = _rows(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "subsidies:statistics")
    name = f"技能补贴统计_{TITLES[table]}_{chosen.data.get('year', '')}"
    found = summaries.tables(rows)
    lines = [*getattr(found, table), found.total]
    return exported(request, lines, COLUMNS, name=name, form=form, count=len(lines), at=timezone.now(), chosen=chosen)
