"""The query forms of the skill subsidy's lists: their state lives in the address, a bad value is answered in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.db.models import Q
from django.http import QueryDict

from caseworks.base.filters import Chip, FilterForm
from caseworks.base.identifiers import normalise
from caseworks.base.pages import Order
from caseworks.cases.enums import Status
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope
from subsidies import signs
from subsidies.enums import Channel, Level, Outcome, OverlapKind, Sign
from subsidies.models import ClaimQuerySet, OverlapQuerySet
from subsidies.parameters import REASONS

ANY = ("", "全部")
NEWEST = {"new": Order("最近受理", ("pk",), descending=True)}
UNOPENED, OPENED = "unopened", "opened"
NO_LEVEL = 0
OVERLAP_STATES = {"open": "待处理", "settled": "追回已决定，或申领已不再享受", "dismissed": "已认定不构成重复"}


class ScopedForm(FilterForm):
    """A query form with the year, and the offices that the person may see."""

    year = forms.TypedChoiceField(label="政策年度", coerce=int, empty_value=None)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")

    def __init__(self, data: QueryDict, *, years: Sequence[int], person: Person, on: dt.date) -> None:
        super().__init__(data)
        year, office = self.fields["year"], self.fields["office"]
        assert isinstance(year, forms.ChoiceField)
        assert isinstance(office, forms.ModelChoiceField)
        year.choices = [(found, f"{found} 年度") for found in years]
        office.queryset = offices_in_scope(person, on)

    @property
    def chips(self) -> list[Chip]:
        """The active filters; the year is always one and stands in the heading."""
        return [chip for chip in super().chips if chip.label != self.fields["year"].label]

    def of_office(self, prefix: str = "") -> dict[str, Office]:
        """The chosen office and those below it, as one equality."""
        office = self.cleaned_data.get("office")
        if office is None or office.level == OfficeLevel.PROVINCE:
            return {}
        return {f"{prefix}city_office" if office.level == OfficeLevel.CITY else f"{prefix}office": office}


def _called(rows: ClaimQuerySet, text: str, exact: str, part: str) -> ClaimQuerySet:
    """Those of just this name or code where there are any; else those whose name contains the text."""
    found = rows.filter(**{exact: text})
    return found if found.exists() else rows.filter(**{f"{part}__contains": text})


class ClaimFilter(ScopedForm):
    """Conditions of the claims' queue, of its totals and of its export."""

    outcome = forms.ChoiceField(label="结论", choices=[ANY, *Outcome.choices])
    progress = forms.ChoiceField(label="进度", choices=[ANY, (UNOPENED, "待立件"), (OPENED, "已立件"), *Status.choices])
    text = forms.CharField(label="姓名或证书编号", min_length=2, max_length=60)
    reason = forms.ChoiceField(label="原因", choices=[ANY, *REASONS.items()])
    level = forms.TypedChoiceField(
        label="等级", coerce=int, empty_value=None, choices=[ANY, *Level.choices, (NO_LEVEL, "查不到证书")]
    )
    sign = forms.ChoiceField(label="提示", choices=[ANY, ("any", "有提示"), *Sign.choices])
    channel = forms.ChoiceField(label="申领方式", choices=[ANY, *Channel.choices])
    issuer = forms.CharField(label="评价机构", max_length=200)
    occupation = forms.CharField(label="职业编码或名称", max_length=100)
    applied_from = forms.DateField(
        label="申领日期从", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    applied_to = forms.DateField(label="申领日期到", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    more: ClassVar[tuple[str, ...]] = (
        "reason", "level", "sign", "channel", "issuer", "occupation", "applied_from", "applied_to",
    )  # fmt: skip
    field_order = ("year", "office", "outcome", "progress", "text", *more)

    def applied(self, rows: ClaimQuerySet) -> ClaimQuerySet:
        """The rows that fit; the form must be valid."""
        given = self.cleaned_data
        rows = rows.filter(**self.of_office())
        for name in ("outcome", "channel"):
            if given[name]:
                rows = rows.filter(**{name: given[name]})
        if given["level"] is not None:
            rows = rows.filter(level=given["level"] or None)
        if given["progress"] == UNOPENED:
            rows = rows.filter(held=True, case=None)
        elif given["progress"] == OPENED:
            rows = rows.filter(case__isnull=False)
        elif given["progress"]:
            rows = rows.filter(case__status=given["progress"])
        if given["text"]:
            text = normalise(given["text"])
            rows = rows.filter(Q(name__startswith=text) | Q(cert_no=text))
        if given["reason"]:
            rows = rows.filter(reasons__contains=[given["reason"]])
        if given["sign"]:
            rows = signs.raised(rows, given["sign"])
        if given["issuer"]:
            rows = _called(rows, given["issuer"], "issuer", "issuer")
        if given["occupation"]:
            rows = _called(rows, given["occupation"], "occupation_code", "occupation")
        if given["applied_from"]:
            rows = rows.filter(applied_on__gte=given["applied_from"])
        if given["applied_to"]:
            rows = rows.filter(applied_on__lte=given["applied_to"])
        return rows


class OverlapFilter(ScopedForm):
    """Conditions of the findings of double benefit."""

    kind = forms.ChoiceField(label="情形", choices=[ANY, *OverlapKind.choices])
    state = forms.ChoiceField(label="处理", choices=[ANY, *OVERLAP_STATES.items()])
    name = forms.CharField(label="姓名", min_length=2, max_length=60)

    def applied(self, rows: OverlapQuerySet) -> OverlapQuerySet:
        """The rows that fit; the form must be valid."""
        given = self.cleaned_data
        rows = rows.filter(**self.of_office("claim__"))
        if given["year"]:
            rows = rows.filter(claim__year=given["year"])
        if given["kind"]:
            rows = rows.filter(kind=given["kind"])
        if given["state"] == "open":
            rows = rows.waiting()
        elif given["state"] == "settled":
            rows = rows.open().exclude(pk__in=rows.waiting().values("pk"))
        elif given["state"]:
            rows = rows.filter(dismissed_at__isnull=False)
        return rows.filter(claim__name__startswith=given["name"]) if given["name"] else rows


class StatisticsFilter(ScopedForm):
    """Which claims are summed up."""
