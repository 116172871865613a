"""Announcements with their frozen lines, and the corrections of them (N6.2)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value

from caseworks.cases.enums import AnnouncementStatus, LineChange, Scheme
from caseworks.people.models import Office
from caseworks.registry.models.units import Grams, HasGrams, Holds, Joined
from caseworks.registry.names import name_key

if TYPE_CHECKING:
    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    """Words about announcements."""

    def visible_to(self, person: Person, on: dt.date) -> AnnouncementQuerySet:
        """Those of the offices that a person serves, and of those below them."""
        from caseworks.people.scope import scope_of

        return cast("AnnouncementQuerySet", scope_of(person, on).limit(self))

    def published(self) -> AnnouncementQuerySet:
        """Those that were made public."""
        return self.filter(status=AnnouncementStatus.PUBLISHED)

    def running(self, on: dt.date) -> AnnouncementQuerySet:
        """Those whose period runs on a day."""
        return self.published().filter(first_day__lte=on, last_day__gte=on)


class Announcement(models.Model):
    """公示: a frozen list of approved cases, drawn up by one person and published by another (N6.2)."""

    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="发布机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    title = models.CharField("标题", max_length=120)
    columns = models.JSONField("公示栏目", default=dict, help_text="栏目代码与名称，除名称和金额外")
    documents = models.JSONField("依据", default=list)
    days = models.PositiveSmallIntegerField("公示工作日数")
    count = models.PositiveIntegerField("户数")
    total = models.DecimalField("合计金额", max_digits=16, decimal_places=2)
    status = models.CharField(
        "状态", max_length=10, choices=AnnouncementStatus.choices, default=AnnouncementStatus.DRAWN
    )
    drawn_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="拟制人")
    drawn_label = models.CharField("拟制人（记录）", max_length=200)
    drawn_at = models.DateTimeField("拟制时间")
    published_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="发布人")
    published_label = models.CharField("发布人（记录）", max_length=200, blank=True)
    published_at = models.DateTimeField("发布时间", null=True)
    first_day = models.DateField("公示首日", null=True)
    last_day = models.DateField("公示末日", null=True)
    provisional = models.BooleanField("末日待定", default=False, help_text="末日所在年度的工作日历尚未公布")
    number = models.CharField("文号", max_length=80, blank=True)
    slug = models.CharField("网址编号", max_length=60, null=True, unique=True)  # noqa: DJ001
    discarded_label = models.CharField("作废人（记录）", max_length=200, blank=True)
    discarded_at = models.DateTimeField("作废时间", null=True)
    discard_reason = models.TextField("作废理由", blank=True)
    persons = models.BooleanField("名单为个人", default=False, help_text="姓名隐去部分；不提供按姓名查询和名单下载")
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections", verbose_name="更正的公示"
    )
    taken_down_at = models.DateTimeField("撤下时间", null=True, blank=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公示"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=(Q(published_by__isnull=True) | Q(drawn_by__isnull=True) | ~Q(published_by=F("drawn_by")))
                & ~Q(published_label=F("drawn_label")),
                name="announcement_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status=AnnouncementStatus.PUBLISHED)
                | (
                    Q(published_at__isnull=False, first_day__isnull=False, last_day__isnull=False, slug__isnull=False)
                    & ~Q(published_label="")
                    & ~Q(number="")
                ),
                name="announcement_published_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")),
                name="announcement_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=~Q(status=AnnouncementStatus.DISCARDED)
                | (Q(discarded_at__isnull=False) & ~Q(discard_reason="") & ~Q(discarded_label="")),
                name="announcement_discarded_with_a_reason",
            ),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="announcement_number_once"),
            models.CheckConstraint(
                condition=Q(days__gte=1) | Q(corrects__isnull=False), name="announcement_has_a_period"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "last_day"], name="announcement_running"),
            models.Index(fields=["city_office", "id"], name="announcement_city"),
            models.Index(fields=["office", "id"], name="announcement_office"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="announcement_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="announcement_frozen",
                fields=[
                    "scheme", "year", "office", "columns", "count", "total", "drawn_by", "drawn_label", "drawn_at",
                    "persons", "corrects",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def runs(self, on: dt.date) -> bool:
        """Whether its period runs on a day, the last day included."""
        return bool(self.first_day and self.last_day and self.first_day <= on <= self.last_day)

    def ended(self, on: dt.date) -> bool:
        """Whether its period is over."""
        return bool(self.last_day and self.last_day < on and not self.provisional)


class LineQuerySet(models.QuerySet["AnnouncementLine"]):
    """Words about lines."""

    def named(self, text: str) -> LineQuerySet:
        """Those whose unit's present or a former name contains the text (two characters or more)."""
        key = name_key(text)
        if len(key) < 2:
            return self.none()
        return self.filter(HasGrams(F("search_key"), Value(key)), Holds(F("search_key"), Value(key)))


