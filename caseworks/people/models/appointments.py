"""What people are appointed as, and who stands in for whom. (N6.2)"""

from __future__ import annotations

import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from caseworks.base.enums import Role
from caseworks.people.enums import CLASS_OF_ROLE, RoleClass
from caseworks.people.models.offices import Office
from caseworks.people.models.persons import Person


class DateRange(Func):
    """`daterange(since, until, '[]')`: both days count, and no end means for good."""

    function = "daterange"

    def __init__(self, since: str, until: str) -> None:
        super().__init__(F(since), F(until), Value("[]"))


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
        return self.filter(Q(since__lte=on) & (Q(until__isnull=True) | Q(until__gte=on)))

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
