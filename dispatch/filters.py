"""The query forms of the desk's lists of dispatch: their state lives in the address."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.db.models import Q

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from dispatch.enums import ApplicationStatus, Flag
from dispatch.models import ApplicationQuerySet

NEWEST = {"newest": Order("新近在前", ("pk",), descending=True), "oldest": Order("最早在前", ("pk",))}


class ApplicationFilter(FilterForm):
    """Which applications: by year, state, name or code, and what a clerk should look at."""

    more: ClassVar[tuple[str, ...]] = ("flag", "paid")

    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *ApplicationStatus.choices])
    text = forms.CharField(label="单位名称或代码", min_length=2, max_length=100)
    flag = forms.ChoiceField(label="提示", choices=[("", "全部"), *Flag.choices])
    paid = forms.ChoiceField(label="资金", choices=[("", "全部"), ("yes", "已拨付"), ("no", "未拨付")])

    def applied(self, rows: ApplicationQuerySet) -> ApplicationQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["year"]:
            rows = rows.filter(year=given["year"])
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(uscc=text.upper()))
        if given["flag"]:
            rows = rows.filter(flags__contains=[given["flag"]])
        if given["paid"]:
            paid = Q(case__status="paid")
            rows = rows.filter(paid if given["paid"] == "yes" else ~paid)
        return rows
