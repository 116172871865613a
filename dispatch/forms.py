"""Forms of dispatch: handing a roster in, papers that go with it, and what is done with an application."""

from __future__ import annotations

from django import forms

from dispatch.enums import AttachmentKind


class RosterForm(forms.Form):
    """A roster, handed in at the counter for an agency."""

    uscc = forms.CharField(label="派遣单位统一社会信用代码", min_length=18, max_length=18)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    on = forms.DateField(label="申请日期", widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(
        label="名册", allow_empty_file=True, help_text="用模板填写的 .xlsx，或同样列名的 .csv。",
        error_messages={"required": "请选择名册文件。"},
    )  # fmt: skip

    def clean_uscc(self) -> str:
        """Letters raised, as the files have them."""
        return str(self.cleaned_data["uscc"]).strip().upper()


class RosterFileForm(forms.Form):
    """A roster alone: the agency and the year are known."""

    file = forms.FileField(label="名册", allow_empty_file=True, error_messages={"required": "请选择名册文件。"})


class RosterDecisionForm(forms.Form):
    """What is done with a checked roster."""

    decision = forms.ChoiceField(choices=[(name, name) for name in ("submit", "draft", "discard", "again")])


class AttachmentForm(forms.Form):
    """A paper that goes with an application."""

    kind = forms.ChoiceField(label="种类", choices=AttachmentKind.choices)
    file = forms.FileField(label="文件", help_text="PDF、JPG 或 PNG。", error_messages={"required": "请选择文件。"})


class ApplicationForm(forms.Form):
    """What is done with an application; the operation says what is missing."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("send_back", "take_up", "withdraw", "submit")])
    note = forms.CharField(label="理由", max_length=300, required=False)
