"""Forms of 复核申请."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from caseworks.cases import second_looks, sources
from caseworks.cases.announcement_forms import FilesField, Plain
from caseworks.cases.enums import SecondLookChannel


class SecondLookForm(Plain):
    """A request as a unit sends it."""

    who: ClassVar[str] = "public"

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
        looking = sources.looking_again(self.who)
        found = sorted({each for name, _ in looking for each in sources.years(name)}, reverse=True)
        self.any_years = bool(found)
        year.choices = [(each, f"{each} 年度") for each in found]
        scheme.choices = looking
        scheme.required = False  # the first is meant where none is named
        if looking:
            scheme.initial = looking[0][0]
        if len(looking) == 1:
            scheme.widget = forms.HiddenInput()

    def clean_scheme(self) -> str:
        """The first, where it was not asked."""
        return self.cleaned_data["scheme"] or self.fields["scheme"].initial


class OwnSecondLookForm(SecondLookForm):
    """The same in the portal, where the unit is known."""

    who = "unit"
    subject = None  # type: ignore[assignment]


class CounterSecondLookForm(SecondLookForm):
    """The same, entered by staff, for units and for people; of whom it is asked may be given by the page before."""

    who = "staff"
    subject = forms.CharField(
        label="统一社会信用代码或证件号码",
        max_length=30,
        required=False,
        help_text="从申领、申请页面进入的不必填写。",
    )
    matter = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput())
    channel = forms.ChoiceField(
        label="渠道",
        choices=[choice for choice in SecondLookChannel.choices if choice[0] in second_looks.BY_STAFF],
    )
    received_on = forms.DateField(label="收到日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        self.fields["applicant"].label = "申请人姓名"
        if self["matter"].value():  # the page before has said whose, of which business and year
            for name in ("scheme", "year", "subject"):
                self.fields[name].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Whose it is must be said, unless the page before has said it."""
        given = super().clean() or {}
        if not given.get("subject") and not given.get("matter"):
            self.add_error("subject", "请填写统一社会信用代码或证件号码。")
        return given


class MatterForm(SecondLookForm):
    """The same by a person about one claim of the own."""

    scheme = None  # type: ignore[assignment]
    year = None  # type: ignore[assignment]
    subject = None  # type: ignore[assignment]

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        Plain.__init__(self, data, files, **kwargs)
        self.fields["applicant"].label = "申请人姓名"

    clean_scheme = None  # type: ignore[assignment]


class AnswerForm(Plain):
    """What was found; the conclusion is what the rules judge, or, of what people refused, what is chosen here."""

    answer = forms.CharField(
        label="复核意见",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="写入答复书：核实了什么、依据什么。结论和数字由系统按现有数据重新核算后写入。",
    )
    again = forms.TypedChoiceField(
        label="处理",
        choices=[("", "请选择"), ("no", "维持不予支付"), ("yes", "重新受理，另行初审、复核、审批")],
        coerce=lambda value: value == "yes",
        help_text="重新受理的，按规则重新核定，符合的列入下一批。",
    )

    def __init__(self, data: Any = None, *, by_people: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if not by_people:
            del self.fields["again"]
