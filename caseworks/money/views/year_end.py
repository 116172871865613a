"""年末未办结: the list with days left and reminders, publishing it, and the supervisor's decision; the public page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, in_capitals
from caseworks.cases.enums import Scheme, Status
from caseworks.cases.history import Shown
from caseworks.cases.models import Case
from caseworks.money import year_end
from caseworks.money.models import FinalCall
from caseworks.money.year_end import Left
from caseworks.people.access import access, public
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person
from caseworks.registry.downloads import Column, exported

WHY = {"held": "暂缓", "returned": "银行退回", "objected": "有异议"}
STAGES = {"": "全部", "remind": "催办中", "publish": "可公告", "published": "公告中", "ripe": "可视为放弃"}
LISTED = 500
COLUMNS = (
    Column("名称", lambda row: row.name, 38),
    Column("代码", lambda row: row.subject, 21),
    Column("金额（元）", lambda row: row.amount, 14),
    Column("状态", lambda row: row.status_label, 10),
    Column("情形", lambda row: WHY[row.why], 10),
    Column("原因", lambda row: row.reason, 50),
    Column("已催办（次）", lambda row: row.reminded, 10),
    Column("最近催办", lambda row: row.reminded_on or "", 12),
    Column("公告期限", lambda row: row.published_until or "", 12),
)


def stage_of(row: Left) -> str:
    """How far a case is on its way."""
    if row.ripe:
        return "ripe"
    if row.published_until is not None:
        return "published"
    return "publish" if row.reminded >= year_end.REMINDERS else "remind"


def _asked(request: HttpRequest) -> tuple[str, int, list[Left]]:
    """Scheme and year of the address, and what is left over of them in the own offices."""
    on, person = timezone.localdate(), request.user
    assert isinstance(person, Person)
    scheme = request.GET.get("scheme", Scheme.REFUNDS.value)
    if scheme not in Scheme.values:
        raise Http404
    given = request.GET.get("year", "")
    waiting = Case.objects.filter(scheme=scheme, status__in=[Status.ANNOUNCED, Status.CLEARED, Status.RETURNED])
    newest = waiting.order_by("-year").values_list("year", flat=True).first()
    year = int(given) if given.isdigit() and len(given) == 4 else (newest or on.year)
    return scheme, year, year_end.left_over(scheme, year, by=Actor.of_request(request), on=on)


def _narrowed(request: HttpRequest, rows: list[Left]) -> list[Left]:
    why, stage, text = (request.GET.get(name, "") for name in ("why", "stage", "text"))
    return [
        row for row in rows
        if (not why or row.why == why) and (not stage or stage_of(row) == stage)
        and (not text or text in row.name or text.upper() == row.subject)
    ]  # fmt: skip


@access("payment.view")
@require_safe
def left_list(request: HttpRequest) -> HttpResponse:
    """What is left over, why, and how many days are left."""
    on = timezone.localdate()
    scheme, year, everything = _asked(request)
    rows = _narrowed(request, everything)
    context = {
        "rows": [(row, WHY[row.why], STAGES[stage_of(row)], stage_of(row)) for row in rows[:LISTED]],
        "count": len(rows),
        "amount": sum((row.amount for row in rows), ZERO),
        "listed": LISTED,
        "scheme": scheme,
        "schemes": Scheme.choices,
        "year": year,
        "years": sorted({*Case.objects.order_by().values_list("year", flat=True).distinct(), year}, reverse=True),
        "whys": WHY,
        "stages": STAGES,
        "given": {name: request.GET.get(name, "") for name in ("why", "stage", "text")},
        "ripe": sum(stage_of(row) == "ripe" for row in rows),
        "publishable": sum(stage_of(row) == "publish" for row in rows),
        "last_day": year_end.last_day(year),
        "days": (year_end.last_day(year) - on).days,
        "figures": [
            (label, sum(stage_of(row) == code for row in everything)) for code, label in STAGES.items() if code
        ],
        "calls": FinalCall.objects.visible_to(request.user, on).filter(scheme=scheme, year=year),  # type: ignore[arg-type]
        "query": request.GET.urlencode(),
        "may_decide": request.user.has_perm("case.waive"),
        "may_export": request.user.has_perm("export.make"),
    }
    return render(request, "money/left_list.html", context)


@access("export.make")
@require_safe
def left_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """What is left over, as filtered."""
    _, year, everything = _asked(request)
    rows = _narrowed(request, everything)
    return exported(request, rows, COLUMNS, name=f"年末未办结_{year}", form=form, count=len(rows), at=timezone.now())


def _ready(request: HttpRequest, stage: str) -> tuple[str, int, list[Left]]:
    """Those of the filter that may be published or given up, of the offices where the person may decide."""
    scheme, year, _ = _asked(request)
    mine = year_end.left_over(
        scheme, year, by=Actor.of_request(request), on=timezone.localdate(), permission="case.waive"
    )
    return scheme, year, [row for row in _narrowed(request, mine) if stage_of(row) == stage]


@access("case.waive")
@require_http_methods(["GET", "HEAD", "POST"])
def left_waive(request: HttpRequest) -> HttpResponse:
    """视为放弃: how many and how much; what was shown is what is decided."""
    _, year, rows = _ready(request, "ripe")
    amount = sum((row.amount for row in rows), ZERO)
    back = f"{reverse('money:left_list')}?{request.GET.urlencode()}"
    if request.method == "POST":
        try:
            seen = Shown(int(request.POST.get("count", "-1")), Decimal(request.POST.get("amount", "0")))
            done = year_end.waive(
                [row.case for row in rows], by=Actor.of_request(request), at=timezone.now(), on=timezone.localdate(),
                because=request.POST.get("because", "").strip(), shown=seen,
            )  # fmt: skip
        except (Refusal, ArithmeticError, ValueError) as problem:
            words = str(problem) if isinstance(problem, Refusal) else "提交的内容不完整，未作任何更改。请刷新后重试。"
            messages.error(request, words)
            return redirect(request.get_full_path())
        messages.success(request, f"{done:,} 件已视为放弃，合计 {amount:,.2f} 元。")
        return redirect(back)
    context = {
        "rows": rows[:100], "count": len(rows), "amount": amount, "capitals": in_capitals(amount), "year": year,
        "back": back, "query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "money/left_waive.html", context)


@access("case.waive")
@require_POST
def left_publish(request: HttpRequest) -> HttpResponse:
    """Publish all that were reminded three times, one list for each office."""
    on = timezone.localdate()
    _, _, rows = _ready(request, "publish")
    until = parse_date(request.POST.get("until", "")) or year_end.default_until(on)
    back = redirect(f"{reverse('money:left_list')}?{request.GET.urlencode()}")
    made = []
    try:
        for office in Office.objects.filter(pk__in={row.office for row in rows}).order_by("code"):
            ids = [row.case for row in rows if row.office == office.pk]
            made.append(
                year_end.publish(
                    ids, office=office, until=until, by=Actor.of_request(request), at=timezone.now(), on=on
                )
            )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    if made:
        messages.success(
            request, f"已发布 {len(made)} 份公告，共 {sum(call.lines for call in made):,} 件，期限至 {until}。"
        )
    elif not rows:
        messages.error(request, "没有催办满三次而未公告的业务件，未作任何更改。")
    return back


@access("payment.view")
@require_safe
def call_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The published notice."""
    calls = FinalCall.objects.visible_to(request.user, timezone.localdate())  # type: ignore[arg-type]
    return files.serve(get_object_or_404(calls.select_related("document__file"), pk=pk).document.file)


@public
@require_safe
def public_calls(request: HttpRequest) -> HttpResponse:
    """未办结名单公告 for anybody: the lists that run, with names and until when to come; amounts are not shown."""
    on = timezone.localdate()
    calls = FinalCall.objects.filter(until__gte=on - dt.timedelta(days=30)).select_related("document", "office")
    return render(request, "public/final_calls.html", {"calls": [(call, call.until >= on) for call in calls]})


@public
@require_safe
def public_call(request: HttpRequest, pk: int) -> HttpResponse:
    """One list."""
    on = timezone.localdate()
    call = get_object_or_404(
        FinalCall.objects.select_related("document", "office"), pk=pk, until__gte=on - dt.timedelta(days=30)
    )
    text = request.GET.get("q", "").strip()[:100]
    rows = call.rows.all()
    if text and call.scheme not in year_end.SCHEMES_OF_PERSONS:
        rows = rows.filter(name__contains=text)
    context = {
        "call": call, "rows": rows[:2000], "q": text, "searchable": call.scheme not in year_end.SCHEMES_OF_PERSONS,
    }  # fmt: skip
    return render(request, "public/final_call.html", context)
