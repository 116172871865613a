"""The query form of the differences: its state lives in the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from caseworks.base.pages import Order
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Person
from refunds.enums import DifferenceKind, DifferenceStatus
from refunds.filters import ANY, CodeField, ScopedForm
from refunds.models import DifferenceQuerySet

ORDERS = {"new": Order("最近发现", ("pk",), descending=True)}
FROM = (ANY, ("policy", "政策提高"), ("data", "数据更正"))


class DifferenceFilter(ScopedForm):
    """Which differences: year, kind, state, what they come from, office, unit."""

    year = forms.TypedChoiceField(label="政策年度", coerce=int)
    kind = forms.ChoiceField(label="差额", choices=[ANY, *DifferenceKind.choices])
    status = forms.ChoiceField(label="状态", choices=[ANY, *DifferenceStatus.choices])
    source = forms.ChoiceField(label="来由", choices=FROM)
    name = forms.CharField(label="单位名称", min_length=2, max_length=100)
    uscc = CodeField(label="统一社会信用代码", max_length=18)

    field_order = ("year", "kind", "status", "source", "office", "name", "uscc")

    def __init__(self, data: QueryDict, *, years: Sequence[int], person: Person, on: dt.date) -> None:
        super().__init__(data, person=person, on=on)
        field = self.fields["year"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(year, f"{year} 年度") for year in years]

    def applied(self, rows: DifferenceQuerySet) -> DifferenceQuerySet:
        """The rows that fit; the form must be valid."""
        given = self.cleaned_data
        office = given["office"]
        if office is not None and office.level != OfficeLevel.PROVINCE:
            rows = rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})
        for column in ("year", "kind", "status"):
            if given[column]:
                rows = rows.filter(**{column: given[column]})
        if given["source"]:
            rows = rows.from_policy() if given["source"] == "policy" else rows.from_data()
        if given["name"]:
            rows = rows.filter(name__contains=given["name"])
        if given["uscc"]:
            rows = rows.filter(uscc__startswith=given["uscc"])
        return rows
