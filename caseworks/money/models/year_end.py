"""What is left over at the year's end: reminders, published lists, before anything counts as given up (视为放弃)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import Document
from caseworks.cases.enums import Scheme
from caseworks.cases.models import Case
from caseworks.money.models.signing import signed
from caseworks.money.triggers import append_only
from caseworks.people.models import Office

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

REMINDERS = 3  # 催办三次


class Reminder(models.Model):
    """催办: the n-th time that a unit was told that its money waits and why. Each of the three comes once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="reminders", verbose_name="业务件")
    nth = models.PositiveSmallIntegerField("第几次")
    on = models.DateField("日期")
    reason = models.CharField("原因", max_length=300)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "nth"], name="reminder_once"),
            models.CheckConstraint(condition=Q(nth__gte=1, nth__lte=REMINDERS), name="reminder_one_of_three"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("reminder_append_only")]

    def __str__(self) -> str:
        return f"{self.case_id} 第 {self.nth} 次"


class FinalCallQuerySet(models.QuerySet["FinalCall"]):
    """Words about final calls."""

    def visible_to(self, person: Person, on: date) -> FinalCallQuerySet:
        """Those of the offices that a person serves, and of those below them (J1)."""
        from caseworks.people.scope import scope_of

        return cast("FinalCallQuerySet", scope_of(person, on).limit(self))


class FinalCall(models.Model):
    """逾期未办结公告: the published list of those whose money waits, and until when they may still come."""

    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    document = models.OneToOneField(Document, models.PROTECT, related_name="+", verbose_name="公告")
    lines = models.PositiveIntegerField("件数")
    published_on = models.DateField("发布日期")
    until = models.DateField("办理期限")
    published_by = signed("发布人", null=False)
    published_label = models.CharField("发布人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    objects = FinalCallQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "逾期未办结公告"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(until__gt=F("published_on")), name="finalcall_leaves_time"),
            models.CheckConstraint(condition=Q(lines__gt=0), name="finalcall_names_somebody"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("finalcall_append_only")]

    def __str__(self) -> str:
        return f"{self.document}"


class FinalCallLine(models.Model):
    """One line of a published list."""

    call = models.ForeignKey(FinalCall, models.PROTECT, related_name="rows", verbose_name="公告")
    case = models.ForeignKey(Case, models.PROTECT, related_name="final_calls", verbose_name="业务件")
    position = models.PositiveIntegerField("序号")
    name = models.CharField("名称", max_length=200)
    reason = models.CharField("原因", max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = "公告名单"
        ordering: ClassVar[list[str]] = ["call_id", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "position"], name="finalcallline_position"),
            models.UniqueConstraint(fields=["call", "case"], name="finalcallline_once"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("finalcallline_append_only")]

    def __str__(self) -> str:
        return f"{self.call_id}#{self.position}"
