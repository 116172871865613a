"""Forms of the recovery pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from caseworks.cases.enums import Scheme
from caseworks.money.enums import RecoveryKind, RecoveryOrigin

FOUND_BY_HAND = (RecoveryOrigin.AUDIT, RecoveryOrigin.OBJECTION, RecoveryOrigin.USE_CHECK)
HOW = ("直接送达", "留置送达", "邮寄送达", "电子送达", "公告送达")


def day() -> forms.DateInput:
    """A date with the browser's picker."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Plain(forms.Form):
    """Fields in the markup of our pages."""

    def __init__(self, data: Any = None, uploaded: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, uploaded, initial=initial, label_suffix="")
        for field in self.fields.values():
            style = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs.setdefault("class", style)


class ClaimForm(Plain):
    """What a person found."""

    scheme = forms.ChoiceField(label="业务", choices=Scheme.choices)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    subject = forms.CharField(label="统一社会信用代码", max_length=64)
    kind = forms.ChoiceField(
        label="类别", choices=[(kind.value, kind.label) for kind in (RecoveryKind.OVERPAID, RecoveryKind.MISUSE)]
    )
    origin = forms.ChoiceField(label="发现方式", choices=[(origin.value, origin.label) for origin in FOUND_BY_HAND])
    amount = forms.DecimalField(label="应追回金额（元）", max_digits=14, decimal_places=2)
    reason = forms.CharField(
        label="事实", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), help_text="写入责令退回通知书"
    )
    basis = forms.CharField(label="依据", max_length=500, help_text="文件名称、文号和条款")

    def clean_subject(self) -> str:
        """As identifiers are written."""
        return str(self.cleaned_data["subject"]).strip().upper()


class StepForm(forms.Form):
    """What is done with one recovery; the operation says what is missing."""

    action = forms.ChoiceField(
        choices=[(name, name) for name in ("confirm", "withdraw", "notice", "deliver", "urge", "hand_over", "repay")]
    )
    note = forms.CharField(max_length=300, required=False)
    on = forms.DateField(required=False)
    how = forms.CharField(max_length=40, required=False)
    receiver = forms.CharField(max_length=100, required=False)
    proof = forms.FileField(required=False)
    to = forms.CharField(max_length=100, required=False)
    amount = forms.DecimalField(max_digits=14, decimal_places=2, required=False)
    bank_ref = forms.CharField(max_length=80, required=False)
    payer = forms.CharField(max_length=200, required=False)


class StatementForm(Plain):
    """A bank statement."""

    file = forms.FileField(label="银行流水文件")

    def clean_file(self) -> UploadedFile:
        """Within the limit of uploads."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > settings.UPLOAD_LIMIT:
            raise forms.ValidationError(f"文件超过 {settings.UPLOAD_LIMIT >> 20} MB。")
        return file
