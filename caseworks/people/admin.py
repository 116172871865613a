"""人员与机构: the administrators' pages. What changes roles goes through the operations; auditors look only. (N6.2)"""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.models import construct_instance
from django.http import HttpRequest
from django.utils import timezone

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import mask_phone

from . import appointments, offices, staff
from .actors import Actor
from .models import Appointment, Office, Person, SignIn, StandIn, UnitAccount


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


class OperationAdmin(admin.ModelAdmin):
    """A room whose writing is done by its form's operation; nothing is deleted here."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form knows the request."""
        form = super().get_form(request, obj, change, **kwargs)
        form.request = request  # a class made for this request only
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The operation has saved."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Records of people stay."""
        return False


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
        """Auditors see the telephone masked."""
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


@admin.register(SignIn)
class SignInAdmin(admin.ModelAdmin):
    """登录日志, to be read only."""

    list_display = ("at", "username", "person", "outcome", "address")
    list_filter = ("outcome",)
    search_fields = ("username", "person__full_name")
    list_select_related = ("person",)
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes here."""
        return False
