"""Forms in which an account is handed in: by the unit in the portal, or by a clerk at the counter. (N5.2)"""

from __future__ import annotations

from typing import Any

from django import forms

from caseworks.base.enums import AccountKind
from caseworks.base.identifiers import normalise


class AccountForm(forms.Form):
    """A corporate account; the number is typed twice, since a wrong one comes back from the bank weeks later."""

    account_name = forms.CharField(label="户名", max_length=200, help_text="须与单位名称一致")
    account_no = forms.CharField(
        label="银行账号", max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )
    account_again = forms.CharField(
        label="再次输入银行账号",
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    bank_name = forms.CharField(label="开户银行", max_length=200, help_text="写到支行，如“示例银行长春人民大街支行”")
    bank_code = forms.CharField(label="联行号", max_length=40, required=False, help_text="12 位数字，不清楚可以不填")

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        for bound in self.fields.values():
            bound.widget.attrs.setdefault("class", "form-control")

    def clean_account_no(self) -> str:
        """Digits, 8 to 32 of them; spaces between do no harm."""
        return _digits(self.cleaned_data["account_no"], 8, 32, "银行账号应为 8 至 32 位数字。")

    def clean_bank_code(self) -> str:
        """Twelve digits, or nothing."""
        text: str = self.cleaned_data["bank_code"]
        return _digits(text, 12, 12, "联行号应为 12 位数字。") if text else ""

    def clean(self) -> dict[str, Any]:
        """Both numbers are the same."""
        given: dict[str, Any] = self.cleaned_data
        if "account_no" in given and given["account_no"] != _bare(given.get("account_again") or ""):
            self.add_error("account_again", "两次输入的账号不一致，请核对。")
        return given


class CounterAccountForm(AccountForm):
    """The same at the counter, with its kind and on what it stands."""

    kind = forms.ChoiceField(
        label="账户类型",
        choices=AccountKind.choices,
        help_text="缴税账户：税务部门协助提供的缴纳社会保险费的账户，另须登记“无对公账户声明”，仅限小微企业和个体工商户（N5.2）。",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    source = forms.CharField(
        label="来源", max_length=160, help_text="如：单位书面提供的开户许可证、税务部门协查函〔2024〕12号"
    )
    sourced_on = forms.DateField(
        label="来源日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "来源日期应为 YYYY-MM-DD。"},
    )
    field_order = ("kind",)


def _digits(text: str, least: int, most: int, words: str) -> str:
    found = _bare(text)
    if not (found.isascii() and found.isdigit() and least <= len(found) <= most):
        raise forms.ValidationError(words)
    return found


def _bare(text: str) -> str:
    return normalise(text, identifier=True).replace("-", "").replace(" ", "")
