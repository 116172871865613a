"""Forms of the refund: a screening, a determination, a sheet of them, and the decision on one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings

from caseworks.base import files as stored
from caseworks.base.enums import Size, UnitType
from caseworks.base.errors import Refusal
from caseworks.law.models import Policy
from caseworks.people.models import OfficeRegion, Person
from caseworks.people.scope import offices_in_scope
from refunds.enums import Fact
from refunds.evidence import LIMIT

SCHEME = "refunds"


class DateInput(forms.DateInput):
    """A date with the browser's picker, written YYYY-MM-DD."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ScreeningForm(forms.Form):
    """Which year, which part of the own scope, judged on which day."""

    year = forms.TypedChoiceField(label="政策年度", coerce=int)
    region = forms.ChoiceField(label="地区")
    as_of = forms.DateField(label="筛查日", widget=DateInput, help_text="名单等按这一天的状态判断")

    def __init__(self, data: Any = None, *, person: Person, on: dt.date, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"as_of": on, **(initial or {})}, label_suffix="")
        self.person, self.on = person, on
        year, region = self.fields["year"], self.fields["region"]
        assert isinstance(year, forms.ChoiceField)
        assert isinstance(region, forms.ChoiceField)
        years = Policy.objects.filter(scheme=SCHEME).order_by("-year").values_list("year", flat=True).distinct()
        year.choices = [(found, f"{found} 年度（依据 {found - 1} 年缴费）") for found in years]
        region.choices = regions_of(person, on)

    def clean_as_of(self) -> dt.date:
        """Nobody is judged on a day to come."""
        day: dt.date = self.cleaned_data["as_of"]
        if day > self.on:
            raise forms.ValidationError(f"筛查日不能晚于今天（{self.on}）。")
        return day


class RecalculationForm(ScreeningForm):
    """Which year and part of the own scope is judged again, by the policy of which day."""

    as_of = forms.DateField(label="政策按", widget=DateInput, help_text="按这一天有效的政策；名单仍按原筛查日")


class BecauseForm(forms.Form):
    """What was shown, and why."""

    count = forms.IntegerField(widget=forms.HiddenInput)
    amount = forms.DecimalField(widget=forms.HiddenInput, max_digits=16, decimal_places=2)
    because = forms.CharField(max_length=300, required=False)


def regions_of(person: Person, on: dt.date) -> list[tuple[str, str]]:
    """The regions of the offices that the person runs screenings for, the widest first."""
    mine = offices_in_scope(person, on, "screening.run")
    rows = OfficeRegion.objects.filter(office__in=mine).select_related("office")
    ordered = sorted(rows, key=lambda row: (len(row.prefix), row.prefix))
    return [(row.prefix, f"{row.office.name}（{row.prefix}）") for row in ordered]


class DeterminationForm(forms.Form):
    """One fact of one unit, with where it comes from. The kind of the value follows the fact."""

    source = forms.CharField(
        label="来源", max_length=200, help_text="事实出自哪里，如“企业 2023 年度报告”“税务申报表”“实地核查”"
    )
    evidence = forms.CharField(
        label="依据说明",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="写明查到了什么，供另一人核对",
    )
    file = forms.FileField(label="证明材料", required=False, help_text="可选；PDF、JPG、PNG 或 xlsx，不超过 10 MB")

    field_order = ("value", "source", "evidence", "file")

    def __init__(self, data: Any = None, files: Any = None, *, fact: str, year: int) -> None:
        super().__init__(data, files, label_suffix="")
        self.fields["value"] = value_field(fact, year)
        self.order_fields(self.field_order)
        self.fields["file"].widget.attrs |= {"accept": ".pdf,.jpg,.jpeg,.png,.xlsx", "data-limit": LIMIT}


def value_field(fact: str, year: int) -> forms.Field:
    """The field that takes the value of a fact."""
    label = str(Fact(fact).label)
    if fact == Fact.SIZE:
        return forms.ChoiceField(label=label, choices=[("", "请选择"), *Size.choices])
    if fact == Fact.UNIT_TYPE:
        return forms.ChoiceField(label=label, choices=[("", "请选择"), *UnitType.choices])
    month = "1 月" if fact == Fact.OPENING_HEADCOUNT else "12 月"
    return forms.IntegerField(
        label=label, min_value=0, max_value=9_999_999, help_text=f"{year} 年 {month}参加失业保险的人数"
    )


class SheetForm(forms.Form):
    """A sheet of determinations."""

    file = forms.FileField(label="表格文件", help_text="CSV 或 xlsx，表头用中文或英文列名")

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, label_suffix="")
        self.fields["file"].widget.attrs |= {"accept": ".csv,.xlsx", "data-limit": settings.UPLOAD_LIMIT}


class DecisionForm(forms.Form):
    """Confirm or refuse what somebody else set; a refusal says why."""

    decision = forms.ChoiceField(choices=[("confirm", "确认"), ("refuse", "不予确认")], widget=forms.HiddenInput)
    note = forms.CharField(
        label="意见", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不予确认时必填，写明原因和需要补充什么",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("decision") == "refuse" and not given.get("note"):
            self.add_error("note", "请写明不予确认的原因，填报人据此补正。")
        return given


class SuccessionForm(forms.Form):
    """Which unit goes on as which, from what day on, by which document."""

    predecessor = forms.CharField(label="被承继单位的统一社会信用代码", max_length=18, help_text="合并、变更前的原单位")
    successor = forms.CharField(label="承继单位的统一社会信用代码", max_length=18, help_text="继续缴费的新单位")
    effective_on = forms.DateField(label="承继日期", widget=DateInput, help_text="登记机关准予登记的日期")
    document_no = forms.CharField(label="依据文号", max_length=100, help_text="如准予登记通知书、批复的文号")
    file = forms.FileField(label="依据材料", help_text="PDF、JPG 或 PNG，不超过 10 MB")
    note = forms.CharField(label="说明", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, files: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, files, initial=initial, label_suffix="")
        self.fields["file"].widget.attrs |= {"accept": ".pdf,.jpg,.jpeg,.png", "data-limit": settings.ATTACHMENT_LIMIT}

    def clean_file(self) -> stored.Accepted:
        """The document, looked at by its content."""
        try:
            return stored.accept(self.cleaned_data["file"], stored.SCANS)
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class SuccessionDecisionForm(forms.Form):
    """Confirm, refuse or revoke; whoever does not confirm says why."""

    decision = forms.ChoiceField(choices=[("confirm", "确认"), ("refuse", "不予确认"), ("revoke", "撤销")])
    note = forms.CharField(
        label="意见", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不予确认、撤销时必填",
    )  # fmt: skip

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.fields["note"].widget.attrs["class"] = "form-control"
