"""The query forms of the supervisors' lists: their state lives in the address, as the dashboards write it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

from django import forms
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import QueryDict
from django.utils import timezone

from caseworks.base.filters import FilterForm
from caseworks.base.models import RunState
from caseworks.base.pages import Order
from caseworks.cases.enums import BarStatus, HoldKind, ObjectionStatus, Scheme, Status
from caseworks.money.enums import PaymentStatus, UseCategory, UseStatus
from caseworks.money.models import UseLine
from caseworks.oversight.enums import BANDS, GROUPS, UNSAID, band_days
from caseworks.oversight.hands import Hands
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope

ANY = ("", "全部")
ORDERS = {"new": Order("新近在前", ("pk",), descending=True), "old": Order("先到在前", ("pk",))}
Rows = QuerySet[Any, Any]


def moment(day: dt.date) -> dt.datetime:
    """The first moment of a day."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


class ListForm(FilterForm):
    """A query form of one of our lists, asked by a person on a day."""

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data)
        self.on = on

    @property
    def amount(self) -> str:
        """The column of money that the query is about, where it is another than the list's own."""
        return ""

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        raise NotImplementedError


class PlaceForm(ListForm):
    """Scheme, year and office; `direct` leaves out the offices below."""

    prefix_to_case: ClassVar[str] = ""
    scheme = forms.ChoiceField(label="业务", choices=[ANY, *Scheme.choices])
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    direct = forms.BooleanField(label="仅本级", widget=forms.CheckboxInput(attrs={"class": "form-check-input"}))

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data, person=person, on=on)
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = offices_in_scope(person, on)

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        given, to = self.cleaned_data, self.prefix_to_case
        if given["scheme"]:
            rows = rows.filter(**{f"{to}scheme": given["scheme"]})
        if given["year"]:
            rows = rows.filter(**{f"{to}year": given["year"]})
        office: Office | None = given["office"]
        if office is not None:
            if given["direct"]:
                rows = rows.filter(**{f"{to}office": office.pk})
            elif office.level != OfficeLevel.PROVINCE:
                column = "city_office" if office.level == OfficeLevel.CITY else "office"
                rows = rows.filter(**{f"{to}{column}": office.pk})
        return rows


class CaseFilter(PlaceForm):
    """Which cases: how far they have come, how long they have waited, in whose hands they are."""

    more: ClassVar[tuple[str, ...]] = ("waited", "hands", "direct")
    stage = forms.ChoiceField(label="进度", choices=[ANY, *((name, label) for name, (label, _) in GROUPS.items())])
    status = forms.ChoiceField(label="状态", choices=[ANY, *Status.choices])
    waited = forms.ChoiceField(label="停留", choices=[ANY, *((name, band[0]) for name, band in BANDS.items())])
    hands = forms.ModelChoiceField(label="可办理人", queryset=Person.objects.none(), empty_label="全部")
    text = forms.CharField(label="名称或信用代码", min_length=2, max_length=100)
    field_order = ("scheme", "year", "office", "stage", "status", "text", "waited", "hands", "direct")

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data, person=person, on=on)
        field = self.fields["hands"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Person.objects.filter(office__in=offices_in_scope(person, on)).order_by("full_name")

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["stage"]:
            rows = rows.filter(status__in=GROUPS[given["stage"]][1])
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["waited"]:
            first, last = band_days(given["waited"], self.on)
            since: dict[str, Any] = {"events__seq": F("seq")}  # one call: the same line of the history
            if first is not None:
                since["events__at__gte"] = moment(first)
            if last != dt.date.max:
                since["events__at__lt"] = moment(last + dt.timedelta(days=1))
            rows = rows.filter(status__in=GROUPS["open"][1], **since)
        if given["hands"]:
            hands, person = Hands(self.on), given["hands"].pk
            states = [given["status"]] if given["status"] else [status.value for status in GROUPS["open"][1]]
            wanted = Q(pk__in=[])
            for status in states:
                wanted |= hands.condition(status, person)
            rows = rows.filter(wanted)
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(subject=text.upper()))
        return rows


