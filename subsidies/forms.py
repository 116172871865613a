"""The forms of taking claims: at the counter, in bulk, in the portal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict

from caseworks.base.enums import IdType
from caseworks.base.identifiers import citizen_id_problem, normalise


class PlainForm(forms.Form):
    """A form in the desk's look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for bound in self.fields.values():
            style = "form-select" if isinstance(bound.widget, forms.Select) else "form-control"
            bound.widget.attrs.setdefault("class", style)


class NumberForm(PlainForm):
    """The ID number alone: the bureau looks everything else up (N5.4)."""

    id_no = forms.CharField(
        label="证件号码", max_length=30, help_text="身份证或社保卡上的号码，其余信息由系统查出",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "inputmode": "text", "class": "form-control code"}),
    )  # fmt: skip
    id_type = forms.ChoiceField(label="证件类型", choices=IdType.choices, initial=IdType.RESIDENT_ID.value)

    def clean(self) -> dict[str, Any]:
        """The number by its type. (GB 11643)"""
        given = super().clean() or {}
        number = normalise(str(given.get("id_no", "")), identifier=True)
        problem = citizen_id_problem(number, str(given.get("id_type") or IdType.RESIDENT_ID)) if number else None
        if problem:
            self.add_error("id_no", f"{problem}，请核对。")
        given["id_no"] = number
        return given


class TakeForm(PlainForm):
    """Which certificates are claimed for, and on which day; a number that the register does not have may be written."""

    token = forms.CharField(widget=forms.HiddenInput)
    certificates = forms.MultipleChoiceField(label="证书", required=False, widget=forms.CheckboxSelectMultiple)
    other = forms.CharField(
        label="其他证书编号",
        required=False,
        max_length=60,
        help_text="登记中查不到的证书，填编号受理，系统留存查询记录",
    )
    applied_on = forms.DateField(
        label="申领日期", widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        help_text="材料收到之日，不晚于今天",
    )  # fmt: skip

    def __init__(self, *args: Any, numbers: list[str], on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        chosen = self.fields["certificates"]
        assert isinstance(chosen, forms.MultipleChoiceField)
        chosen.choices = [(number, number) for number in numbers]

    def clean(self) -> dict[str, Any]:
        """One certificate at least, and a day that has come."""
        given = super().clean() or {}
        if not given.get("certificates") and not normalise(str(given.get("other") or "")):
            self.add_error("certificates", "请选择要申领的证书，或填写证书编号。")
        day = given.get("applied_on")
        if day and day > self.on:
            self.add_error("applied_on", "申领日期不能晚于今天。")
        return given

    @property
    def wanted(self) -> list[str]:
        """The certificate numbers, each once."""
        other = normalise(str(self.cleaned_data.get("other") or ""))
        return list(dict.fromkeys([*self.cleaned_data["certificates"], *([other] if other else [])]))


class FileForm(PlainForm):
    """A file of claims and its policy year."""

    year = forms.TypedChoiceField(label="政策年度", coerce=int, help_text="按收到申领的年度")
    file = forms.FileField(label="申领文件", help_text="CSV（UTF-8 或 GB18030）或 .xlsx：证件号码、证书编号、申请日期")

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        year = self.fields["year"]
        assert isinstance(year, forms.ChoiceField)
        year.choices = [(found, f"{found} 年度") for found in years]
        self.fields["file"].widget.attrs |= {"accept": ".csv,.xlsx", "data-limit": settings.UPLOAD_LIMIT}


class DismissForm(PlainForm):
    """Why a finding is no double benefit."""

    because = forms.CharField(label="不构成重复享受的理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class CardForm(PlainForm):
    """Another social-security card, and where it was read; the number is typed twice, a wrong one comes back weeks later."""

    bank = forms.CharField(label="发卡银行", max_length=200)
    account = forms.CharField(
        label="社会保障卡银行账号", max_length=40,
        widget=forms.TextInput(attrs={"class": "form-control code", "inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    again = forms.CharField(
        label="再输一次账号", max_length=40,
        widget=forms.TextInput(attrs={"class": "form-control code", "inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    active = forms.TypedChoiceField(
        label="金融功能", choices=[("yes", "已激活"), ("no", "未激活")], coerce=lambda text: text == "yes"
    )
    source = forms.CharField(label="依据", max_length=200, help_text="如“本人出示新卡，读卡核对”")

    def clean_account(self) -> str:
        """Digits, 12 to 32 of them."""
        found = normalise(self.cleaned_data["account"], identifier=True).replace(" ", "").replace("-", "")
        if not (found.isascii() and found.isdigit() and 12 <= len(found) <= 32):
            raise forms.ValidationError("社会保障卡银行账号应为 12 至 32 位数字。")
        return found

    def clean(self) -> dict[str, Any]:
        """Both numbers are the same."""
        given = super().clean() or {}
        again = normalise(str(given.get("again") or ""), identifier=True).replace(" ", "").replace("-", "")
        if "account" in given and given["account"] != again:
            self.add_error("again", "两次输入的账号不一致，请核对。")
        return given


class CardDecisionForm(PlainForm):
    """Confirm or refuse the chosen changes, or all of them, of which there were so many."""

    cards = forms.TypedMultipleChoiceField(coerce=int, required=False)
    everything = forms.IntegerField(required=False, min_value=1)
    decision = forms.ChoiceField(choices=[("confirm", "启用"), ("refuse", "退回")])
    because = forms.CharField(label="退回理由", required=False, max_length=300)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        chosen = self.fields["cards"]
        assert isinstance(chosen, forms.TypedMultipleChoiceField)
        chosen.choices = [(value, value) for value in (data.getlist("cards") if data else []) if value.isdigit()]

    def clean(self) -> dict[str, Any]:
        """Something was chosen."""
        given = super().clean() or {}
        if not given.get("cards") and given.get("everything") is None:
            raise forms.ValidationError("没有选择社保卡变更，未作任何更改。")
        return given


class EnterForm(PlainForm):
    """Who a worker is: the number, and the phone that the bureau has registered."""

    id_no = forms.CharField(label="证件号码", max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(
        label="登记的手机号码", max_length=20, help_text="与参保登记一致的号码；换号请先到窗口更正",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )  # fmt: skip


class CodeForm(PlainForm):
    """The code that came by short message."""

    code = forms.CharField(
        label="短信验证码", max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip


class MyClaimForm(PlainForm):
    """A certificate that the register does not have: its number is enough."""

    cert_no = forms.CharField(label="证书编号", max_length=60)
