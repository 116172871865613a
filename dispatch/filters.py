"""The query forms of the desk's lists of dispatch: their state lives in the address."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django import forms
from django.db.models import Q

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from caseworks.cases.enums import BarStatus
from caseworks.cases.models import BarQuerySet
from dispatch.enums import ApplicationStatus, Flag, ObligationStatus, VoucherStatus
from dispatch.models import ApplicationQuerySet, ObligationQuerySet, VoucherQuerySet

BY_HOST = {"host": Order("用工单位", ("host_uscc", "pk"))}
DUE = {"due": Order("期限从近到远", ("due_on", "pk"))}
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


class ObligationFilter(FilterForm):
    """Which parts are to be forwarded: by state, year, agency or host."""

    STATES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("", "全部"), ("overdue", "已超期"), ("open", "待转付"), ("waiting", "有凭证待核对"),
        (ObligationStatus.SETTLED.value, "已结清"), (ObligationStatus.CLAIMED.value, "已责令退回"),
        ("provisional", "期限为预计"), (ObligationStatus.CLOSED.value, "已关闭"),
    )  # fmt: skip

    state = forms.ChoiceField(label="状态", choices=STATES)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    text = forms.CharField(label="派遣单位或用工单位", min_length=2, max_length=100)

    def applied(self, rows: ObligationQuerySet, on: date) -> ObligationQuerySet:
        """The rows that meet the conditions on a day."""
        given = self.cleaned_data
        if given["year"]:
            rows = rows.of_year(given["year"])
        if given["text"]:
            text = given["text"].strip()
            code = text.upper()
            rows = rows.filter(Q(name__contains=text) | Q(host_name__contains=text) | Q(uscc=code) | Q(host_uscc=code))
        state = given["state"]
        if state == "overdue":
            return rows.overdue(on)
        if state == "open":
            return rows.open()
        if state == "waiting":
            return rows.standing().filter(pending__gt=0)
        if state == "provisional":
            return rows.open().filter(provisional=True)
        return rows.filter(status=state) if state else rows.standing()


class HostFilter(FilterForm):
    """Which hosts: by name or code, year, and how their parts stand."""

    text = forms.CharField(label="用工单位名称或代码", min_length=2, max_length=100)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    state = forms.ChoiceField(label="状态", choices=[("", "全部"), *ObligationStatus.choices[:4]])

    def applied(self, rows: ObligationQuerySet) -> ObligationQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["year"]:
            rows = rows.of_year(given["year"])
        if given["state"]:
            rows = rows.filter(status=given["state"])
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(host_name__contains=text) | Q(host_uscc=text.upper()))
        return rows


class VoucherFilter(FilterForm):
    """Which vouchers: by state, agency, host or receipt number; those that wait come first without a choice."""

    STATES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("", "待核对"), ("second", "待第二人核对"), ("all", "全部"), *VoucherStatus.choices[1:],
    )  # fmt: skip

    state = forms.ChoiceField(label="状态", choices=STATES)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    text = forms.CharField(label="派遣单位、用工单位或回单号", min_length=2, max_length=100)

    def applied(self, rows: VoucherQuerySet) -> VoucherQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["year"]:
            rows = rows.filter(year=given["year"])
        if given["text"]:
            text = given["text"].strip()
            code = text.upper()
            rows = rows.filter(
                Q(obligation__name__contains=text)
                | Q(obligation__host_name__contains=text)
                | Q(uscc=code)
                | Q(host_uscc=code)
                | Q(receipt_no=code)
            )
        match given["state"]:
            case "":
                return rows.waiting()
            case "second":
                return rows.waiting_for_second()
            case "all":
                return rows
        return rows.filter(status=given["state"])


class BarFilter(FilterForm):
    """Which bars: by state and year, agency's code."""

    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *BarStatus.choices])
    year = forms.IntegerField(label="取消年度", min_value=2000, max_value=2100)
    text = forms.CharField(label="统一社会信用代码", min_length=18, max_length=18)

    def applied(self, rows: BarQuerySet) -> BarQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["year"]:
            rows = rows.filter(year=given["year"])
        if given["text"]:
            rows = rows.filter(uscc=given["text"].strip().upper())
        return rows
