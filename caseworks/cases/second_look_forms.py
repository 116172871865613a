"""Forms of 复核申请."""

from __future__ import annotations

from typing import Any

from django import forms

from caseworks.cases import second_looks, sources
from caseworks.cases.announcement_forms import FilesField, Plain
from caseworks.cases.enums import SecondLookChannel


class SecondLookForm(Plain):
    """A request as a unit sends it. Which business is asked only where several judge units without an application."""

    scheme = forms.ChoiceField(label="业务")
    year = forms.TypedChoiceField(label="政策年度", coerce=int)
    subject = forms.CharField(label="统一社会信用代码", max_length=18)
    words = forms.CharField(
        label="申请理由",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="写明认为哪一项核算有误，如缴费、人数、减员原因、划型，以及正确的数字。",
    )
    attachments = FilesField(label="证明材料", help_text="可选；PDF、JPG、PNG，最多 5 个，每个不超过 10 MB。")
    applicant = forms.CharField(label="经办人姓名", max_length=60)
    contact = forms.CharField(label="联系电话", max_length=100, help_text="只用于核实和答复，加密保存，不公开。")

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        year, scheme = self.fields["year"], self.fields["scheme"]
        assert isinstance(year, forms.ChoiceField)
        assert isinstance(scheme, forms.ChoiceField)
        looking = sources.looking_again()
        found = sorted({each for name, _ in looking for each in sources.years(name)}, reverse=True)
        self.any_years = bool(found)
        year.choices = [(each, f"{each} 年度") for each in found]
        scheme.choices = looking
        if len(looking) == 1:
            scheme.initial, scheme.required, scheme.widget = looking[0][0], False, forms.HiddenInput()

    def clean_scheme(self) -> str:
        """The one there is, where it was not asked."""
        return self.cleaned_data["scheme"] or self.fields["scheme"].initial


class OwnSecondLookForm(SecondLookForm):
    """The same in the portal, where the unit is known."""

    subject = None  # type: ignore[assignment]


class CounterSecondLookForm(SecondLookForm):
    """The same, entered by staff."""

    channel = forms.ChoiceField(
        label="渠道",
        choices=[choice for choice in SecondLookChannel.choices if choice[0] in second_looks.BY_STAFF],
    )
    received_on = forms.DateField(label="收到日期", widget=forms.DateInput(attrs={"type": "date"}))


class AnswerForm(Plain):
    """What was found; the conclusion is what the rules judge."""

    answer = forms.CharField(
        label="复核意见",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="写入答复书：核实了什么、依据什么。结论和数字由系统按现有数据重新核算后写入。",
    )
