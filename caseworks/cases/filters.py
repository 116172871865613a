"""The query form of the review queues: its state lives in the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.db.models import Q
from django.http import QueryDict

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from caseworks.cases.enums import Stage
from caseworks.cases.models import CaseQuerySet
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope

ORDERS = {"age": Order("先到先办", ("pk",))}
SINGLY = ~Q(sheet__flags=[]) | Q(sheet__sampled=True) | Q(sheet__payable=False)


class ReviewFilter(FilterForm):
    """Which cases of a stage: by office, name, amount, and whether they go in bulk."""

    more: ClassVar[tuple[str, ...]] = ("amount_from", "amount_to")
    stage = forms.ChoiceField(label="环节", choices=Stage.choices)
    year = forms.TypedChoiceField(label="政策年度", coerce=int)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    kind = forms.ChoiceField(
        label="办理方式", choices=[("", "全部"), ("bulk", "可批量办理"), ("singly", "有提示或抽查")]
    )
    name = forms.CharField(label="名称", min_length=2, max_length=100)
    amount_from = forms.DecimalField(label="金额从（元）", min_value=0, max_digits=14, decimal_places=2)
    amount_to = forms.DecimalField(label="金额到（元）", min_value=0, max_digits=14, decimal_places=2)

    def __init__(self, data: QueryDict, *, years: Sequence[int], person: Person, on: dt.date) -> None:
        super().__init__(data)
        year, office = self.fields["year"], self.fields["office"]
        assert isinstance(year, forms.ChoiceField)
        assert isinstance(office, forms.ModelChoiceField)
        year.choices = [(found, f"{found} 年度") for found in years]
        office.queryset = offices_in_scope(person, on)

    def applied(self, rows: CaseQuerySet) -> CaseQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        office: Office | None = given["office"]
        if office is not None and office.level != OfficeLevel.PROVINCE:
            rows = rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})
        if given["kind"]:
            rows = rows.filter(SINGLY) if given["kind"] == "singly" else rows.exclude(SINGLY)
        if given["name"]:
            rows = rows.filter(name__contains=given["name"])
        if given["amount_from"] is not None:
            rows = rows.filter(amount__gte=given["amount_from"])
        if given["amount_to"] is not None:
            rows = rows.filter(amount__lte=given["amount_to"])
        return rows
