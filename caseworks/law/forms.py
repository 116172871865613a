"""Forms of the supervisors' policy and calendar pages: a wrong figure never leaves the form."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from caseworks.law import calendar_files
from caseworks.law.calendar_files import CalendarFileErrors
from caseworks.law.enums import DayKind, PolicyStatus
from caseworks.law.figures import Figure, codes_of, plain, value_of
from caseworks.law.models import Policy, PolicyFigure
from caseworks.law.schemes import parameters_of

SWITCH = [("1", "启用"), ("0", "停用")]
TEXT_LIMIT = 500
CSV_LIMIT = 256 * 1024  # bytes; a year has some forty lines


def a_day() -> forms.DateInput:
    """The browser's own date picker, YYYY-MM-DD."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def parsed(raw: str, kind: str) -> tuple[Decimal | None, str]:
    """What was typed, as the number and the text to store; 30% and 1,000.00 are understood."""
    text = raw.strip()
    if kind in ("text", "date"):
        if len(text) > TEXT_LIMIT:
            raise ValidationError(f"文字不能超过 {TEXT_LIMIT} 个字")
        return None, text
    if not text:
        return None, ""
    percent = text.endswith(("%", "％"))
    try:
        number = Decimal(text.rstrip("%％").replace(",", "").strip())
    except InvalidOperation:
        raise ValidationError(f"应为数字，现为 {text}") from None
    number = number / 100 if percent else number
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        raise ValidationError("数字太大")
    if number != number.quantize(Decimal("0.000001")):
        raise ValidationError(f"最多六位小数，现为 {text}")
    return number, ""


