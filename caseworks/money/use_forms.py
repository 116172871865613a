"""Forms of the use-of-funds pages: a few rows, each a use; empty ones are left out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from caseworks.cases.enums import Scheme
from caseworks.money.enums import UseCategory, UseStatus, UseWhy
from caseworks.money.models import UseReportQuerySet
from caseworks.money.recovery_forms import day
from caseworks.money.uses import Use
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope

ORDERS = {"new": Order("最近", ("pk",), descending=True)}
ALL = ("", "全部")
ROWS = 6


class UseForm(forms.Form):
    """One use."""

    category = forms.ChoiceField(label="用途", choices=[("", "请选择"), *UseCategory.choices], required=False)
    amount = forms.DecimalField(label="金额（元）", max_digits=14, decimal_places=2, min_value=0, required=False)
    on = forms.DateField(label="支出日期", required=False, widget=day())
    note = forms.CharField(label="说明", max_length=200, required=False)
    voucher = forms.FileField(label="凭证", required=False, help_text="PDF、照片或 xlsx")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field.widget, forms.Select) else "form-control"

    def clean(self) -> None:
        """All of a use, or nothing of it."""
        given = self.cleaned_data
        filled = [name for name in ("category", "amount", "on") if given.get(name)]
        if (filled or given.get("note") or given.get("voucher")) and len(filled) < 3:
            raise forms.ValidationError("用途、金额和支出日期都要填写。")

    @property
    def use(self) -> Use | None:
        """What was filled in; None for an empty row."""
        given = self.cleaned_data
        if not given.get("category"):
            return None
        return Use(UseCategory(given["category"]), given["amount"], given["on"], given["note"], given.get("voucher"))


UseFormSet = forms.formset_factory(UseForm, extra=ROWS, max_num=ROWS, absolute_max=ROWS)


class UseFilter(FilterForm):
    """Which reports: state, why, scheme, year, office, unit."""

    state = forms.ChoiceField(
        label="状态", choices=[ALL, ("owing", "未报告"), ("overdue", "已逾期"), *UseStatus.choices]
    )
    why = forms.ChoiceField(label="缘由", choices=[ALL, *UseWhy.choices])
    scheme = forms.ChoiceField(label="业务", choices=[ALL, *Scheme.choices])
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    text = forms.CharField(label="名称或代码", min_length=2, max_length=100)

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data)
        self.on = on
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = offices_in_scope(person, on)

    def applied(self, rows: UseReportQuerySet) -> UseReportQuerySet:
        """The rows that meet the conditions; the form must be valid."""
        given = self.cleaned_data
        office: Office | None = given["office"]
        if office is not None and office.level != OfficeLevel.PROVINCE:
            rows = rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})
        for column in ("why", "scheme", "year"):
            if given[column]:
                rows = rows.filter(**{column: given[column]})
        if given["state"] == "owing":
            rows = rows.owing()
        elif given["state"] == "overdue":
            rows = rows.overdue(self.on)
        elif given["state"]:
            rows = rows.filter(status=given["state"])
        if given["text"]:
            text = given["text"].strip()
            found = rows.filter(subject=text.upper())
            rows = found if found.exists() else rows.filter(name__contains=text)
        return rows
