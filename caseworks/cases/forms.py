"""Forms of the review: a bulk pass as it was shown, and what is done on the page of one case."""

from __future__ import annotations

from django import forms

from caseworks.cases.enums import SendBackReason, Stage


class BulkForm(forms.Form):
    """A bulk pass with the count and the sum that were shown."""

    count = forms.IntegerField(min_value=1)
    amount = forms.DecimalField(max_digits=16, decimal_places=2)
    opinion = forms.CharField(label="意见", max_length=500, required=False)
    keep = forms.BooleanField(label="存为常用意见", required=False)


class AttachForm(forms.Form):
    """A file beside a case; what it is, is looked at by `base.files`."""

    file = forms.FileField(label="文件", error_messages={"required": "请选择文件。", "empty": "文件是空的。"})
    words = forms.CharField(label="说明", max_length=200, error_messages={"required": "请写明附件说明。"})


class ActForm(forms.Form):
    """What somebody does with one case; the operation says what is missing."""

    action = forms.CharField(max_length=20)
    opinion = forms.CharField(label="意见", max_length=2000, required=False)
    stage = forms.ChoiceField(choices=Stage.choices, required=False)
    amount = forms.DecimalField(max_digits=14, decimal_places=2, required=False)
    flag = forms.CharField(max_length=40, required=False)
    keep = forms.BooleanField(label="存为常用意见", required=False)
    onward = forms.BooleanField(required=False)
    reasons = forms.MultipleChoiceField(label="退回原因", choices=SendBackReason.choices, required=False)
