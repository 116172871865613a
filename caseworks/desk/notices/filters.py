"""The query form of notices: its state lives in the address."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from caseworks.base.enums import NoticeChannel, NoticeProblem, NoticeStatus
from caseworks.base.filters import FilterForm
from caseworks.base.models import Notice
from caseworks.base.models.notices import OVER
from caseworks.base.notices import templates
from caseworks.people.models import Office

ANY = ("", "全部")


class NoticeFilter(FilterForm):
    """By state, reason, template, channel, unit, office, year and case."""

    text = forms.CharField(label="单位名称或代码", min_length=2, max_length=100)
    status = forms.ChoiceField(label="状态", choices=[ANY, ("over", "失败或未发送"), *NoticeStatus.choices])
    problem = forms.ChoiceField(label="原因", choices=[ANY, *NoticeProblem.choices])
    template = forms.ChoiceField(label="模板")
    channel = forms.ChoiceField(label="渠道", choices=[ANY, *NoticeChannel.choices])
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    since = forms.DateField(label="产生日期起", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label="产生日期止", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    case = forms.IntegerField(label="业务件", min_value=1)

    more: ClassVar[tuple[str, ...]] = ("office", "year", "since", "until", "case")

    def __init__(self, data: QueryDict, *, offices: QuerySet[Office], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["office"].queryset = offices  # type: ignore[attr-defined]
        self.fields["template"].choices = [ANY, *labels().items()]  # type: ignore[attr-defined]

    def applied(self, rows: QuerySet[Notice]) -> QuerySet[Notice]:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        names = ("problem", "template", "channel", "year", "case")
        rows = rows.filter(**{name: given[name] for name in names if given[name]})
        if given["office"]:
            rows = rows.filter(office=given["office"].pk)
        if given["status"] == "over":
            rows = rows.filter(status__in=OVER)
        elif given["status"]:
            rows = rows.filter(status=given["status"])
        if given["since"]:
            rows = rows.filter(created_at__date__gte=given["since"])
        if given["until"]:
            rows = rows.filter(created_at__date__lte=given["until"])
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(subject=text.upper()))
        return rows


def labels() -> dict[str, str]:
    """The templates by code, in words."""
    return {seed.code: seed.label for seed in templates.seeds().values()}