class FigureForm(forms.ModelForm):
    """One figure of a draft: its value as people write it, the clause and a note."""

    value = forms.CharField(label="数值", required=False)

    class Meta:
        model = PolicyFigure
        fields = ("clause", "note")
        widgets = {
            "clause": forms.TextInput(attrs={"size": 46}),
            "note": forms.TextInput(attrs={"size": 30}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        figure = self.instance.figure
        spec = self.spec()
        choices = list(spec.get("choices", {}).items())
        self.initial["value"] = figure.text if figure.number is None else plain(figure.number)
        if figure.kind == "switch":
            self.fields["value"] = forms.ChoiceField(label="数值", choices=SWITCH)
        elif choices and spec["many"]:
            several = forms.CheckboxSelectMultiple
            self.fields["value"] = forms.MultipleChoiceField(
                label="数值", choices=choices, required=False, widget=several
            )
            self.initial["value"] = list(codes_of(figure.text))
        elif choices:
            self.fields["value"] = forms.ChoiceField(label="数值", choices=choices)
        elif figure.kind == "date":
            self.fields["value"].widget = a_day()

    def spec(self) -> dict[str, Any]:
        """What the scheme says about this figure; nothing about a rule's switch."""
        if not self.instance.policy_id:
            return {}
        fields = parameters_of(self.instance.policy.scheme).figure_fields()
        return next((dict(f.metadata) for f in fields if f.name == self.instance.name), {})

    def clean_value(self) -> str:
        """The scheme's own bounds, in its words."""
        chosen, kind = self.cleaned_data.get("value") or "", self.instance.kind
        raw = ";".join(chosen) if isinstance(chosen, list) else chosen
        number, text = parsed(raw, kind)
        if kind == "switch" and number not in (0, 1):
            raise ValidationError("开关只能是启用或停用")
        spec = self.spec()
        if spec:
            try:
                value_of(Figure(self.instance.name, kind, number, text), spec)
            except ValueError as error:
                raise ValidationError(str(error)) from None
        self.instance.number, self.instance.text = number, text
        return raw


class FigureFormSet(forms.BaseInlineFormSet):
    """All figures of a draft: together they must make the scheme's Parameters."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or not self.instance.pk:
            return
        figures = {form.instance.name: form.instance.figure for form in self.forms}
        for problem in parameters_of(self.instance.scheme).problems(figures):
            raise ValidationError(f"{problem.name}：{problem.message}")


class DocumentsField(forms.CharField):
    """The documents of a row: a line each, number | title | date."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 100})
    help = "每行一件：文号 | 名称 | 日期（YYYY-MM-DD，可空），如 吉人社联〔2024〕43号 | | 2024-05-21"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="文件", help_text=self.help, **kwargs)

    @staticmethod
    def shown(documents: list[dict[str, str]]) -> str:
        return "\n".join(" | ".join([d["number"], d.get("title", ""), d.get("date", "")]) for d in documents)

    def clean(self, value: Any) -> Any:
        documents = []
        for line in (super().clean(value) or "").splitlines():
            if not line.strip():
                continue
            number, title, day = ([part.strip() for part in line.replace("｜", "|").split("|")] + ["", ""])[:3]
            if not number:
                raise ValidationError(f"缺少文号：{line.strip()}")
            if day:
                try:
                    datetime.date.fromisoformat(day)
                except ValueError:
                    raise ValidationError(f"日期应为 YYYY-MM-DD：{day}") from None
            documents.append({"number": number, "title": title, "date": day})
        if not documents:
            raise ValidationError("至少写一件文件的文号。")
        return documents


class PolicyForm(forms.ModelForm):
    """The head of a draft; scheme, region, year and version stay."""

    documents_text = DocumentsField()

    class Meta:
        model = Policy
        fields: tuple[str, ...] = ("title", "effective_from", "effective_to", "note")
        widgets = {
            "title": forms.TextInput(attrs={"size": 80}),
            "effective_from": a_day(),
            "effective_to": a_day(),
            "note": forms.Textarea(attrs={"rows": 3, "cols": 100}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("documents_text", DocumentsField.shown(self.instance.documents or []))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("effective_from"), data.get("effective_to")
        if first and last and last < first:
            self.add_error("effective_to", "受理止不能早于施行起。")
        if "documents_text" in data:
            self.instance.documents = data["documents_text"]
        return data

    def _get_validation_exclusions(self) -> set[str]:
        """The dates are compared above, in words; the database compares them once more."""
        return super()._get_validation_exclusions() | {"effective_from", "effective_to"}  # type: ignore[misc]


class NewPolicyForm(PolicyForm):
    """A new row after the pattern of another one, whose figures it takes over."""

    source = forms.ModelChoiceField(
        label="底稿", queryset=Policy.objects.none(), help_text="业务和各项参数照此复制，保存后再修改"
    )

    class Meta(PolicyForm.Meta):
        fields = ("region", "year", "title", "effective_from", "effective_to", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = Policy.objects.exclude(status=PolicyStatus.SUPERSEDED)  # type: ignore[attr-defined]


class ForceForm(forms.Form):
    """The signature under a row: what was shown, and that it was checked."""

    shown = forms.CharField(widget=forms.HiddenInput)
    checked = forms.BooleanField(
        label="我已对照文件逐项核对，同意生效。生效后不能修改，只能由新版本替代。",
        error_messages={"required": "请先核对并勾选。"},
    )


class DayForm(forms.Form):
    """One day of the calendar."""

    day = forms.DateField(label="日期", widget=a_day())
    kind = forms.ChoiceField(label="类型", choices=[*DayKind.choices, ("", "按周（取消标注）")], required=False)
    name = forms.CharField(label="名称", max_length=40, required=False)


class YearForm(forms.Form):
    """A year's calendar as a file, with its source."""

    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    document = forms.CharField(
        label="来源文件", max_length=200, help_text="国务院办公厅通知的文号，如 国办发明电〔2025〕7号"
    )
    note = forms.CharField(label="来源说明", max_length=300, required=False)
    file = forms.FileField(
        label="CSV 文件",
        help_text="列：day,kind,name（或 日期,类型,名称）；类型为 off/放假 或 work/上班；UTF-8 或 GB18030",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        file, year = data.get("file"), data.get("year")
        if file is None or year is None:
            return data
        if file.size > CSV_LIMIT:
            self.add_error("file", "文件太大，不像一年的日历（上限 256 KB）。没有导入。")
            return data
        try:
            data["days"] = calendar_files.read(file.read(), year)
        except CalendarFileErrors as errors:
            self.add_error("file", [ValidationError(str(error)) for error in errors.errors])
        return data
