"""Forms of the registry: an upload, a decision about accounts, a decision about voided records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator

from caseworks.registry.enums import Mode

PERIOD = RegexValidator(r"^\d{4}-(0[1-9]|1[0-2])$", "请按 YYYY-MM 填写，如 2023-01。")
REGION = RegexValidator(r"^([0-9]{2}){1,3}$", "请填写 2、4 或 6 位数字，如 22、2201 或 220102。")


class FilesInput(forms.ClearableFileInput):
    """A file field that takes several files in one go."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several uploaded files."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Each file on its own, so that the problem names the file."""
        files = data if isinstance(data, Sequence) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files if file] or [
            super().clean(None, initial)
        ]


class UploadForm(forms.Form):
    """Files to import: added to what is stored, or standing for all of a period and region."""

    # Reached as form["files"]; the form's own attribute of that name stays what Django made it.
    files = FilesField(  # type: ignore[assignment]
        label="文件",
        allow_empty_file=True,  # refused in our own words, with the file's name
        help_text="可一次选择多个 .csv 或 .xlsx 文件；文件名如 units.csv、accounts.csv、contributions.csv。",
        error_messages={"required": "请选择要上传的文件。", "invalid": "没有收到文件，请重新选择。"},
    )
    mode = forms.ChoiceField(label="方式", choices=Mode.choices, initial=Mode.ADD, widget=forms.RadioSelect)
    period_from = forms.CharField(label="起始期", required=False, validators=[PERIOD], help_text="YYYY-MM")
    period_to = forms.CharField(label="截止期", required=False, validators=[PERIOD], help_text="YYYY-MM")
    region = forms.CharField(
        label="行政区划代码（前缀）", required=False, validators=[REGION], help_text="22 为全省，2201 为全市"
    )

    def __init__(self, data: Any = None, files: Any = None, *, prefixes: tuple[str, ...] | None = None) -> None:
        super().__init__(data, files, label_suffix="")
        self.prefixes = prefixes
        for name in ("period_from", "period_to"):
            self.fields[name].widget.attrs |= {"placeholder": "2023-01", "inputmode": "numeric"}

    def clean_region(self) -> str:
        """A replacing file stands for regions of the person's own offices."""
        region = str(self.cleaned_data["region"])
        if region and self.prefixes is not None and not region.startswith(self.prefixes):
            raise forms.ValidationError(f"不在您机构的管辖范围内（{'、'.join(self.prefixes)}）。")
        return region

    def clean(self) -> dict[str, Any]:
        """A replacing file stands for a period and a region, both named."""
        cleaned = super().clean() or {}
        if cleaned.get("mode") != Mode.REPLACE:
            return cleaned | {"period_from": "", "period_to": "", "region": ""}
        for name in ("period_from", "period_to", "region"):
            if name in cleaned and not cleaned[name]:
                self.add_error(name, "替换导入须填写：范围内不再出现的记录会列为待作废。")
        start, end = cleaned.get("period_from"), cleaned.get("period_to")
        if start and end and start > end:
            self.add_error("period_to", "截止期早于起始期。")
        return cleaned


class AccountDecisionForm(forms.Form):
    """Confirm or refuse the chosen accounts; a refusal says why."""

    accounts = forms.TypedMultipleChoiceField(coerce=int, error_messages={"required": "没有选择账户，未作任何更改。"})
    decision = forms.ChoiceField(choices=[("confirm", "确认"), ("refuse", "退回")])
    because = forms.CharField(
        label="退回理由", required=False, max_length=300, widget=forms.TextInput(attrs={"class": "form-control"})
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data, label_suffix="")  # type: ignore[arg-type]
        chosen = data.getlist("accounts") if hasattr(data, "getlist") else []
        field = self.fields["accounts"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(value, value) for value in chosen if value.isdigit()]

    def clean(self) -> dict[str, object]:
        """A refusal without a reason is none."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("because"):
            raise forms.ValidationError("请填写退回理由。未作任何更改。")
        return cleaned


class RetirementDecisionForm(forms.Form):
    """Void or keep the records that upstream no longer has; all of a file, or the chosen ones."""

    decision = forms.ChoiceField(choices=[("confirm", "作废"), ("keep", "保留")])
    everything = forms.BooleanField(required=False)
    expected = forms.IntegerField(required=False, min_value=0)
    rows = forms.TypedMultipleChoiceField(coerce=int, required=False)
    because = forms.CharField(
        label="说明", required=False, max_length=300, widget=forms.TextInput(attrs={"class": "form-control"})
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        chosen = data.getlist("rows") if hasattr(data, "getlist") else []
        field = self.fields["rows"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(value, value) for value in chosen if value.isdigit()]

    def clean(self) -> dict[str, Any]:
        """Something must be chosen; keeping a record says why."""
        cleaned = super().clean() or {}
        if not cleaned.get("everything") and not cleaned.get("rows"):
            raise forms.ValidationError("没有选择记录，未作任何更改。")
        if cleaned.get("decision") == "keep" and not cleaned.get("because"):
            raise forms.ValidationError("请填写保留的说明。未作任何更改。")
        return cleaned
