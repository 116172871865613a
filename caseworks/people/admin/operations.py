"""Forms that carry out an operation, and the rooms that use them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.models import construct_instance
from django.http import HttpRequest
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.scope import offices_in_scope, scope_of


class OperationForm(forms.ModelForm):
    """A form that carries out an operation once all its fields are right; a refusal stands above the form."""

    request: HttpRequest

    def operate(self, by: Actor) -> Model:
        """Do it and return the row."""
        raise NotImplementedError

    def check(self) -> None:
        """Take the fields over and check each; uniqueness and constraints are the operation's, in our words."""
        construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        self.check()
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.operate(Actor.of_request(self.request))
        except Refusal as refusal:
            self.add_error(None, [refusal.message, *refusal.details])


class ScopedAdmin(admin.ModelAdmin):
    """A room in which who only looks sees the rows of the own office and of those below it. (J1)"""

    #: the way from a row to its office
    seat = "office"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All for those who keep people and offices; for who looks, those of the offices in scope."""
        rows, on = super().get_queryset(request), timezone.localdate()
        person = request.user
        if not isinstance(person, Person):
            return rows.none()
        if person.has_perm("people.manage") or scope_of(person, on, "people.view").province:
            return rows
        return rows.filter(**{f"{self.seat}__in": offices_in_scope(person, on, "people.view")})


class OperationAdmin(ScopedAdmin):
    """A room whose writing is done by its form's operation; nothing is deleted here."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form knows the request."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.request = request  # a class made for this request only
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The operation has saved."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Records of people stay."""
        return False
