"""What supervisors watch of the skill subsidy: claims by outcome, reason, level and sign. (N3, N7.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.db import connection
from django.db.models import Q, QuerySet
from django.urls import reverse

from caseworks.base.identifiers import mask_name
from caseworks.base.panels import Panel
from caseworks.cases.enums import Status
from caseworks.oversight import figures
from caseworks.oversight.dashboard import Cell
from caseworks.oversight.filters import ANY, ORDERS, PlaceForm
from caseworks.oversight.kernel import listed
from caseworks.oversight.lists import Column, ListSpec
from caseworks.oversight.measures import Measure, Place
from caseworks.people.models import Office, Person
from subsidies import signs
from subsidies.enums import Level, Outcome, Sign
from subsidies.models import Claim, ClaimQuerySet, Overlap
from subsidies.parameters import REASONS

NAME = "subsidies"
_JUDGED = """
    SELECT c.office_id, c.city_office_id, c.outcome, NULL::date, count(*), sum(c.amount)
    FROM subsidies_claim c WHERE c.year = %(year)s GROUP BY 1, 2, 3
"""
_LEVELS = """
    SELECT c.office_id, c.city_office_id, c.level::text, NULL::date, count(*), sum(c.amount)
    FROM subsidies_claim c WHERE c.year = %(year)s AND c.outcome = 'granted' GROUP BY 1, 2, 3
"""
_PAID = """
    SELECT c.office_id, c.city_office_id, c.level::text, NULL::date, count(*), sum(c.amount)
    FROM subsidies_claim c JOIN cases_case k ON k.id = c.case_id AND k.status = 'paid'
    WHERE c.year = %(year)s AND c.outcome = 'granted' GROUP BY 1, 2, 3
"""
_EACH = """
    SELECT c.office_id, c.city_office_id, k.code, NULL::date, sum(c.claims)::bigint, sum(c.money)
    FROM (SELECT office_id, city_office_id, {column} AS codes, count(*) AS claims, sum(amount) AS money
          FROM subsidies_claim WHERE year = %(year)s AND {column} <> '{{}}' GROUP BY 1, 2, 3) c, unnest(c.codes) AS k(code)
    GROUP BY 1, 2, 3
"""
_MARKED = """
    SELECT c.office_id, c.city_office_id, k.code, NULL::date, count(*), sum(c.amount)
    FROM subsidies_claim c, unnest(c.signs) AS k(code)
    WHERE c.year = %s AND c.signs <> '{}' AND c.case_id IS NOT NULL GROUP BY 1, 2, 3
"""
_OVERLAPS = """
    SELECT c.office_id, c.city_office_id, CASE WHEN o.dismissed_at IS NULL THEN 'open' ELSE 'dismissed' END, NULL::date,
           count(*), sum(o.amount)
    FROM subsidies_overlap o JOIN subsidies_claim c ON c.id = o.claim_id WHERE c.year = %(year)s GROUP BY 1, 2, 3
