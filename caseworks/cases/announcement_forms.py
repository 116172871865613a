"""Forms of announcements and objections."""

from __future__ import annotations

from typing import Any

from django import forms

from caseworks.cases.enums import Channel, ObjectionKind


class Plain(forms.Form):
    """Fields in the markup of our pages."""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.HiddenInput):
                field.widget.attrs["class"] = (
                    "form-select" if isinstance(field.widget, forms.Select) else "form-control"
                )


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
    objector = forms.CharField(label="您的姓名或单位名称", max_length=60)
    contact = forms.CharField(label="联系方式", max_length=100, help_text="只用于核实和答复，加密保存，不公开。")


class CounterForm(ObjectionForm):
    """The same, entered by staff for somebody at the counter, on paper or on the telephone."""

    channel = forms.ChoiceField(
        label="渠道", choices=[choice for choice in Channel.choices if choice[0] != Channel.PUBLIC]
    )
    received_on = forms.DateField(label="收到日期", widget=forms.DateInput(attrs={"type": "date"}))


class DecisionForm(Plain):
    """Upheld or dismissed, with the answer."""

    upheld = forms.ChoiceField(
        label="结论", choices=[("", "请选择"), ("no", "异议不成立，继续办理"), ("yes", "异议成立，不予支付")]
    )
    answer = forms.CharField(label="答复", max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