class PaymentFilter(PlaceForm):
    """Which payments: by state, cause of the return, month of arrival."""

    more: ClassVar[tuple[str, ...]] = ("reason", "mended", "month", "direct")
    status = forms.ChoiceField(label="状态", choices=[ANY, *PaymentStatus.choices])
    text = forms.CharField(label="名称、代码或支付编号", min_length=2, max_length=100)
    reason = forms.CharField(label="退回原因", max_length=300)
    mended = forms.ChoiceField(label="退回后", choices=[ANY, ("no", "尚未重新支付"), ("yes", "已确认重新支付")])
    month = forms.RegexField(label="到账月份", regex=re.compile(r"^\d{4}-(0[1-9]|1[0-2])$"))
    field_order = ("scheme", "year", "office", "status", "text", "reason", "mended", "month", "direct")

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["reason"]:
            rows = rows.filter(reason="" if given["reason"] == UNSAID else given["reason"])
        if given["mended"]:
            rows = rows.filter(resent_at__isnull=given["mended"] == "no")
        if given["month"]:
            year, month = map(int, given["month"].split("-"))
            rows = rows.filter(paid_on__year=year, paid_on__month=month)
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(subject=text.upper()) | Q(payment_no=text.upper()))
        return rows


class ObjectionFilter(PlaceForm):
    """Which objections: by state."""

    prefix_to_case = "line__case__"
    more: ClassVar[tuple[str, ...]] = ("direct",)
    status = forms.ChoiceField(label="状态", choices=[ANY, *ObjectionStatus.choices])
    field_order = ("scheme", "year", "office", "status", "direct")

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        rows = super().applied(rows)
        return rows.filter(status=self.cleaned_data["status"]) if self.cleaned_data["status"] else rows


class HoldFilter(PlaceForm):
    """Which standing holds: by kind."""

    prefix_to_case = "case__"
    more: ClassVar[tuple[str, ...]] = ("direct",)
    kind = forms.ChoiceField(label="类别", choices=[ANY, *HoldKind.choices])
    field_order = ("scheme", "year", "office", "kind", "direct")

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        rows = super().applied(rows)
        return rows.filter(kind=self.cleaned_data["kind"]) if self.cleaned_data["kind"] else rows


class BarFilter(PlaceForm):
    """Which bars: by state, year for which they hold, unit."""

    more: ClassVar[tuple[str, ...]] = ("direct",)
    status = forms.ChoiceField(label="状态", choices=[ANY, *BarStatus.choices])
    text = forms.CharField(label="统一社会信用代码", min_length=4, max_length=18)
    field_order = ("scheme", "year", "office", "status", "text", "direct")

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["text"]:
            rows = rows.filter(uscc__startswith=given["text"].strip().upper())
        return rows


class UseForm(PlaceForm):
    """Which reports on the use of funds: by state, and by what the money was used for."""

    more: ClassVar[tuple[str, ...]] = ("used_for", "direct")
    status = forms.ChoiceField(label="状态", choices=[ANY, ("late", "逾期未报告"), *UseStatus.choices])
    text = forms.CharField(label="名称或信用代码", min_length=2, max_length=100)
    used_for = forms.ChoiceField(label="用途", choices=[ANY, *UseCategory.choices])
    field_order = ("scheme", "year", "office", "status", "text", "used_for", "direct")

    @property
    def amount(self) -> str:
        """What was used for the one purpose, or what was found misused."""
        given = self.cleaned_data if self.is_valid() else {}
        return "spent" if given.get("used_for") else "recovery__amount" if given.get("status") == "misused" else ""

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["status"] == "late":
            rows = rows.overdue(self.on)  # type: ignore[attr-defined]
        elif given["status"]:
            rows = rows.filter(status=given["status"])
        if given["used_for"]:
            lines = UseLine.objects.current().filter(report=OuterRef("pk"), category=given["used_for"])
            spent = lines.order_by().values("report").annotate(sum=Sum("amount")).values("sum")
            rows = rows.annotate(spent=Subquery(spent)).filter(spent__gt=0)
        text = given["text"].strip()
        return rows.filter(Q(name__contains=text) | Q(subject=text.upper())) if text else rows


class RunFilter(ListForm):
    """Which pieces of long work: by how they ended, and since when."""

    state = forms.ChoiceField(label="状态", choices=[ANY, ("bad", "出错或中断"), *RunState.choices])
    since = forms.ChoiceField(label="提交", choices=[ANY, ("day", "24 小时内"), ("week", "7 天内")])
    text = forms.CharField(label="名称", min_length=2, max_length=100)

    def applied(self, rows: Rows) -> Rows:
        """The rows that meet the conditions; the form must be valid."""
        given = self.cleaned_data
        if given["state"]:
            bad = [RunState.FAILED, RunState.INTERRUPTED]
            rows = rows.filter(state__in=bad if given["state"] == "bad" else [given["state"]])
        if given["since"]:
            ago = dt.timedelta(days={"day": 1, "week": 7}[given["since"]])
            rows = rows.filter(created_at__gt=timezone.now() - ago)
        return rows.filter(title__contains=given["text"].strip()) if given["text"] else rows
