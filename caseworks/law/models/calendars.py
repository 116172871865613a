"""The working calendar year by year, and the deadlines counted on it (J2.7)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.law.enums import DayKind

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STAFF = settings.AUTH_USER_MODEL
APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class CalendarYear(models.Model):
    """One year of the State Council's calendar with its source document; an unpublished year is provisional."""

    year = models.PositiveSmallIntegerField("年度", primary_key=True)
    published = models.BooleanField("已公布", default=True)
    source_document = models.CharField("来源文件", max_length=200, blank=True)
    source_note = models.CharField("来源说明", max_length=300, blank=True)
    loaded_by = models.ForeignKey(STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="录入人")
    loaded_label = models.CharField("录入", max_length=200)
    loaded_at = models.DateTimeField("录入时间")

    class Meta:
        verbose_name = "工作日历"
        verbose_name_plural = "工作日历"
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="calendaryear_sane"),
            models.CheckConstraint(
                condition=Q(published=False) | ~Q(source_document=""), name="calendaryear_names_its_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年工作日历"


class CalendarDay(models.Model):
    """A day on which the calendar differs from the week: a day off, or a make-up working day."""

    day = models.DateField("日期", primary_key=True)
    year = models.ForeignKey(CalendarYear, models.CASCADE, related_name="days", verbose_name="年度")
    kind = models.CharField("类型", max_length=4, choices=DayKind.choices)
    name = models.CharField("名称", max_length=40, blank=True)

    class Meta:
        verbose_name = "节假日与调休"
        verbose_name_plural = "节假日与调休"
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DayKind.values), name="calendarday_kind_known"),
            models.CheckConstraint(condition=Q(day__year=F("year")), name="calendarday_lies_in_its_year"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()} {self.name}".strip()


class CalendarChange(models.Model):
    """What a year's calendar was before and after each loading or edit; never changed."""

    year = models.PositiveSmallIntegerField("年度")
    before = models.JSONField("改动前", null=True)
    after = models.JSONField("改动后")
    person = models.ForeignKey(STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="操作人")
    label = models.CharField("操作", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "日历改动"
        verbose_name_plural = "日历改动"
        ordering = ["-at", "-id"]
        triggers = [pgtrigger.Protect(name="calendarchange_append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.year} {self.at:%Y-%m-%d %H:%M} {self.label}"


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def provisional(self) -> DeadlineQuerySet:
        return self.filter(provisional=True)

    def passed(self, on: date) -> DeadlineQuerySet:
        """Definite deadlines before the day; a provisional one is never passed: it waits for the calendar."""
        return self.filter(provisional=False, due_on__lt=on)


class Deadline(models.Model):
    """A day counted in working days from a starting day (J2.7), named by what it belongs to."""

    kind = models.CharField("事项", max_length=40)
    key = models.CharField("对象", max_length=80)
    start_on = models.DateField("起算日")
    days = models.PositiveSmallIntegerField("工作日")
    due_on = models.DateField("到期日")
    provisional = models.BooleanField("预计", default=False)

    objects = DeadlineQuerySet.as_manager()
    changes: RelatedManager[DeadlineChange]

    class Meta:
        verbose_name = "期限"
        verbose_name_plural = "期限"
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="deadline_once"),
            models.CheckConstraint(condition=Q(due_on__gte=F("start_on")), name="deadline_not_before_its_start"),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="deadline_due"),
            models.Index(fields=["start_on"], name="deadline_start"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.due_on}"


class DeadlineChange(models.Model):
    """Every date a deadline ever had, and why it changed; never changed itself."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="changes", verbose_name="期限")
    old_due_on = models.DateField("原到期日", null=True)
    new_due_on = models.DateField("新到期日")
    old_provisional = models.BooleanField("原为预计", null=True)
    new_provisional = models.BooleanField("现为预计")
    reason = models.CharField("原因", max_length=200)
    label = models.CharField("操作", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "期限变更"
        verbose_name_plural = "期限变更"
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="deadlinechange_append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.old_due_on} → {self.new_due_on}"
