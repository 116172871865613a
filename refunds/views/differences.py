"""应补应退: the differences within the scope, one of them with its reasons, and the decision on one or on a filter."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, in_capitals, thousands
from caseworks.base.pages import KeysetPage
from caseworks.cases.history import Shown
from caseworks.cases.models import Case
from caseworks.money.models import Recovery
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import scope_of
from caseworks.registry.downloads import Column, exported
from refunds import differences
from refunds.difference_filters import ORDERS, DifferenceFilter
from refunds.enums import DifferenceKind, DifferenceStatus
from refunds.forms import BecauseForm
from refunds.models import Difference, DifferenceQuerySet, Recalculation
from refunds.templatetags.refunds import percent
from refunds.views import words

COLUMNS = (
    Column("政策年度", lambda row: row.year, 9),
    Column("统一社会信用代码", lambda row: row.uscc, 21),
    Column("单位名称", lambda row: row.name, 38),
    Column("经办机构", lambda row: row.office.name, 16),
    Column("差额", lambda row: row.get_kind_display(), 8),
    Column("状态", lambda row: row.get_status_display(), 12),
    Column("现核定金额（元）", lambda row: row.granted, 16),
    Column("已核定金额（元）", lambda row: row.standing, 16),
    Column("其中已拨付（元）", lambda row: row.paid, 16),
    Column("差额（元）", lambda row: row.amount, 16),
    Column("上年度实缴失业保险费（元）", lambda row: row.premium, 24),
    Column("返还比例", lambda row: "" if row.ratio is None else percent(row.ratio), 9),
    Column("政策", lambda row: str(row.policy), 40),
    Column("变化", lambda row: "；".join(f"{line.label}：{line.old}→{line.new}" for line in changed(row)), 60),
    Column("决定人", lambda row: row.decided_label, 20),
    Column("理由", lambda row: row.because, 30),
)


def changed(row: Difference) -> list[words.Line]:
    """What differs from the first judgement, as shown."""
    before = {column: pair[0] for column, pair in row.changes.items()}
    return words.differences(before, {column: pair[1] for column, pair in row.changes.items()})


def query(request: HttpRequest) -> tuple[DifferenceFilter, DifferenceQuerySet]:
    """The filter form of the address and the rows it chooses within the scope; none where it is wrong."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    years = list(Recalculation.objects.order_by("-year").values_list("year", flat=True).distinct())
    params = request.GET.copy()
    if "status" not in params:
        params["status"] = DifferenceStatus.PROPOSED.value
    form = DifferenceFilter(params, years=years, person=person, on=on)
    rows = Difference.objects.visible_to(person, on)
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("recalculation.view")
@require_safe
def difference_list(request: HttpRequest) -> HttpResponse:
    """Every difference of the scope; those that wait, unless asked otherwise."""
    form, rows = query(request)
    page = KeysetPage(rows.select_related("office", "policy"), ORDERS, request.GET)
    address = request.GET.urlencode()
    last = Recalculation.objects.select_related("run__person").first()
    context = {
        "form": form,
        "page": page,
        "rows": [(number, row, changed(row)) for number, row in page.numbered()],
        "last": last,
        "query": address,
        "totals_url": f"{reverse('refunds:difference_totals')}?{address}",
        "may_run": request.user.has_perm("recalculation.run"),
        "may_export": request.user.has_perm("export.make"),
        "bulk": [kind for kind in DifferenceKind if request.user.has_perm(differences.PERMISSIONS[kind])],
    }
    return render(request, "refunds/difference_list.html", context)


@access("recalculation.view")
@require_safe
def difference_totals(request: HttpRequest) -> HttpResponse:
    """户数 and 金额 of the whole filter, 应补 and 应退 apart; loaded after the list."""
    _, rows = query(request)
    totals = []
    for row in rows.order_by("kind").values("kind").annotate(units=Count("pk"), amount=Sum("amount")):
        label = DifferenceKind(row["kind"]).label
        totals += [(f"{label}户数", f"{row['units']:,}"), (f"{label}金额（元）", thousands(row["amount"]))]
    return lists.totals_of(request, totals or [("户数", "0")], "refunds:difference_list")


