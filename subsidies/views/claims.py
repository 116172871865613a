"""申领: the queue with its totals and exports, and the page of one claim with every rule's numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import lists
from caseworks.base.identifiers import mask_id
from caseworks.base.money import ZERO, thousands
from caseworks.base.pages import KeysetPage
from caseworks.cases.models import SecondLook
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.registry.downloads import Column, exported
from caseworks.registry.models import Worker
from subsidies import explain, lookups, overlaps, signs
from subsidies.enums import Outcome, Sign
from subsidies.filters import NEWEST
from subsidies.models import Claim, ClaimFile, Lookup
from subsidies.parameters import REASONS
from subsidies.templatetags.subsidies import level_label, progress
from subsidies.views.shared import asked, person_of

_SIGNS = dict(Sign.choices)
COLUMNS = (
    Column("政策年度", lambda row: row.year, 9),
    Column("申领日期", lambda row: row.applied_on, 12),
    Column("姓名", lambda row: row.name, 12),
    Column("证件号码", lambda row: mask_id(row.id_no), 21),
    Column("经办机构", lambda row: row.office.name, 20),
    Column("证书编号", lambda row: row.cert_no, 22),
    Column("职业编码", lambda row: row.occupation_code, 12),
    Column("职业（工种）", lambda row: row.occupation, 16),
    Column("等级", lambda row: level_label(row.level), 14),
    Column("评价机构", lambda row: row.issuer, 28),
    Column("发证日期", lambda row: row.issued_on, 12),
    Column("参保月数", lambda row: row.insured_months, 9),
    Column("申领当月状态", lambda row: row.get_service_display() if row.service else "", 14),
    Column("申领方式", lambda row: row.get_channel_display(), 9),
    Column("结论", lambda row: row.get_outcome_display(), 9),
    Column("原因", lambda row: "；".join(REASONS.get(code, code) for code in row.reasons), 40),
    Column("立件时的提示", lambda row: "；".join(str(_SIGNS.get(code, code)) for code in row.signs), 24),
    Column("金额（元）", lambda row: row.amount, 12),
    Column("进度", progress, 12),
)


@access("claim.view")
@require_safe
def claim_list(request: HttpRequest) -> HttpResponse:
    """Every claim of the scope with its outcome, reasons, amount and how far review has come."""
    person, on = person_of(request), timezone.localdate()
    form, rows = asked(request, on)
    page = KeysetPage(rows.select_related("office", "case"), NEWEST, request.GET)
    address = request.GET.urlencode()
    seen = signs.shown(list(page))
    context = {
        "form": form,
        "rows": [(number, row, seen[row.pk]) for number, row in page.numbered()],
        "page": page,
        "any": bool(page) or Claim.objects.exists(),
        "year": form.data.get("year", ""),
        "query": address,
        "totals_url": f"{reverse('subsidies:claim_totals')}?{address}",
        "may_export": person.has_perm("export.make"),
        "may_take": person.has_perm("claim.take"),
    }
    return render(request, "subsidies/claim_list.html", context)


@access("claim.view")
@require_safe
def claim_totals(request: HttpRequest) -> HttpResponse:
    """件数 and 金额 of the whole filter; loaded after the list."""
    _, rows = asked(request, timezone.localdate())
    found: dict[str, Any] = {
        row["outcome"]: row for row in rows.order_by().values("outcome").annotate(claims=Count("pk"), sum=Sum("amount"))
    }
    granted = found.get(Outcome.GRANTED, {})
    totals = [
        ("申领（件）", f"{sum(row['claims'] for row in found.values()):,}"),
        ("符合（件）", f"{granted.get('claims', 0):,}"),
        ("符合金额（元）", thousands(granted.get("sum") or ZERO)),
        ("人数", f"{rows.order_by().values('id_hash').distinct().count():,}"),
    ]
    return lists.totals_of(request, totals, "subsidies:claim_list")


@access("export.make")
@require_safe
def claim_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The claims of the filter; ID numbers masked. (J4.1)"""
    if form not in ("xlsx", "csv"):
        raise Http404
    on = timezone.localdate()
    chosen, rows = asked(request, on)
    if chosen.problems:
        return lists.not_exported(request, chosen.problems, "subsidies:claim_list")
    name = f"技能补贴申领_{chosen.data.get('year', '')}_{on:%Y%m%d}"
    lines = rows.select_related("office", "case").order_by("pk")
    return exported(
        request, lines.iterator(chunk_size=2000), COLUMNS, name=name, form=form, count=rows.order_by().count(),
        at=timezone.now(), chosen=chosen,
    )  # fmt: skip


@access("claim.view")
@require_safe
def claim_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim: the reasons, every rule, the signs, the evidence, the payments, and what came of double benefit."""
    person, on = person_of(request), timezone.localdate()
    rows = (
        Claim.objects.visible_to(person, on)
        .select_related("office", "policy", "case")
        .prefetch_related("policy__figures")
    )
    claim = get_object_or_404(rows, pk=pk)
    worker = Worker.objects.filter(id_hash=claim.id_hash).first()
    context = {
        "claim": claim,
        "worker": worker,
        "sentences": explain.sentences(claim),
        "lines": explain.trace(claim),
        "signs": signs.of_claim(claim),
        "lookups": Lookup.objects.filter(id_hash=claim.id_hash, cert_no=claim.cert_no)[:20],
        "payments": claim.case.payments.order_by("pk") if claim.case else [],
        "overlaps": claim.overlaps.order_by("pk"),
        "recovery": overlaps.recovery_of(claim.pk),
        "file": ClaimFile.objects.filter(pk=claim.file_id).first() if claim.file_id else None,
        "others": Claim.objects.visible_to(person, on).of_person(claim.id_hash).exclude(pk=claim.pk).count(),
        "may_look_up": person.has_perm("claim.take"),
        "looks": SecondLook.objects.filter(scheme="subsidies", matter=str(claim.pk)).order_by("-pk"),
        "may_ask_again": person.has_perm("second_look.receive")
        and (claim.case.status == "refused" if claim.case else claim.outcome == "refused"),
    }
    return render(request, "subsidies/claim_detail.html", context)


@access("claim.take")
@require_POST
def claim_look_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the certificate register once more and keep what it answers (J3.1)."""
    claim = get_object_or_404(Claim.objects.visible_to(person_of(request), timezone.localdate()), pk=pk)
    answer = lookups.ask(claim.id_no, claim.cert_no)
    lookups.keep(answer, claim.id_no, claim.cert_no, by=Actor.of_request(request), at=timezone.now(), claim=claim)
    if answer.problem:
        messages.error(request, f"已留存：{answer.problem}。")
    elif answer.found:
        messages.success(
            request, f"已查询并留存：{answer.occupation} {level_label(answer.level)}，{answer.issued_on} 发证。"
        )
    else:
        messages.warning(request, "已查询并留存：查不到本人的该证书。")
    return redirect("subsidies:claim_detail", pk=pk)
