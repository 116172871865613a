"""What is filtered, to take away: xlsx or CSV, streamed, without formulas; each export is on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base import lists
from caseworks.people.access import access
from caseworks.registry.downloads import FORMS, Column, exported
from refunds.models import Assessment, AssessmentChange, ScreeningRun
from refunds.templatetags.refunds import flag_label, percent, reason_label, size_label, type_label
from refunds.views import words
from refunds.views.assessments import query
from refunds.views.screenings import changes


def _joined(label: Callable[[str], str], codes: Iterable[str]) -> str:
    return "；".join(label(code) for code in codes)


ASSESSMENT_COLUMNS = (
    Column("政策年度", lambda row: row.year, 9),
    Column("统一社会信用代码", lambda row: row.uscc, 21),
    Column("单位名称", lambda row: row.name, 38),
    Column("经办机构", lambda row: row.office.name, 16),
    Column("行政区划代码", lambda row: row.region, 13),
    Column("单位类型", lambda row: type_label(row.unit_type), 13),
    Column("企业划型", lambda row: size_label(row.size), 9),
    Column("参保状态", lambda row: row.get_status_display(), 9),
    Column("结论", lambda row: row.get_outcome_display(), 9),
    Column("原因", lambda row: _joined(reason_label, row.reasons), 30),
    Column("提示", lambda row: _joined(flag_label, row.flags), 20),
    Column("足额缴费月数", lambda row: row.months_paid, 13),
    Column("欠费月数", lambda row: row.arrears_months, 9),
    Column("年初人数", lambda row: row.opening_headcount, 9),
    Column("年末人数", lambda row: row.closing_headcount, 9),
    Column("死亡", lambda row: row.deaths, 6),
    Column("退休", lambda row: row.retirements, 6),
    Column("净减员", lambda row: row.net_reduction, 8),
    Column("裁员率", lambda row: "" if row.layoff_rate is None else percent(row.layoff_rate), 9),
    Column("上年度实缴失业保险费（元）", lambda row: row.premium, 24),
    Column("返还比例", lambda row: "" if row.ratio is None else percent(row.ratio), 9),
    Column("返还金额（元）", lambda row: row.amount, 16),
    Column("人工核定项", lambda row: words.shown("determined", row.determined) if row.determined else "", 16),
    Column("筛查日", lambda row: row.judged_on, 12),
)
CHANGE_COLUMNS = (
    Column("统一社会信用代码", lambda row: row.uscc, 21),
    Column("单位名称", lambda row: row.name, 38),
    Column("经办机构", lambda row: row.office, 16),
    Column("变化", lambda row: row.kind_label, 9),
    Column("项目、原来和现在", lambda row: "；".join(f"{line.label}：{line.old}→{line.new}" for line in row.lines), 80),
    Column("金额增减（元）", lambda row: row.delta, 16),
)


@access("export.make")
@require_safe
def assessment_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The judgements of the filter. (J4.1)"""
    if form not in FORMS:
        raise Http404
    on = timezone.localdate()
    chosen, rows = query(request, on)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "refunds:assessment_list")
    name = f"稳岗返还筛查结果_{chosen.data.get('year', '')}_{on:%Y%m%d}"
    lines: QuerySet[Assessment] = rows.select_related("office").order_by("uscc")
    return exported(
        request, lines.iterator(chunk_size=2000), ASSESSMENT_COLUMNS, name=name, form=form,
        count=rows.order_by().count(), at=timezone.now(), chosen=chosen,
    )  # fmt: skip


@access("export.make")
@require_safe
def change_export(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """What a screening changed, as filtered."""
    if form not in FORMS:
        raise Http404
    screening = get_object_or_404(ScreeningRun, pk=pk)
    chosen, rows = changes(request, screening)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "refunds:screening_changes", pk)
    name = f"稳岗返还筛查差别_{screening.year}_{timezone.localdate():%Y%m%d}"
    lines: QuerySet[AssessmentChange] = rows.select_related("office").order_by("uscc", "pk")
    shown = (words.ChangeRow.of(row) for row in lines.iterator(chunk_size=2000))
    return exported(
        request, shown, CHANGE_COLUMNS, name=name, form=form, count=rows.order_by().count(), at=timezone.now(),
        chosen=chosen,
    )  # fmt: skip
