"""Forms of dispatch: handing a roster in, papers that go with it, and what is done with an application."""

from __future__ import annotations

from typing import Any

from django import forms

from dispatch.enums import AttachmentKind, RevokeReason, VoucherReason


class Styled(forms.Form):
    """A form whose fields look like those of the house, also where a template sets them one by one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.BooleanField):
                continue
            wanted = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs.setdefault("class", wanted)


class RosterForm(forms.Form):
    """A roster, handed in at the counter for an agency."""

    uscc = forms.CharField(label="派遣单位统一社会信用代码", min_length=18, max_length=18)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    on = forms.DateField(label="申请日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    file = forms.FileField(
        label="名册", allow_empty_file=True, help_text="用模板填写的 .xlsx，或同样列名的 .csv。",
        error_messages={"required": "请选择名册文件。"},
    )  # fmt: skip

    def clean_uscc(self) -> str:
        """Letters raised, as the files have them."""
        return str(self.cleaned_data["uscc"]).strip().upper()


class RosterFileForm(Styled):
    """A roster alone: the agency and the year are known."""

    file = forms.FileField(label="名册", allow_empty_file=True, error_messages={"required": "请选择名册文件。"})


class ReplacementForm(forms.Form):
    """A corrected roster of a paid application: the parts that differ are closed and others take their place."""

    file = forms.FileField(
        label="更正后的名册", allow_empty_file=True, help_text="整份名册，合计须与已拨付的金额一致。",
        error_messages={"required": "请选择名册文件。"},
    )  # fmt: skip
    reason = forms.CharField(label="理由和依据", max_length=250)
    new_due_on = forms.DateField(
        label="新增份额的转付期限", required=False, help_text="不填则与原期限相同。",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


class RosterDecisionForm(forms.Form):
    """What is done with a checked roster."""

    decision = forms.ChoiceField(choices=[(name, name) for name in ("submit", "draft", "discard", "again")])


class AttachmentForm(Styled):
    """A paper that goes with an application."""

    kind = forms.ChoiceField(label="种类", choices=AttachmentKind.choices)
    file = forms.FileField(label="文件", help_text="PDF、JPG 或 PNG。", error_messages={"required": "请选择文件。"})


class ApplicationForm(forms.Form):
    """What is done with an application; the operation says what is missing."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("send_back", "take_up", "withdraw", "submit")])
    note = forms.CharField(label="理由", max_length=300, required=False)


def _day(label: str, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class VoucherForm(Styled):
    """A bank receipt that an agency hands in for a host's part."""

    file = forms.FileField(
        label="银行回单", help_text="PDF、JPG 或 PNG，可直接拍照。", error_messages={"required": "请上传银行回单。"},
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )  # fmt: skip
    amount = forms.DecimalField(label="金额（元）", max_digits=14, decimal_places=2, min_value=0)
    paid_on = _day("付款日期")
    receipt_no = forms.CharField(label="回单号", max_length=80, help_text="每个回单号只能使用一次。")
    payer_name = forms.CharField(label="付款户名", max_length=200, required=False)
    payer_tail = forms.CharField(label="付款账号末四位", max_length=4, required=False)
    payee_name = forms.CharField(label="收款户名", max_length=200, required=False)
    payee_tail = forms.CharField(label="收款账号末四位", max_length=4, required=False)


class DecisionForm(forms.Form):
    """What somebody says of a voucher."""

    decision = forms.ChoiceField(choices=[("verified", "核实"), ("rejected", "不通过")])
    reason_code = forms.ChoiceField(label="原因", choices=[("", "请选择"), *VoucherReason.choices], required=False)
    reason = forms.CharField(label="说明", max_length=300, required=False)


class AnnulForm(forms.Form):
    """Why a verified voucher counts no more."""

    code = forms.ChoiceField(label="原因", choices=VoucherReason.choices)
    found_by = forms.ChoiceField(
        label="发现方式", choices=[("audit", "稽核"), ("objection", "异议"), ("host", "用工单位反映")]
    )
    words = forms.CharField(label="理由和依据", max_length=300)


class ReturnForm(forms.Form):
    """Money that came back to the fund for a part, by the fund's bank receipt."""

    amount = forms.DecimalField(label="退回金额（元）", max_digits=14, decimal_places=2, min_value=0)
    returned_on = _day("退回日期")
    bank_ref = forms.CharField(label="银行流水号", max_length=80)


class ExtensionForm(forms.Form):
    """A later deadline, once."""

    until = _day("延至")
    reason = forms.CharField(label="理由", max_length=300)


class BarForm(forms.Form):
    """A supervisor's decision about a bar; the operation says what is missing."""

    action = forms.ChoiceField(choices=[("confirm", "查实"), ("revoke", "撤销")])
    decision_no = forms.CharField(label="决定书文号", max_length=60, required=False)
    delivered_on = _day("送达日期", required=False)
    code = forms.ChoiceField(label="撤销原因", choices=RevokeReason.choices, required=False)
    words = forms.CharField(label="说明", max_length=300, required=False)
    strike_off = forms.BooleanField(label="尚未退回的部分不再追回", required=False)


class AnswerForm(Styled):
    """What an agency says to a proposed bar."""

    text = forms.CharField(label="申辩内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
    file = forms.FileField(label="材料", required=False, help_text="PDF、JPG 或 PNG，可不上传。")
