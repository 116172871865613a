"""What supervisors watch of findings: parts found wanting, by cause, and the list of them. (J2.9, N7.2)"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.urls import reverse

from caseworks.oversight.filters import ANY, ORDERS, PlaceForm
from caseworks.oversight.kernel import listed
from caseworks.oversight.lists import Column, ListSpec
from caseworks.oversight.measures import Measure
from caseworks.people.scope import scope_of
from dispatch.enums import Cause
from dispatch.models import Finding

_FINDINGS = """
    SELECT o.office_id, o.city_office_id, f.cause, NULL::date, count(*), sum(f.amount)
    FROM dispatch_finding f JOIN dispatch_obligation o ON o.id = f.obligation_id
    WHERE o.year = %(year)s GROUP BY 1, 2, 3
"""
MEASURE = Measure(
    "findings", "查实事项", _FINDINGS, lambda key, place: listed("findings", place, cause=key),
    words={cause.value: str(cause.label) for cause in Cause},
)  # fmt: skip


class FindingForm(PlaceForm):
    """Which findings: by cause."""

    prefix_to_case = "obligation__"
    more: ClassVar[tuple[str, ...]] = ("direct",)
    cause = forms.ChoiceField(label="原因", choices=[ANY, *Cause.choices])
    field_order = ("year", "office", "cause", "direct")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["scheme"]

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        self.cleaned_data["scheme"] = ""
        rows, cause = super().applied(rows), self.cleaned_data["cause"]
        return rows.filter(cause=cause) if cause else rows


LIST = ListSpec(
    "findings", "查实事项", "项", FindingForm,
    lambda person, on: scope_of(person, on).limit(
        Finding.objects.select_related("obligation__office", "recovery", "bar"), "obligation__"
    ),
    (
        Column("派遣单位", lambda row: row.obligation.name, "name"),
        Column("用工单位", lambda row: row.obligation.host_name or row.obligation.host_uscc),
        Column("经办机构", lambda row: row.obligation.office.name),
        Column("清查日", lambda row: row.as_of),
        Column("原因", lambda row: row.get_cause_display()),
        Column("追回", lambda row: row.recovery.get_status_display() if row.recovery else ""),
        Column("取消资格", lambda row: f"{row.bar.year} 年度 {row.bar.get_status_display()}" if row.bar else ""),
        Column("冲减（元）", lambda row: row.reduced, "money"),
        Column("应追回（元）", lambda row: row.amount, "money"),
    ),
    "amount",
    lambda row: reverse("dispatch:bar_detail", args=[row.bar_id]) if row.bar_id else (
        reverse("money:recovery_detail", args=[row.recovery_id]) if row.recovery_id else ""
    ),
    "派遣单位逾期未转付、凭证未通过的，清查后列在这里，打开是取消资格或追回。", ORDERS,
)  # fmt: skip
