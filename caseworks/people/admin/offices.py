"""机构."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.admin.operations import OperationAdmin, OperationForm
from caseworks.people.models import Office


class OfficeForm(OperationForm):
    """An office and its regions."""

    region_list = forms.CharField(
        label="管辖区划",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="行政区划代码或其前缀（2至6位数字），用空格或换行分隔。最长的前缀优先；未列出的区划归省级机构。",
    )

    class Meta:
        model = Office
        fields = ("code", "name", "level", "parent", "contact", "phone", "address", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["region_list"] = " ".join(self.instance.regions.values_list("prefix", flat=True))

    def check(self) -> None:
        """Codes and names are unique, and the form says so beside the field."""
        forms.ModelForm._post_clean(self)  # type: ignore[attr-defined]

    def operate(self, by: Actor) -> Office:
        """Save the office, then its regions."""
        office = offices.save(self.instance, by=by)
        offices.set_regions(office, filter(None, re.split(r"[\s,，、;；]+", self.cleaned_data["region_list"])), by=by)
        return office


@admin.register(Office)
class OfficeAdmin(OperationAdmin):
    """机构."""

    form = OfficeForm
    seat = "pk"
    list_display = ("code", "name", "level", "parent", "region_list", "is_active")
    list_filter = ("level", "is_active")
    search_fields = ("code", "name", "regions__prefix")
    list_select_related = ("parent",)

    @admin.display(description="管辖区划")
    def region_list(self, office: Office) -> str:
        """The prefixes, in one line."""
        return "、".join(region.prefix for region in office.regions.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Office]:
        """With their regions, in one further query."""
        return super().get_queryset(request).prefetch_related("regions")
