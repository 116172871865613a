"""追回: the list with what is owed, one recovery with its account and its next step, and putting one forward (N6.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base import files, lists
from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, in_capitals, thousands
from caseworks.base.pages import KeysetPage
from caseworks.money import claims, repayments
from caseworks.money.claims import Claim
from caseworks.money.enums import OWING, EntryKind, RecoveryKind, RecoveryOrigin, RecoveryStatus
from caseworks.money.models import Recovery, RecoveryQuerySet
from caseworks.money.recovery_filters import ORDERS, RecoveryFilter
from caseworks.money.recovery_forms import HOW, ClaimForm, StepForm
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.downloads import Column, exported

COLUMNS = (
    Column("追回编号", lambda row: row.number, 16),
    Column("业务", lambda row: row.get_scheme_display(), 10),
    Column("政策年度", lambda row: row.year, 9),
    Column("名称", lambda row: row.name, 38),
    Column("代码", lambda row: row.subject, 21),
    Column("经办机构", lambda row: row.office.name, 16),
    Column("类别", lambda row: row.get_kind_display(), 14),
    Column("发现方式", lambda row: row.get_origin_display(), 12),
    Column("应追回（元）", lambda row: row.amount, 14),
    Column("冲减（元）", lambda row: row.reduced, 12),
    Column("已退还（元）", lambda row: row.repaid, 14),
    Column("尚欠（元）", lambda row: row.owed, 14),
    Column("状态", lambda row: row.get_status_display(), 10),
    Column("发现日期", lambda row: row.found_on, 12),
    Column("退还期限", lambda row: row.due_on or "", 12),
    Column("事实", lambda row: row.reason, 60),
)


def query(request: HttpRequest) -> tuple[RecoveryFilter, RecoveryQuerySet]:
    """The filter form of the address and the rows it chooses within the scope; none where it is wrong."""
    person, on = request.user, timezone.localdate()
    assert isinstance(person, Person)
    params = request.GET.copy()
    if "state" not in params:
        params["state"] = "owing"
    form = RecoveryFilter(params, person=person, on=on)
    rows = Recovery.objects.visible_to(person, on)
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("recovery.view")
@require_safe
def recovery_list(request: HttpRequest) -> HttpResponse:
    """What is claimed back in the scope; what is still owed, unless asked otherwise."""
    form, rows = query(request)
    address = request.GET.urlencode()
    context = {
        "form": form,
        "page": KeysetPage(rows.select_related("office"), ORDERS, request.GET),
        "query": address,
        "totals_url": f"{reverse('money:recovery_totals')}?{address}",
        "today": timezone.localdate(),
        "may_propose": request.user.has_perm("recovery.propose"),
        "may_match": request.user.has_perm("repayment.enter"),
        "may_export": request.user.has_perm("export.make"),
    }
    return render(request, "money/recovery_list.html", context)


@access("recovery.view")
@require_safe
def recovery_totals(request: HttpRequest) -> HttpResponse:
    """How many, how much, and what is still owed of the whole filter; loaded after the list."""
    _, rows = query(request)
    found = rows.order_by().aggregate(
        count=Count("pk"), claimed=Sum("amount"), returned=Sum("repaid"),
        left=Sum(F("amount") - F("reduced") - F("repaid")),
    )  # fmt: skip
    totals = [("笔数", f"{found['count']:,}")]
    for name, label in (("claimed", "应追回（元）"), ("returned", "已退还（元）"), ("left", "尚欠（元）")):
        totals.append((label, thousands(found[name] or ZERO)))
    return lists.totals_of(request, totals, "money:recovery_list")


@access("export.make")
@require_safe
def recovery_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The recoveries of the filter as xlsx or CSV."""
    chosen, rows = query(request)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "money:recovery_list")
    found = rows.select_related("office").order_by("pk").iterator(chunk_size=2000)
    return exported(
        request, found, COLUMNS, name=f"追回_{timezone.localdate():%Y%m%d}", form=form, count=rows.count(),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


def _recovery(request: HttpRequest, pk: int) -> Recovery:
    assert isinstance(request.user, Person)
    rows = Recovery.objects.visible_to(request.user, timezone.localdate())
    return get_object_or_404(rows.select_related("office", "case", "payment"), pk=pk)


def next_of(row: Recovery, on: date) -> str:
    """The one step that is next: confirm, notice, deliver, wait, urge, hand_over or end."""
    if row.status not in OWING:
        return "end"
    if row.status == RecoveryStatus.PROPOSED:
        return "confirm"
    if row.status == RecoveryStatus.HANDED_OVER:
        return "wait"
    kinds = set(row.entries.values_list("kind", flat=True))
    if EntryKind.NOTICED not in kinds:
        return "notice"
    if EntryKind.DELIVERED not in kinds:
        return "deliver"
    if row.due_on is None or row.due_on >= on:
        return "wait"
    return "hand_over" if EntryKind.URGED in kinds else "urge"


PERMISSION_OF = {
    "confirm": "recovery.confirm", "withdraw": "recovery.withdraw", "notice": "recovery.notice",
    "deliver": "recovery.notice", "urge": "recovery.notice", "hand_over": "recovery.hand_over",
    "repay": "repayment.enter", "decide": "repayment.confirm",
}  # fmt: skip


@access("recovery.view")
@require_safe
def recovery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One recovery: what is owed and why, its account, its papers and repayments, and the next step."""
    row, by, on = _recovery(request, pk), Actor.of_request(request), timezone.localdate()
    owing = row.status in OWING
    context = {
        "row": row,
        "tone": row.tone,
        "capitals": in_capitals(row.owed) if owing else "",
        "next": next_of(row, on),
        "overdue": row.status == RecoveryStatus.OPEN and row.due_on is not None and row.due_on < on,
        "may": {name: owing and by.may(permission, row.office) for name, permission in PERMISSION_OF.items()},
        "own": by.person is not None and row.found_by_id == by.person.pk,
        "how": HOW,
        "today": on,
        "entries": row.entries.select_related("document", "file").order_by("pk"),
        "repayments": row.repayments.order_by("pk"),
        "cases": claims.cases_of(row),
        "me": by.person.pk if by.person else None,
    }
    return render(request, "money/recovery_detail.html", context)


@access("recovery.view")
@require_POST
def recovery_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a step; the operation checks who may."""
    row, form = _recovery(request, pk), StepForm(request.POST, request.FILES)
    back = redirect("money:recovery_detail", pk)
    if not form.is_valid():
        messages.error(request, "提交的内容不完整，未作任何更改。请刷新后重试。")
        return back
    try:
        words = _ACTIONS[form.cleaned_data["action"]](row, form.cleaned_data, Actor.of_request(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back


def _confirm(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    claims.confirm(row, by=by, at=timezone.now(), on=timezone.localdate(), note=given["note"])
    return "已确认追回。下一步：出具责令退回通知书。"


def _withdraw(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    claims.withdraw(row, because=given["note"], by=by, at=timezone.now(), on=timezone.localdate())
    return "已撤销，尚欠的金额全部冲减。"


def _notice(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    document = claims.order_back(row, by=by, at=timezone.now(), on=timezone.localdate())
    return f"已出具{document}。送达后登记送达回证，期限自送达之日起算。"


def _deliver(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    today = timezone.localdate()
    found = claims.deliver(
        row, how=given["how"], receiver=given["receiver"], proof=given["proof"], by=by, at=timezone.now(),
        on=given["on"] or today, today=today,
    )  # fmt: skip
    return f"送达已登记，退还期限至 {found.due_on}。"


def _urge(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    document = claims.urge(row, by=by, at=timezone.now(), on=timezone.localdate())
    return f"已出具{document}。"


def _hand_over(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    document = claims.hand_over(
        row, to=given["to"], because=given["note"], by=by, at=timezone.now(), on=timezone.localdate()
    )
    return f"已移交，{document}。其后退回的款项仍可登记。"


def _repay(row: Recovery, given: dict[str, Any], by: Actor) -> str:
    today = timezone.localdate()
    repayments.enter(
        row, amount=given["amount"] or ZERO, on=given["on"] or today, bank_ref=given["bank_ref"],
        payer=given["payer"], note=given["note"], by=by, at=timezone.now(), today=today,
    )  # fmt: skip
    return "退还已登记，由另一人按银行凭证确认后计入。"


_ACTIONS: dict[str, Callable[[Recovery, dict[str, Any], Actor], str]] = {
    "confirm": _confirm, "withdraw": _withdraw, "notice": _notice, "deliver": _deliver, "urge": _urge,
    "hand_over": _hand_over, "repay": _repay,
}  # fmt: skip


@access("recovery.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_new(request: HttpRequest) -> HttpResponse:
    """Put a recovery forward that an audit, an objection or a check of use found."""
    form = ClaimForm(
        request.POST or None, initial={name: request.GET.get(name) for name in ("scheme", "year", "subject")}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        claim = Claim(
            given["scheme"], given["year"], given["subject"], RecoveryKind(given["kind"]),
            RecoveryOrigin(given["origin"]), given["amount"], given["reason"], given["basis"],
        )  # fmt: skip
        try:
            made = claims.propose(claim, by=Actor.of_request(request), at=timezone.now(), on=timezone.localdate())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已提出追回 {made.number}，由另一人确认。")
            return redirect("money:recovery_detail", made.pk)
    return render(request, "money/recovery_new.html", {"form": form})


@access("recovery.view")
@require_safe
def recovery_paper(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """The paper or the proof of an entry."""
    found = get_object_or_404(_recovery(request, pk).entries.select_related("document__file", "file"), pk=entry)
    stored = found.file or (found.document.file if found.document else None)
    if stored is None:
        raise Http404
    return files.serve(stored)
