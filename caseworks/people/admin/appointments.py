"""任职 and 代理."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.people import appointments
from caseworks.people.actors import Actor
from caseworks.people.admin.operations import OperationAdmin, OperationForm
from caseworks.people.models import Appointment, StandIn


class AppointmentForm(OperationForm):
    """A new appointment, or the end of one."""

    class Meta:
        model = Appointment
        fields = ("person", "office", "role", "since", "until")

    def operate(self, by: Actor) -> Appointment:
        """Appoint, or end on the given last day."""
        data = self.cleaned_data
        if self.instance.pk is None:
            return appointments.appoint(
                data["person"],
                office=data["office"],
                role=data["role"],
                since=data["since"],
                until=data["until"],
                by=by,
                at=timezone.now(),
            )
        if data["until"] is None:
            raise Refusal("请填写截止日（当日仍有效），未作任何更改。")
        return appointments.end(self.instance, last_day=data["until"], by=by)


@admin.register(Appointment)
class AppointmentAdmin(OperationAdmin):
    """任职."""

    form = AppointmentForm
    list_display = ("person", "office", "role", "since", "until", "stand_in", "made_by_label")
    list_filter = ("role", ("office", admin.RelatedOnlyFieldListFilter))
    search_fields = ("person__username", "person__full_name", "office__name")
    list_select_related = ("person", "office", "stand_in__absent", "stand_in__deputy")
    autocomplete_fields = ("person", "office")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once made, only its end is set."""
        made = ("person", "office", "role", "since", "stand_in", "made_by_label", "made_at", "ended_by_label")
        return made if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With who made it."""
        shown = ("person", "office", "role", "since", "until")
        return (*shown, "stand_in", "made_by_label", "made_at", "ended_by_label") if obj else shown


class StandInForm(OperationForm):
    """A new stand-in, or its earlier end."""

    class Meta:
        model = StandIn
        fields = ("absent", "deputy", "since", "until", "reason")

    def operate(self, by: Actor) -> StandIn:
        """Make it, or end it earlier."""
        data = self.cleaned_data
        if self.instance.pk is None:
            return appointments.stand_in(**data, by=by, at=timezone.now())
        return appointments.end_stand_in(self.instance, last_day=data["until"], by=by)


@admin.register(StandIn)
class StandInAdmin(OperationAdmin):
    """代理."""

    form = StandInForm
    seat = "absent__office"
    list_display = ("absent", "deputy", "since", "until", "reason", "made_by_label")
    search_fields = ("absent__username", "absent__full_name", "deputy__username", "deputy__full_name")
    list_select_related = ("absent", "deputy")
    autocomplete_fields = ("absent", "deputy")
    date_hierarchy = "since"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once made, only its end is set."""
        return ("absent", "deputy", "since", "reason", "made_by_label", "made_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With who made it."""
        shown = ("absent", "deputy", "since", "until", "reason")
        return (*shown, "made_by_label", "made_at") if obj else shown
