"""The query form of the units: its state lives in the address."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from caseworks.base.enums import Size, UnitStatus, UnitType
from caseworks.base.filters import FilterForm
from caseworks.base.identifiers import normalise
from caseworks.base.models import RunState
from caseworks.people.models import Office, Person
from caseworks.registry.enums import FileKind
from caseworks.registry.models import ImportFile, RejectedRow
from caseworks.registry.models.units import UnitQuerySet
from caseworks.registry.names import name_key

ANY = ("", "全部")
UNKNOWN = "unknown"


class CodeField(forms.CharField):
    """A code or its beginning; full-width and lower-case letters are read as they are meant."""

    def to_python(self, value: Any) -> str:
        """The code as it is stored."""
        return normalise(str(super().to_python(value) or ""), identifier=True)


class UnitFilter(FilterForm):
    """Name (any part of it), code, office; under 更多条件 region, type, size, status and licence."""

    name = forms.CharField(label="单位名称", max_length=100)
    uscc = CodeField(
        label="统一社会信用代码",
        max_length=18,
        validators=[RegexValidator(r"^[0-9A-Z]{2,18}$", "请填写代码的前 2 至 18 位，只含数字和大写字母。")],
    )
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    unit_type = forms.ChoiceField(label="单位类型", choices=[ANY, *UnitType.choices])
    size = forms.ChoiceField(label="企业划型", choices=[ANY, *Size.choices, (UNKNOWN, "未划型")])
    status = forms.ChoiceField(label="参保状态", choices=[ANY, *UnitStatus.choices])
    region = forms.CharField(
        label="行政区划代码",
        validators=[RegexValidator(r"^[0-9]{2,6}$", "请填写 2 至 6 位数字，如 2201 或 220102。")],
    )
    licence = forms.ChoiceField(
        label="劳务派遣许可", choices=[ANY, ("any", "有许可证"), ("expired", "许可证已过期"), ("none", "无许可证")]
    )

    more: ClassVar[tuple[str, ...]] = ("status", "region", "licence")

    def __init__(self, data: QueryDict, *, offices: Any, on: dt.date, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.on = on
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = offices
        self.fields["name"].widget.attrs |= {"wide": True, "placeholder": "名称的任意部分，至少两个字；含曾用名"}
        self.fields["uscc"].widget.attrs["placeholder"] = "全部或前几位"
        self.fields["region"].widget.attrs |= {"placeholder": "如 2201", "inputmode": "numeric"}

    def clean_name(self) -> str:
        """Any part of the name, from two characters on; spaces and brackets do not matter."""
        text = str(self.cleaned_data["name"])
        if text and len(name_key(text)) < 2:
            raise forms.ValidationError("请至少填写两个字。")
        return text

    def narrow(self, units: UnitQuerySet) -> UnitQuerySet:
        """The units that meet the conditions; all of them while the form has errors."""
        if not self.is_valid():
            return units
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "name" in given:
            units = units.search(given["name"])
        if "uscc" in given:
            code = given["uscc"]
            units = units.filter(uscc=code) if len(code) == 18 else units.filter(uscc__startswith=code)
        if "office" in given:
            units = units.filter(_below(given["office"]))
        if "region" in given:
            code = given["region"]
            units = units.filter(region=code) if len(code) == 6 else units.filter(region__startswith=code)
        if "size" in given:
            units = units.filter(size="" if given["size"] == UNKNOWN else given["size"])
        if "licence" in given:
            units = units.filter(self._licence(given["licence"]))
        exact = {name: given[name] for name in ("unit_type", "status") if name in given}
        return units.filter(**exact) if exact else units

    def _licence(self, word: str) -> Q:
        if word == "none":
            return Q(dispatch_licence="")
        held = ~Q(dispatch_licence="")
        return held & Q(dispatch_licence_until__lt=self.on) if word == "expired" else held


def _below(office: Office) -> Q:
    if office.level == "province":
        return Q()
    return Q(city_office=office) if office.level == "city" else Q(office=office)


STATES = {
    "open": ("等待或进行中", (RunState.QUEUED, RunState.RUNNING)),
    "done": ("已完成", (RunState.DONE,)),
    "failed": ("未完成（拒绝、出错、中断）", (RunState.REFUSED, RunState.FAILED, RunState.INTERRUPTED)),
}


class ImportFilter(FilterForm):
    """Kind of file, how the import ended, whether rejected rows still stand, whose it is."""

    kind = forms.ChoiceField(label="文件类别", choices=[ANY, *FileKind.choices])
    state = forms.ChoiceField(label="状态", choices=[ANY, *((code, label) for code, (label, _) in STATES.items())])
    rejected = forms.ChoiceField(label="错误行", choices=[ANY, ("1", "有未改正的错误行")])
    mine = forms.ChoiceField(label="导入人", choices=[ANY, ("1", "只看我的")])

    def __init__(self, data: QueryDict, *, person: Person, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.person = person

    def narrow(self, files: QuerySet[ImportFile]) -> QuerySet[ImportFile]:
        """The imports that meet the conditions; all of them while the form has errors."""
        if not self.is_valid():
            return files
        given = self.cleaned_data
        if given["kind"]:
            files = files.filter(kind=given["kind"])
        if given["state"]:
            files = files.filter(run__state__in=STATES[given["state"]][1])
        if given["rejected"]:
            standing = RejectedRow.objects.standing().filter(import_file=OuterRef("pk"))
            files = files.filter(Exists(standing), rejected__gt=0)
        return files.filter(person=self.person) if given["mine"] else files