@access("export.make")
@require_safe
def difference_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The differences of the filter as xlsx or CSV. (J4.1)"""
    chosen, rows = query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "refunds:difference_list")
    found = rows.select_related("office", "policy").order_by("uscc", "pk").iterator(chunk_size=2000)
    return exported(
        request, found, COLUMNS, name=f"稳岗返还应补应退_{timezone.localdate():%Y%m%d}", form=form, count=rows.count(),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


@access("recalculation.view")
@require_safe
def difference_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One difference: what is granted now and why, what stands round by round, and the decision."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    rows = Difference.objects.visible_to(person, on).select_related(
        "office", "policy", "policy_before", "case", "recalculation"
    )
    row = get_object_or_404(rows, pk=pk)
    waiting, kind = row.status == DifferenceStatus.PROPOSED, DifferenceKind(row.kind)
    context = {
        "row": row,
        "lines": changed(row),
        "capitals": in_capitals(row.amount),
        "cases": Case.objects.filter(scheme="refunds", year=row.year, subject=row.uscc).order_by("round"),
        "recoveries": Recovery.objects.filter(scheme="refunds", year=row.year, subject=row.uscc).order_by("pk"),
        "waiting": waiting,
        "may_decide": waiting and Actor.of_request(request).may(differences.PERMISSIONS[kind], row.office),
        "topup": kind == DifferenceKind.TOPUP,
        "decide_url": f"{reverse('refunds:difference_decide')}?pk={row.pk}",
    }
    return render(request, "refunds/difference_detail.html", context)


def _chosen(request: HttpRequest) -> tuple[DifferenceKind, list[int], Decimal, str]:
    """What would be decided: one difference, those chosen, or the whole filter; of one kind, of the own offices."""
    person = request.user
    assert isinstance(person, Person)
    _, rows = query(request)
    picked = [int(pk) for pk in request.GET.getlist("pk") if pk.isdigit()]
    if picked:
        rows = Difference.objects.visible_to(person, timezone.localdate()).filter(pk__in=picked)
    first = rows.waiting().order_by("pk").first()
    asked = request.GET.get("kind") or (first.kind if first else DifferenceKind.TOPUP)
    if asked not in DifferenceKind.values:
        raise Http404
    kind = DifferenceKind(asked)
    mine = scope_of(person, timezone.localdate(), differences.PERMISSIONS[kind]).limit(rows.waiting().filter(kind=kind))
    if first is not None:
        mine = mine.filter(year=first.year)
    amounts = dict(mine.order_by("pk").values_list("pk", "amount"))
    return kind, list(amounts), sum(amounts.values(), ZERO), request.GET.urlencode()


@access("recalculation.view")
@require_http_methods(["GET", "HEAD", "POST"])
def difference_decide(request: HttpRequest) -> HttpResponse:
    """办理: how many and how much; what was shown is what is decided."""
    kind, ids, amount, address = _chosen(request)
    if not request.user.has_perm(differences.PERMISSIONS[kind]):
        messages.error(request, f"您没有办理“{kind.label}”的权限，未作任何更改。请由有权限的人员办理。")
        return redirect("refunds:difference_list")
    back = f"{reverse('refunds:difference_list')}?status=proposed&kind={kind.value}"
    if request.method == "POST":
        form = BecauseForm(request.POST)
        if form.is_valid():
            return _decided(request, kind, ids, form.cleaned_data, back)
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return redirect(request.get_full_path())
    context = {
        "kind": kind,
        "topup": kind == DifferenceKind.TOPUP,
        "ids": ids,
        "amount": amount,
        "capitals": in_capitals(amount),
        "shown": Difference.objects.filter(pk__in=ids).select_related("office").order_by("-amount")[:20],
        "query": address,
        "back": back,
    }
    return render(request, "refunds/difference_decide.html", context)


def _decided(
    request: HttpRequest, kind: DifferenceKind, ids: list[int], given: dict[str, Any], back: str
) -> HttpResponse:
    by, at, seen = Actor.of_request(request), timezone.now(), Shown(given["count"], given["amount"])
    try:
        if kind == DifferenceKind.TOPUP:
            done = differences.top_up(ids, by=by, at=at, because=given["because"], shown=seen)
            words_done = f"已立补发业务件 {done:,} 件，进入初审。"
        else:
            done = differences.take_back(ids, by=by, at=at, because=given["because"], shown=seen)
            words_done = f"已办理 {done:,} 户：未拨付的不再支付，已拨付的提出追回，由另一人在“追回”中确认。"
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    messages.success(request, words_done)
    return redirect(back)


@access("recalculation.view")
@require_POST
def difference_decline(request: HttpRequest, pk: int) -> HttpResponse:
    """不予办理, in words; the operation checks who may."""
    person = request.user
    assert isinstance(person, Person)
    row = get_object_or_404(Difference.objects.visible_to(person, timezone.localdate()), pk=pk)
    try:
        differences.decline(
            [row.pk], by=Actor.of_request(request), at=timezone.now(), because=request.POST.get("because", "")
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{row.name}：不予办理，同样的差额不再提出。")
    return redirect("refunds:difference_detail", pk)
