"""The query form of papers: its state lives in the address."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from caseworks.base.enums import DocumentKind
from caseworks.base.filters import FilterForm
from caseworks.base.models import Document
from caseworks.people.models import Office

ANY = ("", "全部")


class DocumentFilter(FilterForm):
    """By kind, year, number, name, office, and whether the sealed scan is there."""

    kind = forms.ChoiceField(label="种类", choices=[ANY, *DocumentKind.choices])
    year = forms.IntegerField(label="文号年份", min_value=2000, max_value=2100)
    serial = forms.IntegerField(label="文号序号", min_value=1, max_value=2_000_000)
    text = forms.CharField(label="单位名称或代码", min_length=2, max_length=100)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    sealed = forms.ChoiceField(label="盖章扫描件", choices=[ANY, ("yes", "已上传"), ("no", "未上传")])
    case = forms.IntegerField(label="业务件", min_value=1)

    more: ClassVar[tuple[str, ...]] = ("case",)

    def __init__(self, data: QueryDict, *, offices: QuerySet[Office], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["office"].queryset = offices  # type: ignore[attr-defined]

    def applied(self, rows: QuerySet[Document]) -> QuerySet[Document]:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        exact = {name: given[name] for name in ("kind", "year", "serial", "case") if given[name]}
        if given["office"]:
            exact["office"] = given["office"].pk
        rows = rows.filter(**exact)
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(subject=text.upper()))
        if given["sealed"]:
            rows = rows.filter(scans__isnull=given["sealed"] == "no").distinct()
        return rows
