"""Forms of the money pages: what was shown goes along with what is signed."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from caseworks.cases.enums import Scheme


class ShownForm(forms.Form):
    """The count and the sum that were shown."""

    count = forms.IntegerField(min_value=0)
    amount = forms.DecimalField(max_digits=16, decimal_places=2)


class DrawForm(ShownForm):
    """Drawing up what was shown, of a scheme's policy year."""

    scheme = forms.ChoiceField(choices=Scheme.choices, required=False)
    year = forms.IntegerField(min_value=2000, max_value=2100)


class BatchForm(forms.Form):
    """What is done with one batch; the operation says what is missing."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("release", "report", "receipt", "send", "dissolve")])
    count = forms.IntegerField(min_value=0, required=False)
    amount = forms.DecimalField(max_digits=16, decimal_places=2, required=False)
    reason = forms.CharField(label="理由", max_length=300, required=False)
    number = forms.CharField(label="文号", max_length=80, required=False)
    voucher = forms.CharField(label="凭证号", max_length=80, required=False)
    on = forms.DateField(label="日期", required=False)


class PaymentForm(forms.Form):
    """What is done with one returned payment."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("keep", "resend")])
    words = forms.CharField(label="核实情况", max_length=300, required=False)


class ResendForm(forms.Form):
    """Which returned payments are to be paid again."""

    payments = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        field = self.fields["payments"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(value, value) for value in data.getlist("payments") if value.isdigit()]


class DeclarationForm(forms.Form):
    """Entering declarations of chosen units, or deciding about entered ones."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("declare", "confirm", "refuse", "end")])
    units = forms.TypedMultipleChoiceField(coerce=str, required=False)
    declarations = forms.TypedMultipleChoiceField(coerce=int, required=False)
    source = forms.CharField(label="来源", max_length=200, required=False)
    declared_on = forms.DateField(
        label="声明日期", required=False, error_messages={"invalid": "声明日期应为 YYYY-MM-DD。"}
    )
    file = forms.FileField(label="声明材料", required=False)
    because = forms.CharField(label="理由", max_length=300, required=False)

    def __init__(
        self, data: QueryDict | None = None, uploaded: MultiValueDict[str, UploadedFile] | None = None
    ) -> None:
        super().__init__(data, uploaded)
        for name in ("units", "declarations"):
            field = self.fields[name]
            assert isinstance(field, forms.TypedMultipleChoiceField)
            field.choices = [(value, value) for value in (data.getlist(name) if data else []) if value.isalnum()]


class ResultForm(forms.Form):
    """A file of bank results."""

    file = forms.FileField(label="银行回盘文件")

    def clean_file(self) -> UploadedFile:
        """Within the limit of uploads."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > settings.UPLOAD_LIMIT:
            raise forms.ValidationError(f"文件超过 {settings.UPLOAD_LIMIT >> 20} MB。")
        return file


class StatementForm(ResultForm):
    """A bank statement of an office's account."""

    office = forms.IntegerField(label="账户机构")


class ReconcileForm(forms.Form):
    """What is done in a month of an account."""

    action = forms.ChoiceField(
        choices=[(name, name) for name in ("settle", "note", "match", "unmatch", "propose", "close", "reopen")]
    )
    row = forms.IntegerField(required=False)
    movements = forms.TypedMultipleChoiceField(coerce=int, required=False)
    because = forms.CharField(max_length=300, required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        field = self.fields["movements"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(value, value) for value in data.getlist("movements") if value.isdigit()]
