"""基金月报: the months of the fund on record, and entering one. (N6.1, J4.3)"""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage, Order
from caseworks.money import fund
from caseworks.money.models import FundMonth
from caseworks.people.access import access
from caseworks.people.actors import Actor

ORDERS = {"new": Order("最近登记", ("pk",), descending=True)}


class MonthForm(forms.Form):
    """One month of a region's fund."""

    region = forms.RegexField(
        label="行政区划代码", regex=r"^\d{6}$", error_messages={"invalid": "请填写 6 位数字，省级如 220000。"}
    )
    period = forms.RegexField(
        label="月份", regex=r"^\d{4}-(0[1-9]|1[0-2])$", error_messages={"invalid": "请写作 2024-06。"}
    )
    balance = forms.DecimalField(label="月末滚存结余（元）", max_digits=16, decimal_places=2)
    expenditure = forms.DecimalField(label="当月基金支出（元）", max_digits=16, decimal_places=2, min_value=0)
    living = forms.DecimalField(
        label="其中保生活支出（元）", max_digits=16, decimal_places=2, min_value=0,
        help_text="失业保险金、代缴基本医疗保险费、价格临时补贴等",
    )  # fmt: skip
    source = forms.CharField(label="数据来源", max_length=200, help_text="如：失业保险基金 2024 年 6 月财务月报")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


@access("fund.view")
@require_http_methods(["GET", "HEAD", "POST"])
def month_list(request: HttpRequest) -> HttpResponse:
    """What is on record, the newest first; finance enters the next month."""
    may_record = request.user.has_perm("fund.record")
    form = MonthForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            done = fund.record(**form.cleaned_data, by=Actor.of_request(request), at=at, on=timezone.localdate(at))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已登记地区 {done.region} {done.period} 的基金月报。")
            return redirect("money:fund_months")
    page = KeysetPage(FundMonth.objects.all(), ORDERS, request.GET, size=20)
    return render(request, "money/fund_months.html", {"form": form, "page": page, "may_record": may_record})