class AnnouncementLine(models.Model):
    """One line as it was announced; a case stands in one announcement that was not discarded."""

    announcement = models.ForeignKey(Announcement, models.PROTECT, related_name="lines", verbose_name="公示")
    position = models.PositiveIntegerField("序号")
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="announced", verbose_name="业务件")
    name = models.CharField("名称", max_length=200)
    name_key = models.CharField("名称检索码", max_length=200)
    shown = models.JSONField("公示内容", default=dict)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    fingerprint = models.BinaryField("内容摘要", max_length=32)
    live = models.BooleanField("有效", default=True)
    former = models.CharField("曾用名", max_length=1000, blank=True, default="")
    former_key = models.CharField("曾用名检索码", max_length=1000, blank=True, default="")
    search_key = models.GeneratedField(
        expression=Joined(F("name_key"), F("former_key")), output_field=models.TextField(), db_persist=True
    )
    change = models.CharField("更正事项", max_length=8, choices=LineChange.choices, blank=True, default="")
    before_name = models.CharField("更正前名称", max_length=200, blank=True, default="")
    before_amount = models.DecimalField("更正前金额", max_digits=14, decimal_places=2, null=True, blank=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, db_index=False, related_name="replaced_by",
        verbose_name="更正的明细",
    )  # fmt: skip

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公示明细"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["announcement", "position"], name="announcementline_position"),
            models.UniqueConstraint(fields=["case"], condition=Q(live=True), name="announcementline_case_once"),
            models.CheckConstraint(
                condition=Q(change__in=["", LineChange.ADDED], replaces__isnull=True, before_amount__isnull=True)
                | (
                    Q(change__in=[LineChange.RAISED, LineChange.LOWERED, LineChange.OTHER, LineChange.REMOVED])
                    & Q(replaces__isnull=False, before_amount__isnull=False)
                ),
                name="announcementline_change_of_a_line",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(F("announcement"), Grams(F("search_key")), name="announcementline_grams", fastupdate=False),
            models.Index(fields=["replaces"], condition=Q(replaces__isnull=False), name="announcementline_replaces"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="announcementline_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="announcementline_frozen",
                fields=[
                    "announcement", "position", "case", "name", "name_key", "shown", "amount", "fingerprint", "former",
                    "former_key", "change", "before_name", "before_amount", "replaces",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.announcement_id}#{self.position} {self.name}"


class AnnouncementPosting(models.Model):
    """网站发布: that an announcement was also published on the bureau's own site: where, when, and a picture of it."""

    announcement = models.ForeignKey(Announcement, models.PROTECT, related_name="postings", verbose_name="公示")
    url = models.URLField("网址", max_length=500)
    posted_at = models.DateTimeField("发布时间")
    screenshot = models.OneToOneField("base.StoredFile", models.PROTECT, related_name="+", verbose_name="截图")
    note = models.CharField("说明", max_length=200, blank=True, default="")
    made_by_label = models.CharField("登记人（记录）", max_length=200)
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "网站发布记录"
        ordering: ClassVar[list[str]] = ["posted_at", "id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="announcementposting_kept", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.url
