"""人员 and 单位绑定."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from caseworks.base.enums import Role
from caseworks.base.identifiers import mask_phone
from caseworks.people import staff
from caseworks.people.actors import Actor
from caseworks.people.admin.operations import OperationAdmin, OperationForm
from caseworks.people.models import Person, UnitAccount


class PersonForm(OperationForm):
    """A person; a new one gets a first password."""

    password: str | None = None

    class Meta:
        model = Person
        fields = ("username", "full_name", "kind", "office", "phone", "is_active")

    def operate(self, by: Actor) -> Person:
        """Make the person, or change what may be changed."""
        at, data = timezone.now(), self.cleaned_data
        if self.instance.pk is None:
            self.password = staff.fresh_password()
            return staff.create(
                data["username"],
                full_name=data["full_name"],
                kind=data["kind"],
                office=data["office"],
                phone=data["phone"],
                password=self.password,
                by=by,
                at=at,
            )
        return staff.change(
            self.instance,
            full_name=data["full_name"],
            office=data["office"],
            phone=data["phone"],
            active=data["is_active"],
            by=by,
            on=timezone.localdate(at),
        )


@admin.register(Person)
class PersonAdmin(OperationAdmin):
    """人员."""

    form = PersonForm
    list_display = ("username", "full_name", "kind", "office", "role_list", "is_active", "last_login")
    list_filter = ("kind", "is_active", ("office", admin.RelatedOnlyFieldListFilter))
    search_fields = ("username", "full_name")
    list_select_related = ("office",)
    actions = ("reset_password",)

    @admin.display(description="角色")
    def role_list(self, person: Person) -> str:
        """Today's roles."""
        held = person.roles(timezone.localdate())
        return "、".join(role.label for role in Role if role in held)

    @admin.display(description="手机号码")
    def masked_phone(self, person: Person) -> str:
        """For those who only look."""
        return mask_phone(person.phone)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks sees the telephone masked."""
        if self.has_change_permission(request, obj):
            return ("username", "full_name", "kind", "office", "phone", "is_active")
        return ("username", "full_name", "kind", "office", "masked_phone", "is_active", "role_list", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A name that records cite, and what kind of person it is, stay."""
        if not self.has_change_permission(request, obj):
            return self.get_fields(request, obj)
        return ("username", "kind") if obj else ()

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Show the first password, this once."""
        if form.password:
            messages.warning(request, f"初始密码（只显示这一次）：{form.password}  首次登录时须修改。")

    @admin.action(description="重置所选人员的密码", permissions=["change"])
    def reset_password(self, request: HttpRequest, chosen: QuerySet[Person]) -> None:
        """Fresh first passwords, shown this once."""
        by, at = Actor.of_request(request), timezone.now()
        for person in chosen:
            password = staff.reset_password(person, by=by, at=at)
            self.log_change(request, person, "重置密码")
            messages.warning(request, f"{person}（{person.username}）的初始密码（只显示这一次）：{password}")


class UnitAccountForm(OperationForm):
    """A new binding of an enterprise user to a unit."""

    class Meta:
        model = UnitAccount
        fields = ("person", "uscc")

    def operate(self, by: Actor) -> UnitAccount:
        """Bind."""
        return staff.bind_unit(self.cleaned_data["person"], self.cleaned_data["uscc"], by=by, at=timezone.now())


@admin.register(UnitAccount)
class UnitAccountAdmin(OperationAdmin):
    """单位绑定."""

    form = UnitAccountForm
    seat = "person__office"
    list_display = ("person", "uscc", "made_by_label", "made_at")
    search_fields = ("person__username", "person__full_name", "uscc")
    list_select_related = ("person",)
    autocomplete_fields = ("person",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A binding is made, or removed by its operation; never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An administrator takes a binding away; the log of the admin keeps that it was."""
        return request.user.has_perm("people.manage")
