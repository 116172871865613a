"""People who sign in, and the units of enterprise users."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Model, Q
from django.db.models.functions import Lower
from django.utils import timezone

from caseworks.base.enums import Role
from caseworks.base.sealed import SealedField
from caseworks.people.enums import PersonKind
from caseworks.people.models.offices import Office

if TYPE_CHECKING:
    from caseworks.people.models.appointments import Appointment


class PersonManager(BaseUserManager["Person"]):
    """People by login name; letters' case does not make another person."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(username__iexact=username or "")


class Person(AbstractBaseUser):
    """Somebody who signs in: staff of an office, or a user of an enterprise. Nobody is above the roles."""

    username = models.CharField(
        "用户名",
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]{2,60}$", "用户名由2至60个字母、数字、汉字或 . @ + - _ 组成。")],
    )
    full_name = models.CharField("姓名", max_length=60)
    kind = models.CharField("类别", max_length=10, choices=PersonKind.choices, default=PersonKind.STAFF)
    office = models.ForeignKey(
        Office, models.PROTECT, verbose_name="所在机构", null=True, blank=True, related_name="people"
    )
    phone = SealedField("手机号码", blank=True, default="")
    is_active = models.BooleanField("启用", default=True)
    is_superuser = models.BooleanField(default=False, editable=False)
    must_change_password = models.BooleanField("下次登录须修改密码", default=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("建立时间", default=timezone.now, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="person_username_once"),
            models.CheckConstraint(condition=Q(is_superuser=False), name="person_is_no_superuser"),
            models.CheckConstraint(condition=Q(kind__in=PersonKind.values), name="person_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=[PersonKind.UNIT, PersonKind.WORKER], office__isnull=True)
                | Q(kind=PersonKind.STAFF),
                name="person_of_a_unit_has_no_office",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        """As Django's pages name a person."""
        return str(self)

    def get_short_name(self) -> str:
        """As Django's pages greet a person."""
        return str(self)

    def holdings(self, on: datetime.date) -> list[Appointment]:
        """What the person is appointed as on a day, lent roles included; read once a day and instance."""
        kept: dict[datetime.date, list[Appointment]] = self.__dict__.setdefault("_holdings", {})
        if on not in kept:
            valid = self.is_active and self.kind == PersonKind.STAFF
            kept[on] = list(self.appointments.running(on).select_related("office")) if valid else []
        return kept[on]

    def forget_holdings(self) -> None:
        """Read the appointments again next time."""
        self.__dict__.pop("_holdings", None)

    def roles(self, on: datetime.date) -> frozenset[str]:
        """The roles of a day."""
        return frozenset(held.role for held in self.holdings(on))

    @property
    def is_staff(self) -> bool:
        """May enter /admin/: supervisors, auditors and administrators. (N7.2)"""
        return bool(self.roles(timezone.localdate()) & {Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR})

    def has_perm(self, perm: str, obj: Model | None = None) -> bool:
        """As the admin asks; answered by the roles (`people.backends`)."""
        from django.contrib.auth import get_backends

        return self.is_active and any(
            backend.has_perm(self, perm, obj) for backend in get_backends() if hasattr(backend, "has_perm")
        )

    def has_perms(self, perms: Any, obj: Model | None = None) -> bool:
        """All of them."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        """As the admin's index asks."""
        from django.contrib.auth import get_backends

        return self.is_active and any(
            backend.has_module_perms(self, app_label)
            for backend in get_backends()
            if hasattr(backend, "has_module_perms")
        )


class UnitAccount(models.Model):
    """An enterprise user's binding to a unit by its code; the user sees this unit only. (J4.2)"""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="单位用户", related_name="units")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    made_by_label = models.CharField("办理人", max_length=120, editable=False, default="")
    made_at = models.DateTimeField("办理时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "单位绑定"
        constraints = [models.UniqueConstraint(fields=["person", "uscc"], name="unit_account_once")]

    def __str__(self) -> str:
        return f"{self.person} {self.uscc}"
