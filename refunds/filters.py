"""The query forms of the refund's lists: their state lives in the address, a bad value is answered in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict

from caseworks.base.enums import Size, UnitType
from caseworks.base.filters import Chip, FilterForm
from caseworks.base.identifiers import normalise
from caseworks.base.pages import Order
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope
from caseworks.registry.models import Unit
from refunds.enums import ChangeKind, DeterminationStatus, Flag, Outcome
from refunds.models import AssessmentQuerySet, DeterminationQuerySet
from refunds.parameters import APPLY, INELIGIBLE, MANUAL

ANY = ("", "全部")
NO_SIZE = "unknown"

#: Each order walks an index of its own, whatever the scope (province, city, county).
ASSESSMENT_ORDERS = {
    "uscc": Order("信用代码", ("uscc",)),
    "amount": Order("金额从高到低", ("amount", "uscc"), descending=True),
    "amount_up": Order("金额从低到高", ("amount", "uscc")),
}
CHANGE_ORDERS = {"uscc": Order("信用代码", ("uscc", "pk"))}
DETERMINATION_ORDERS = {"new": Order("最近核定", ("pk",), descending=True)}


class CodeField(forms.CharField):
    """The beginning of a unified social credit code; full-width and small letters are taken for what they mean."""

    default_validators = [RegexValidator(r"^[0-9A-Z]{2,18}$", "请填写代码的前 2 至 18 位，只含数字和字母。")]

    def to_python(self, value: object) -> str:
        return normalise(str(value or ""), identifier=True)


class ScopedForm(FilterForm):
    """A query form with the offices that the person may see."""

    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")

    def __init__(self, data: QueryDict, *, person: Person, on: dt.date) -> None:
        super().__init__(data)
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = offices_in_scope(person, on)

    def within_office(self, rows: AssessmentQuerySet) -> AssessmentQuerySet:
        """The rows of the chosen office and those below it: an equality, so that an index serves."""
        office = self.cleaned_data.get("office")
        if office is None or office.level == OfficeLevel.PROVINCE:
            return rows
        return rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})


class AssessmentFilter(ScopedForm):
    """Conditions of the list of judgements, of its totals and of its export."""

    year = forms.TypedChoiceField(label="政策年度", coerce=int)
    outcome = forms.ChoiceField(label="结论", choices=[ANY, *Outcome.choices])
    name = forms.CharField(label="单位名称", min_length=2, max_length=100)
    uscc = CodeField(label="统一社会信用代码", max_length=18)
    reason = forms.ChoiceField(
        label="原因",
        choices=[
            ANY,
            (Outcome.INELIGIBLE.label, list(INELIGIBLE.items())),
            (Outcome.APPLY.label, list(APPLY.items())),
            (Outcome.MANUAL.label, list(MANUAL.items())),
        ],
    )
    flag = forms.ChoiceField(label="提示", choices=[ANY, ("any", "有提示"), *Flag.choices])
    unit_type = forms.ChoiceField(label="单位类型", choices=[ANY, *UnitType.choices])
    unit_size = forms.ChoiceField(label="企业划型", choices=[ANY, *Size.choices, (NO_SIZE, "未知")])
    region = forms.CharField(
        label="行政区划代码", validators=[RegexValidator(r"^[0-9]{2,6}$", "请填写 2 至 6 位数字，如 2201。")]
    )
    amount_from = forms.DecimalField(label="金额从（元）", min_value=0, max_digits=14, decimal_places=2)
    amount_to = forms.DecimalField(label="金额到（元）", min_value=0, max_digits=14, decimal_places=2)
    opened = forms.ChoiceField(label="立件", choices=[ANY, ("no", "尚未立件"), ("yes", "已立件")])
    direct = forms.BooleanField(label="仅本级", widget=forms.CheckboxInput(attrs={"class": "form-check-input"}))

    more: ClassVar[tuple[str, ...]] = (
        "reason", "flag", "unit_type", "unit_size", "region", "amount_from", "amount_to", "opened", "direct",
    )  # fmt: skip
    field_order = ("year", "office", "outcome", "name", "uscc", *more)

    def __init__(self, data: QueryDict, *, years: Sequence[int], person: Person, on: dt.date) -> None:
        super().__init__(data, person=person, on=on)
        field = self.fields["year"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(year, f"{year} 年度") for year in years]

    @property
    def chips(self) -> list[Chip]:
        """The active filters; the year is always one and stands in the heading."""
        return [chip for chip in super().chips if chip.label != self.fields["year"].label]

    def clean(self) -> None:
        low, high = self.cleaned_data.get("amount_from"), self.cleaned_data.get("amount_to")
        if low is not None and high is not None and low > high:
            self.add_error("amount_to", f"上限 {high} 小于下限 {low}，请改正其中之一。")

    @property
    def orders(self) -> dict[str, Order]:
        """The orders of the list. Payable units from the least amount up would be found behind all those of 0.00 first.

        With a least amount the index begins where they do.
        """
        given = self.cleaned_data if self.is_valid() else {}
        if given.get("outcome") in (Outcome.ELIGIBLE, Outcome.MANUAL) and not given.get("amount_from"):
            return {name: order for name, order in ASSESSMENT_ORDERS.items() if name != "amount_up"}
        return ASSESSMENT_ORDERS

    def applied(self, rows: AssessmentQuerySet) -> AssessmentQuerySet:
        """The rows that fit; the form must be valid."""
        given = self.cleaned_data
        rows = rows.filter(office=given["office"]) if given["direct"] and given["office"] else self.within_office(rows)
        if given["opened"]:
            rows = rows.filter(case__isnull=given["opened"] == "no")
        if given["outcome"]:
            rows = rows.of_outcome(given["outcome"])
        if given["uscc"]:
            rows = rows.filter(uscc__startswith=given["uscc"])
        if given["name"]:
            rows = rows.filter(uscc__in=Unit.objects.search(given["name"]).values("uscc"))
        if given["reason"]:
            rows = rows.with_reason(given["reason"])
        if given["flag"]:
            rows = rows.flagged("" if given["flag"] == "any" else given["flag"])
        if given["unit_type"]:
            rows = rows.filter(unit_type=given["unit_type"])
        if given["unit_size"]:
            rows = rows.filter(size="" if given["unit_size"] == NO_SIZE else given["unit_size"])
        if given["region"]:
            rows = rows.filter(region__startswith=given["region"])
        if given["amount_from"] is not None:
            rows = rows.filter(amount__gte=given["amount_from"])
        if given["amount_to"] is not None:
            rows = rows.filter(amount__lte=given["amount_to"])
        return rows


class ChangeFilter(ScopedForm):
    """Conditions of what a screening changed, unit by unit."""

    kind = forms.ChoiceField(label="变化", choices=[ANY, *ChangeKind.choices])
    was = forms.ChoiceField(label="原结论", choices=[ANY, *Outcome.choices])
    became = forms.ChoiceField(label="现结论", choices=[ANY, *Outcome.choices])
    uscc = CodeField(label="统一社会信用代码", max_length=18)

    def applied(self, rows: AssessmentQuerySet) -> AssessmentQuerySet:
        """The rows that fit; the form must be valid."""
        given = self.cleaned_data
        rows = self.within_office(rows)
        for column, lookup in (("kind", "kind"), ("was", "before__outcome"), ("became", "after__outcome")):
            if given[column]:
                rows = rows.filter(**{lookup: given[column]})
        if given["uscc"]:
            rows = rows.filter(uscc__startswith=given["uscc"])
        return rows


class ManualFilter(ScopedForm):
    """Conditions of the units that wait for a fact."""

    reason = forms.ChoiceField(label="缺少的事实", choices=[ANY, *MANUAL.items()])
    uscc = CodeField(label="统一社会信用代码", max_length=18)

    def applied(self, rows: AssessmentQuerySet) -> AssessmentQuerySet:
        """The rows that fit; the form must be valid."""
        rows = self.within_office(rows)
        if self.cleaned_data["reason"]:
            rows = rows.with_reason(self.cleaned_data["reason"])
        if self.cleaned_data["uscc"]:
            rows = rows.filter(uscc__startswith=self.cleaned_data["uscc"])
        return rows


class DeterminationFilter(ScopedForm):
    """Conditions of the determinations."""

    status = forms.ChoiceField(label="状态", choices=[ANY, *DeterminationStatus.choices])
    uscc = CodeField(label="统一社会信用代码", max_length=18)

    def applied(self, rows: DeterminationQuerySet) -> DeterminationQuerySet:
        """The rows that fit; the form must be valid."""
        given = self.cleaned_data
        office = given["office"]
        if office is not None and office.level != OfficeLevel.PROVINCE:
            rows = rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["uscc"]:
            rows = rows.filter(uscc__startswith=given["uscc"])
        return rows
