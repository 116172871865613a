"""Forms of announcements and objections."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.cases.enums import Channel, ObjectionKind


class Plain(forms.Form):
    """Fields in the markup of our pages."""

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(data, files, label_suffix="", **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.HiddenInput):
                field.widget.attrs["class"] = (
                    "form-select" if isinstance(field.widget, forms.Select) else "form-control"
                )


class FilesInput(forms.ClearableFileInput):
    """The browser's choice of several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each looked at by its content; what is wrong with one is said in words."""

    def __init__(self, *, kinds: Collection[str] = files.SCANS, **kwargs: Any) -> None:
        super().__init__(widget=FilesInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}), required=False, **kwargs)
        self.kinds = kinds

    def clean(self, data: Any, initial: Any = None) -> list[files.Accepted]:
        """The files that were handed in."""
        given = [each for each in (data if isinstance(data, list | tuple) else [data]) if each]
        try:
            return [files.accept(super(FilesField, self).clean(each, initial), self.kinds) for each in given]
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class DrawForm(Plain):
    """A title for the list that was shown, with what it amounted to."""

    scheme = forms.CharField(widget=forms.HiddenInput)
    year = forms.IntegerField(widget=forms.HiddenInput)
    count = forms.IntegerField(widget=forms.HiddenInput)
    total = forms.DecimalField(widget=forms.HiddenInput, max_digits=16, decimal_places=2)
    title = forms.CharField(label="标题", max_length=120)


class CorrectionForm(Plain):
    """A title for the corrected lines that were shown, and units that were left out."""

    count = forms.IntegerField(widget=forms.HiddenInput)
    total = forms.DecimalField(widget=forms.HiddenInput, max_digits=16, decimal_places=2)
    title = forms.CharField(label="标题", max_length=120)
    added = forms.CharField(
        label="增补的单位",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="已审批而漏列的单位，每行一个统一社会信用代码；没有则不填。",
    )

    def clean_added(self) -> list[str]:
        """The codes, one a line."""
        return self.cleaned_data["added"].split()


class PublishForm(Plain):
    """What was shown to the one who publishes."""

    count = forms.IntegerField(widget=forms.HiddenInput)
    total = forms.DecimalField(widget=forms.HiddenInput, max_digits=16, decimal_places=2)
    first = forms.DateField(widget=forms.HiddenInput)
    last = forms.DateField(widget=forms.HiddenInput)


class FileField(FilesField):
    """One file, which must be there."""

    def __init__(self, *, kinds: Collection[str] = files.SCANS, **kwargs: Any) -> None:
        super().__init__(kinds=kinds, **kwargs)
        self.required = True
        self.widget = forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file."""
        found = super().clean(data, initial)
        if not found:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return found[0]


class PostingForm(Plain):
    """Where and when the announcement was published elsewhere, with a picture of it."""

    url = forms.URLField(label="网址", max_length=500, assume_scheme="https")
    posted_at = forms.DateTimeField(
        label="网站发布时间", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    screenshot = FileField(label="网页截图", help_text="PNG、JPG 或 PDF，能看清网址、标题和日期。")
    note = forms.CharField(label="说明", max_length=200, required=False)


class ReasonForm(Plain):
    """Why a drawn list is given up."""

    reason = forms.CharField(label="作废理由", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ObjectionForm(Plain):
    """An objection as anybody sends it."""

    kind = forms.ChoiceField(label="异议类型", choices=ObjectionKind.choices)
    words = forms.CharField(
        label="异议内容",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="写明事实，如时间、人数、金额。",
    )
    evidence = forms.CharField(
        label="证据线索",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="可在何处核实；材料原件可送交经办机构。",
    )
    attachments = FilesField(label="证据材料", help_text="可选；PDF、JPG、PNG，最多 5 个，每个不超过 10 MB。")
    objector = forms.CharField(label="您的姓名或单位名称", max_length=60)
    contact = forms.CharField(label="联系方式", max_length=100, help_text="只用于核实和答复，加密保存，不公开。")


class CounterForm(ObjectionForm):
    """The same, entered by staff for somebody at the counter, on paper or on the telephone."""

    channel = forms.ChoiceField(
        label="渠道", choices=[choice for choice in Channel.choices if choice[0] != Channel.PUBLIC]
    )
    received_on = forms.DateField(label="收到日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class DecisionForm(Plain):
    """Upheld or dismissed, with the answer."""

    upheld = forms.ChoiceField(
        label="结论",
        choices=[
            ("", "请选择"),
            ("no", "异议不成立，继续办理"),
            ("again", "异议成立，按现有数据重新核定，另行公示"),
            ("yes", "异议成立，不予支付"),
        ],
        help_text="重新核定的，须先由经办更正数据；重新核定后从初审办起，以更正公告公布。",
    )
    answer = forms.CharField(
        label="答复",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="写入答复书：核实了什么、依据什么。不得写入他人的个人信息。",
    )
