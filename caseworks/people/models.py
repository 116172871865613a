"""Offices, people, what they are appointed as, who stands in for whom, and who signed in."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from caseworks.base.enums import Role
from caseworks.base.sealed import SealedField

from .enums import CLASS_OF_ROLE, OfficeLevel, PersonKind, RoleClass, SignInOutcome


class DateRange(Func):
    """`daterange(since, until, '[]')`: both days count, and no end means for good."""

    function = "daterange"

    def __init__(self, since: str, until: str) -> None:
        super().__init__(F(since), F(until), Value("[]"))


def _running(on: datetime.date) -> Q:
    return Q(since__lte=on) & (Q(until__isnull=True) | Q(until__gte=on))


class OfficeQuerySet(models.QuerySet["Office"]):
    """Words about offices."""

    def within(self, office: Office) -> OfficeQuerySet:
        """The office and those below it."""
        if office.level == OfficeLevel.PROVINCE:
            return self.all()
        return (
            self.filter(Q(pk=office.pk) | Q(city=office.pk))
            if office.level == OfficeLevel.CITY
            else self.filter(pk=office.pk)
        )


class Office(models.Model):
    """A bureau's office: province, city, county. Each sees its own regions and those below. (J1)"""

    code = models.CharField("机构编码", max_length=20, unique=True)
    name = models.CharField("机构名称", max_length=100, unique=True)
    level = models.CharField("层级", max_length=10, choices=OfficeLevel.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="上级机构", null=True, blank=True, related_name="children"
    )
    city = models.ForeignKey(
        "self", models.PROTECT, verbose_name="所属市级机构", null=True, blank=True, editable=False, related_name="+"
    )
    contact = models.CharField("联系人", max_length=60, blank=True, default="")
    phone = models.CharField("咨询电话", max_length=40, blank=True, default="")
    address = models.CharField("地址", max_length=200, blank=True, default="")
    is_active = models.BooleanField("启用", default=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "机构"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(level__in=OfficeLevel.values), name="office_level_known"),
            models.CheckConstraint(
                condition=Q(level=OfficeLevel.PROVINCE, parent__isnull=True)
                | Q(level__in=[OfficeLevel.CITY, OfficeLevel.COUNTY], parent__isnull=False),
                name="office_only_the_province_is_on_top",
                violation_error_message="省级机构没有上级机构；市级、县级机构须有上级机构。",
            ),
            models.UniqueConstraint(
                Value(1),
                condition=Q(level=OfficeLevel.PROVINCE),
                name="office_one_province",
                violation_error_message="省级机构只能有一个。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def city_or_self_id(self) -> int:
        """The office of the second level that rows of this office carry; the province stands for itself."""
        return self.city_id or self.pk


class OfficeRegion(models.Model):
    """A region code, or its beginning, that an office looks after. The longest one wins."""

    office = models.ForeignKey(Office, models.CASCADE, verbose_name="机构", related_name="regions")
    prefix = models.CharField(
        "行政区划代码（前缀）",
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[0-9]{2,6}$", "请填写2至6位数字的行政区划代码或其前缀。")],
    )
    note = models.CharField("说明", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "管辖区划"
        ordering = ["prefix"]
        constraints = [
            models.CheckConstraint(condition=Q(prefix__regex=r"^[0-9]{2,6}$"), name="office_region_is_digits")
        ]

    def __str__(self) -> str:
        return self.prefix


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
            models.UniqueConstraint(models.functions.Lower("username"), name="person_username_once"),
            models.CheckConstraint(condition=Q(is_superuser=False), name="person_is_no_superuser"),
            models.CheckConstraint(condition=Q(kind__in=PersonKind.values), name="person_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=PersonKind.UNIT, office__isnull=True) | Q(kind=PersonKind.STAFF),
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

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """As the admin asks; answered by the roles (`people.backends`)."""
        from django.contrib.auth import get_backends

        return self.is_active and any(
            backend.has_perm(self, perm, obj) for backend in get_backends() if hasattr(backend, "has_perm")
        )

    def has_perms(self, perms: Any, obj: object | None = None) -> bool:
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


class StandIn(models.Model):
    """A dated deputy: works in the absent person's roles exactly in these days, both included."""

    absent = models.ForeignKey(Person, models.PROTECT, verbose_name="请假人", related_name="absences")
    deputy = models.ForeignKey(Person, models.PROTECT, verbose_name="代理人", related_name="deputations")
    since = models.DateField("起始日")
    until = models.DateField("截止日")
    reason = models.CharField("事由", max_length=200)
    made_by = models.ForeignKey(
        Person, models.PROTECT, verbose_name="办理人", null=True, editable=False, related_name="+"
    )
    made_by_label = models.CharField("办理人", max_length=120, editable=False, default="")
    made_at = models.DateTimeField("办理时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "代理"
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="stand_in_begins_before_it_ends"),
            models.CheckConstraint(condition=~Q(absent=F("deputy")), name="stand_in_is_another_person"),
            ExclusionConstraint(
                name="stand_in_once_a_day",
                expressions=[
                    (F("absent"), RangeOperators.EQUAL),
                    (F("deputy"), RangeOperators.EQUAL),
                    (DateRange("since", "until"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} 代 {self.absent}（{self.since} 至 {self.until}）"


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Words about appointments."""

    def running(self, on: datetime.date) -> AppointmentQuerySet:
        """Those in force on a day."""
        return self.filter(_running(on))

    def own(self) -> AppointmentQuerySet:
        """Not lent by a stand-in."""
        return self.filter(stand_in__isnull=True)


class Appointment(models.Model):
    """A person in a role at an office from a day to a day, both included.

    The roles that a stand-in lends are rows of their own with the stand-in's days, so that one exclusion constraint
    keeps administrators, auditors and business apart, whichever way the role was come by. (N6.2)
    """

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="人员", related_name="appointments")
    office = models.ForeignKey(Office, models.PROTECT, verbose_name="机构", related_name="appointments")
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    role_class = models.CharField("角色类别", max_length=20, choices=RoleClass.choices, editable=False)
    since = models.DateField("起始日")
    until = models.DateField("截止日", null=True, blank=True)
    stand_in = models.ForeignKey(
        StandIn, models.CASCADE, verbose_name="代理", null=True, blank=True, editable=False, related_name="lent"
    )
    made_by_label = models.CharField("办理人", max_length=120, editable=False, default="")
    made_at = models.DateTimeField("办理时间", editable=False)
    ended_by_label = models.CharField("结束办理人", max_length=120, editable=False, blank=True, default="")

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        ordering = ["person", "-since"]
        indexes = [models.Index(fields=["office", "role"], name="appointment_office_role")]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(since__lte=F("until")), name="appointment_begins_before_it_ends"
            ),
            models.CheckConstraint(
                condition=Q(
                    *[Q(role=role, role_class=role_class) for role, role_class in CLASS_OF_ROLE.items()],
                    _connector=Q.OR,
                ),
                name="appointment_class_of_role",
            ),
            ExclusionConstraint(
                name="appointment_one_class_at_a_time",
                expressions=[
                    (F("person"), RangeOperators.EQUAL),
                    (F("role_class"), RangeOperators.NOT_EQUAL),
                    (DateRange("since", "until"), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="appointment_once_at_a_time",
                expressions=[
                    (F("person"), RangeOperators.EQUAL),
                    (F("office"), RangeOperators.EQUAL),
                    (F("role"), RangeOperators.EQUAL),
                    (DateRange("since", "until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(stand_in__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.office} {self.get_role_display()}"


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


class SignIn(models.Model):
    """Who signed in or tried to, when and from where; never changed or removed."""

    person = models.ForeignKey(
        Person, models.PROTECT, verbose_name="人员", null=True, blank=True, related_name="sign_ins"
    )
    username = models.CharField("用户名", max_length=150)
    outcome = models.CharField("结果", max_length=20, choices=SignInOutcome.choices)
    address = models.GenericIPAddressField("来源地址", null=True, blank=True)
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录日志"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["person", "-at"], name="sign_in_person_at")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.username} {self.get_outcome_display()} {self.at:%Y-%m-%d %H:%M}"
