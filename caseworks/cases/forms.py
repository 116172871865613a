"""Forms of the review: a bulk pass as it was shown, and what is done on the page of one case."""

from __future__ import annotations

from django import forms

from caseworks.cases.enums import SendBackReason, Stage


class BulkForm(forms.Form):
    """A bulk pass with the count and the sum that were shown."""

    count = forms.IntegerField(min_value=1)
    amount = forms.DecimalField(max_digits=16, decimal_places=2)
    opinion = forms.CharField(label="意见", max_length=500, required=False)


class ActForm(forms.Form):
    """What somebody does with one case; the operation says what is missing."""

    action = forms.CharField(max_length=20)
    opinion = forms.CharField(label="意见", max_length=2000, required=False)
    stage = forms.ChoiceField(choices=Stage.choices, required=False)
    amount = forms.DecimalField(max_digits=14, decimal_places=2, required=False)
    flag = forms.CharField(max_length=40, required=False)
    reasons = forms.MultipleChoiceField(label="退回原因", choices=SendBackReason.choices, required=False)