"""
OVERLAP_STATES = {"open": "待核实或追回", "dismissed": "认定不构成重复"}


def _signs(year: int) -> Iterator[tuple[Any, ...]]:
    """As marked when a case was opened; of claims without one, as counted now."""
    with connection.cursor() as cursor:
        cursor.execute(_MARKED, [year])
        yield from cursor.fetchall()
    yield from signs.unopened(year)


def measures(year: int) -> list[Measure]:
    """Claims by outcome, reason, level (granted and paid) and sign."""
    levels = {str(level.value): str(level.label) for level in reversed(Level)}
    return [
        Measure(
            "judged", "申领", _JUDGED, lambda key, place: listed("claims", place, outcome=key),
            words={outcome.value: str(outcome.label) for outcome in Outcome}, granted=(Outcome.GRANTED.value,),
        ),
        Measure(
            "reason", "原因", _EACH.format(column="reasons"),
            lambda key, place: listed("claims", place, reason=key), words=REASONS,
        ),
        Measure(
            "level", "按等级", _LEVELS, lambda key, place: listed("claims", place, outcome="granted", level=key),
            words=levels,
        ),
        Measure(
            "level_paid", "按等级已拨付", _PAID, lambda key, place: listed("claims", place, level=key, paid="yes"),
            words=levels,
        ),
        Measure(
            "sign", "提示", lambda: _signs(year), lambda key, place: listed("claims", place, sign=key),
            words={sign.value: str(sign.label) for sign in Sign},
        ),
        Measure(
            "overlaps", "与培训补贴重复", _OVERLAPS, lambda key, place: listed("overlaps", place, state=key),
            words=OVERLAP_STATES,
        ),
    ]  # fmt: skip


class ClaimForm(PlaceForm):
    """Which claims: by outcome, level, reason, sign, and whether they are paid."""

    more: ClassVar[tuple[str, ...]] = ("reason", "sign", "paid", "direct")
    outcome = forms.ChoiceField(label="结论", choices=[ANY, *Outcome.choices])
    level = forms.ChoiceField(label="等级", choices=[ANY, *((str(code), label) for code, label in Level.choices)])
    text = forms.CharField(label="证书编号或职业", min_length=2, max_length=60)
    reason = forms.ChoiceField(label="原因", choices=[ANY, *REASONS.items()])
    sign = forms.ChoiceField(label="提示", choices=[ANY, *Sign.choices])
    paid = forms.ChoiceField(label="资金", choices=[ANY, ("yes", "已拨付"), ("no", "未拨付")])
    field_order = ("year", "office", "outcome", "level", "text", "reason", "sign", "paid", "direct")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["scheme"]

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        self.cleaned_data["scheme"] = ""
        rows, given = super().applied(rows), self.cleaned_data
        assert isinstance(rows, ClaimQuerySet)
        if given["outcome"]:
            rows = rows.filter(outcome=given["outcome"])
        if given["level"]:
            rows = rows.filter(level=int(given["level"]))
        if given["reason"]:
            rows = rows.filter(reasons__contains=[given["reason"]])
        if given["sign"]:
            rows = signs.raised(rows, given["sign"])
        if given["paid"]:
            paid = Q(case__status=Status.PAID)
            rows = rows.filter(paid if given["paid"] == "yes" else ~paid)
        text = given["text"].strip()
        return rows.filter(Q(cert_no__startswith=text) | Q(occupation__contains=text)) if text else rows


class OverlapForm(PlaceForm):
    """Which findings of double benefit: by state."""

    prefix_to_case = "claim__"
    more: ClassVar[tuple[str, ...]] = ("direct",)
    state = forms.ChoiceField(label="处理", choices=[ANY, *OVERLAP_STATES.items()])
    field_order = ("year", "office", "state", "direct")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["scheme"]

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        self.cleaned_data["scheme"] = ""
        rows, state = super().applied(rows), self.cleaned_data["state"]
        return rows.filter(dismissed_at__isnull=state == "open") if state else rows


def lists() -> list[ListSpec]:
    """Claims, and findings of double benefit, with the person's name masked."""
    return [
        ListSpec(
            "claims", "补贴申领", "件", ClaimForm,
            lambda person, on: Claim.objects.visible_to(person, on).select_related("office", "case"),
            (
                Column("姓名", lambda row: mask_name(row.name), "name"),
                Column("证书编号", lambda row: row.cert_no, "code"),
                Column("职业", lambda row: row.occupation),
                Column("等级", lambda row: row.get_level_display() or ""),
                Column("经办机构", lambda row: row.office.name),
                Column("申领日期", lambda row: row.applied_on),
                Column("结论", lambda row: row.get_outcome_display(), "state", lambda row: f"claim_{row.outcome}"),
                Column("原因", lambda row: "、".join(REASONS.get(code, code) for code in row.reasons)),
                Column("业务件", lambda row: row.case.get_status_display() if row.case else ""),
                Column("金额（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: _case(row),
            "技能提升补贴的申领列在这里。", ORDERS,
        ),
        ListSpec(
            "overlaps", "与培训补贴重复", "项", OverlapForm,
            lambda person, on: Overlap.objects.visible_to(person, on).select_related("claim__office", "claim__case"),
            (
                Column("姓名", lambda row: mask_name(row.claim.name), "name"),
                Column("情形", lambda row: row.get_kind_display()),
                Column("经办机构", lambda row: row.claim.office.name),
                Column("发现", lambda row: row.found_on),
                Column("申领", lambda row: f"{row.claim.applied_on} {row.claim.occupation}"),
                Column("补贴等级", lambda row: row.claim.get_level_display() or ""),
                Column("培训补贴发放", lambda row: row.paid_on),
                Column("认定", lambda row: row.dismissed_because or "待核实或追回"),
                Column("培训补贴（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: _case(row.claim),
            "核定之后导入的培训补贴与已享受的技能补贴重复的，列在这里。", ORDERS,
        ),
    ]  # fmt: skip


def _case(row: Claim) -> str:
    name, pk = ("cases:case_detail", row.case_id) if row.case_id else ("subsidies:claim_detail", row.pk)
    return reverse(name, args=[pk])


def panels(person: Person, office: Office, year: int, on: dt.date) -> Iterator[Panel]:
    """Granted and paid by level, and the signs that reviewers should look at."""
    found, place = figures.board(NAME, year, office.pk), Place(NAME, year, office.pk)
    by_code = {measure.code: measure for measure in measures(year)}

    def cells(code: str) -> list[Cell]:
        measure, rows = by_code[code], found.of(code)
        return [
            Cell(words, rows[key].units, measure.address(key, place), rows[key].amount)
            for key, words in (measure.words or {}).items()
            if key in rows
        ]

    granted, paid, marked, doubled = (cells(code) for code in ("level", "level_paid", "sign", "overlaps"))
    if not (granted or marked or doubled):
        return
    sums = {cell.label: cell.units for cell in paid}
    chart = {
        "unit": "", "categories": [cell.label for cell in granted],
        "series": [
            {"name": "符合", "values": [cell.units for cell in granted]},
            {"name": "已拨付", "values": [sums.get(cell.label, 0) for cell in granted]},
        ],
    }  # fmt: skip
    context = {"granted": granted, "paid": paid, "signs": marked, "overlaps": doubled, "chart": chart}
    yield Panel("技能补贴按等级", "subsidies/_dashboard.html", context, url=listed("claims", place), wide=True)
