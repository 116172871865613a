"""The query form of the recoveries: its state lives in the address."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.db.models import Q
from django.http import QueryDict

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from caseworks.cases.enums import Scheme
from caseworks.money.enums import OWING, RecoveryKind, RecoveryStatus
from caseworks.money.models import RecoveryQuerySet
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope

ORDERS = {"new": Order("最近登记", ("pk",), descending=True)}
ALL = ("", "全部")


class RecoveryFilter(FilterForm):
    """Which recoveries: state, kind, scheme, year, office, subject."""

    state = forms.ChoiceField(
        label="状态", choices=[ALL, ("owing", "未结清"), ("overdue", "已逾期"), *RecoveryStatus.choices]
    )
    kind = forms.ChoiceField(label="类别", choices=[ALL, *RecoveryKind.choices])
    scheme = forms.ChoiceField(label="业务", choices=[ALL, *Scheme.choices])
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    text = forms.CharField(label="名称、代码或追回编号", min_length=2, max_length=100)

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data)
        self.on = on
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = offices_in_scope(person, on)

    def applied(self, rows: RecoveryQuerySet) -> RecoveryQuerySet:
        """The rows that meet the conditions; the form must be valid."""
        given = self.cleaned_data
        office: Office | None = given["office"]
        if office is not None and office.level != OfficeLevel.PROVINCE:
            rows = rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})
        for column in ("kind", "scheme", "year"):
            if given[column]:
                rows = rows.filter(**{column: given[column]})
        if given["state"] == "owing":
            rows = rows.filter(status__in=OWING)
        elif given["state"] == "overdue":
            rows = rows.overdue(self.on)
        elif given["state"]:
            rows = rows.filter(status=given["state"])
        if given["text"]:
            text = given["text"].strip()
            number = Q(pk=int(text[6:])) if text.upper().startswith("ZH") and text[6:].isdigit() else Q()
            rows = rows.filter(number or (Q(name__contains=text) | Q(subject=text.upper())))
        return rows
