"""The query forms of the batches and the payments: their state lives in the address."""

from __future__ import annotations

from django import forms
from django.db.models import Q, QuerySet

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from caseworks.base.subjects import key_of
from caseworks.cases.enums import Scheme
from caseworks.money import batch_states
from caseworks.money.enums import GOING, BatchStatus, PaymentStatus
from caseworks.money.models import PaymentQuerySet
from caseworks.money.models.batches import BatchQuerySet
from caseworks.registry.models import AccountDeclaration, Unit

SCHEMES = [("", "全部"), *Scheme.choices]
ORDERS = {"newest": Order("新近在前", ("pk",), descending=True)}


class BatchFilter(FilterForm):
    """Which batches: of a scheme, by year and state."""

    more = ("sent_from", "sent_to")

    scheme = forms.ChoiceField(label="业务", choices=SCHEMES)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    status = forms.ChoiceField(
        label="状态",
        choices=[
            ("", "全部"),
            ("going", "已放行、未送银行"),
            *BatchStatus.choices,
            ("已送银行的", list(batch_states.STATES.items())),
        ],
    )
    text = forms.CharField(label="批次号", min_length=2, max_length=24)
    sent_from = forms.DateField(label="送银行日期起", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    sent_to = forms.DateField(label="送银行日期止", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def applied(self, rows: BatchQuerySet) -> BatchQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["scheme"]:
            rows = rows.filter(scheme=given["scheme"])
        if given["year"]:
            rows = rows.filter(year=given["year"])
        if given["status"] == "going":
            rows = rows.filter(status__in=GOING)
        elif given["status"] in batch_states.STATES:
            rows = batch_states.standing_at(rows, given["status"])
        elif given["status"]:
            rows = rows.filter(status=given["status"])
        if given["text"]:
            rows = rows.filter(batch_no__contains=given["text"].strip().upper())
        if given["sent_from"]:
            rows = rows.filter(sent_on__gte=given["sent_from"])
        if given["sent_to"]:
            rows = rows.filter(sent_on__lte=given["sent_to"])
        return rows


class PaymentFilter(FilterForm):
    """Which payments: of a scheme, by year, state, name, code or number."""

    scheme = forms.ChoiceField(label="业务", choices=SCHEMES)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *PaymentStatus.choices])
    text = forms.CharField(label="名称、代码或支付编号", min_length=2, max_length=100)

    def applied(self, rows: PaymentQuerySet) -> PaymentQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["scheme"]:
            rows = rows.filter(scheme=given["scheme"])
        if given["year"]:
            rows = rows.filter(year=given["year"])
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(subject=key_of(text)) | Q(payment_no=text.upper()))
        return rows


class ReturnedFilter(FilterForm):
    """Which returned payments: of a scheme, by year, name, code or number, and by what the bank said."""

    scheme = forms.ChoiceField(label="业务", choices=SCHEMES)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    text = forms.CharField(label="名称、代码或支付编号", min_length=2, max_length=100)
    reason = forms.CharField(label="银行原话", min_length=2, max_length=60)

    def applied(self, rows: PaymentQuerySet) -> PaymentQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        if given["scheme"]:
            rows = rows.filter(scheme=given["scheme"])
        if given["year"]:
            rows = rows.filter(year=given["year"])
        if given["text"]:
            text = given["text"].strip()
            rows = rows.filter(Q(name__contains=text) | Q(subject=key_of(text)) | Q(payment_no=text.upper()))
        if given["reason"]:
            rows = rows.filter(reason__contains=given["reason"].strip())
        return rows


class DeclarationFilter(FilterForm):
    """Which declarations, or units that have none: by name or code."""

    kept = ("order", "rows", "show")

    text = forms.CharField(label="单位名称或信用代码", min_length=2, max_length=100)

    @property
    def _text(self) -> str:
        return str(self.cleaned_data["text"] or "").strip() if self.is_valid() else ""

    def units(self, rows: QuerySet[Unit]) -> QuerySet[Unit]:
        """The units that meet the condition."""
        return rows.filter(Q(name__contains=self._text) | Q(uscc=self._text.upper())) if self._text else rows

    def declarations(self, rows: QuerySet[AccountDeclaration]) -> QuerySet[AccountDeclaration]:
        """The declarations of such units."""
        if not self._text:
            return rows
        named = Unit.objects.filter(name__contains=self._text).values("uscc")
        return rows.filter(Q(uscc__in=named) | Q(uscc=self._text.upper()))
