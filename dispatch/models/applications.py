"""An agency's application: the roster as handed in, the parts it makes, and its story (J2.2–J2.6)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from caseworks.base.enums import IdType, Size, UnitType
from caseworks.base.models import StoredFile
from caseworks.base.sealed import HashField, SealedField
from caseworks.cases.models import Case
from caseworks.law.models import Policy
from dispatch.enums import Action, ApplicationStatus, AttachmentKind, Channel, Form, PartKind
from dispatch.models.pieces import APPEND_ONLY, ScopedQuerySet, placed, signed, yuan


class ApplicationQuerySet(ScopedQuerySet["Application"]):
    """Words about applications."""

    def of_year(self, year: int) -> ApplicationQuerySet:
        """Of one policy year."""
        return self.filter(year=year)

    def of_unit(self, uscc: str) -> ApplicationQuerySet:
        """An agency's own."""
        return self.filter(uscc=uscc)

    def standing(self) -> ApplicationQuerySet:
        """Not withdrawn: an agency has one of these a year."""
        return self.exclude(status=ApplicationStatus.WITHDRAWN)

    def handed_in(self) -> ApplicationQuerySet:
        """Submitted at some time and not withdrawn."""
        return self.filter(status__in=(ApplicationStatus.SUBMITTED, ApplicationStatus.SENT_BACK))


class Application(models.Model):
    """申请: an agency asks for the refund of a year with its roster; the parts are its `shares`.

    `version` counts the rosters handed in; rows and parts of earlier ones stay. What the judgement of the year said
    (type, size, ratio, premium) is kept as it was when the roster was taken.
    """

    year = models.PositiveSmallIntegerField("政策年度")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    round = models.PositiveSmallIntegerField("次", default=1, help_text="撤回后再次申请的，依次递增")
    name = models.CharField("单位名称", max_length=200)
    region = models.CharField("行政区划代码", max_length=6)
    office = placed()
    city_office = placed("所属市级机构")
    channel = models.CharField("方式", max_length=8, choices=Channel.choices)
    status = models.CharField("状态", max_length=10, choices=ApplicationStatus.choices)
    applied_on = models.DateField("申请日期")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="派遣政策")
    refund_policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name="返还政策")
    unit_type = models.CharField("单位类型", max_length=24, choices=UnitType.choices)
    size = models.CharField("企业划型", max_length=8, choices=Size.choices, blank=True)
    ratio = models.DecimalField("返还比例", max_digits=6, decimal_places=4)
    premium = yuan("上年度实缴失业保险费")
    licence = models.CharField("劳务派遣许可证号", max_length=64)
    licence_until = models.DateField("许可证有效期止", null=True, blank=True)
    version = models.PositiveSmallIntegerField("名册版次", default=0)
    rows = models.PositiveIntegerField("名册行数", default=0)
    workers = models.PositiveIntegerField("名册人数", default=0)
    sha256 = models.CharField("名册摘要", max_length=64, blank=True, default="")
    amount = yuan("返还金额")
    own_amount = yuan("自有部分金额")
    host_amount = yuan("用工单位部分金额")
    undetermined = models.PositiveIntegerField("比例待核定的份额", default=0)
    flags = ArrayField(models.CharField(max_length=40), verbose_name="提示", default=list)
    signs = models.JSONField("提示详情", default=dict, blank=True)
    manual = ArrayField(models.CharField(max_length=40), verbose_name="待人工核定", default=list)
    fingerprint = models.BinaryField("内容摘要", max_length=32)
    case = models.OneToOneField(
        Case, models.PROTECT, null=True, blank=True, related_name="dispatch_application", verbose_name="业务件"
    )
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    submitted_label = models.CharField("提交人", max_length=200, blank=True, default="")

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "派遣单位申请"
        ordering: ClassVar[list[str]] = ["-year", "uscc", "-round"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["year", "uscc", "round"], name="application_once_a_round"),
            models.UniqueConstraint(
                fields=["year", "uscc"],
                condition=~Q(status=ApplicationStatus.WITHDRAWN),
                name="application_one_standing",
            ),
            models.CheckConstraint(condition=Q(status__in=ApplicationStatus.values), name="application_status_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="application_channel_known"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="application_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(status__in=[ApplicationStatus.DRAFT, ApplicationStatus.WITHDRAWN])
                | Q(submitted_at__isnull=False),
                name="application_submitted_by_somebody",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["year", "office", "uscc"], name="application_office"),
            models.Index(fields=["year", "city_office", "uscc"], name="application_city"),
            models.Index(fields=["uscc", "year"], name="application_unit"),
            models.Index(fields=["year", "status", "uscc"], name="application_status"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="application_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="application_stays_itself", fields=["year", "uscc", "round"]),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class ApplicationLine(models.Model):
    """One line of an application's story; written once (N6.2)."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="lines", verbose_name="申请")
    action = models.CharField("事项", max_length=12, choices=Action.choices)
    at = models.DateTimeField("时间")
    person = signed("办理人")
    label = models.CharField("办理人（记录）", max_length=200)
    note = models.TextField("说明", blank=True, default="")
    data = models.JSONField("附记", default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "申请经过"
        ordering: ClassVar[list[str]] = ["application_id", "id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="applicationline_append_only", operation=APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_action_display()}"


class RosterRow(models.Model):
    """名册: a worker for some months, as the agency handed it in; the number is sealed (J2.6)."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="roster", verbose_name="申请")
    version = models.PositiveSmallIntegerField("名册版次")
    line = models.PositiveIntegerField("行")
    id_type = models.CharField("证件类型", max_length=12, choices=IdType.choices)
    id_hash = HashField("证件号码检索码", of="id_no")
    id_no = SealedField("证件号码")
    name = models.CharField("姓名", max_length=100, blank=True)
    form = models.CharField("用工形式", max_length=10, choices=Form.choices)
    host_uscc = models.CharField("用工单位代码", max_length=18, blank=True)
    host_name = models.CharField("用工单位名称", max_length=200, blank=True)
    host_type = models.CharField("用工单位类型", max_length=24, choices=UnitType.choices, blank=True)
    period_from = models.CharField("起始期", max_length=7)
    period_to = models.CharField("截止期", max_length=7)
    premium = yuan("该期间实缴失业保险费")

    class Meta:
        verbose_name = verbose_name_plural = "名册"
        ordering: ClassVar[list[str]] = ["application_id", "version", "line"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "version", "line"], name="rosterrow_line"),
            models.CheckConstraint(condition=Q(form__in=Form.values), name="rosterrow_form_known"),
            models.CheckConstraint(condition=Q(premium__gte=0), name="rosterrow_premium_not_negative"),
            models.CheckConstraint(
                condition=Q(period_to__gte=models.F("period_from")), name="rosterrow_period_forwards"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["id_hash"], name="rosterrow_person")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            # its sealed columns follow a new key (base.rekeying)
            pgtrigger.Protect(
                name="rosterrow_stays",
                operation=pgtrigger.Delete
                | pgtrigger.UpdateOf(
                    "application_id", "version", "line", "form", "host_uscc", "host_type", "period_from", "period_to",
                    "premium",
                ),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application_id}#{self.version}:{self.line}"


class ShareQuerySet(models.QuerySet["Share"]):
    """Words about parts."""

    def live(self) -> ShareQuerySet:
        """Those that count now."""
        return self.filter(live=True)


class Share(models.Model):
    """份额: a part of an application (J2.3–J2.5). A part is never changed: it is closed and another takes its place."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="shares", verbose_name="申请")
    version = models.PositiveSmallIntegerField("名册版次")
    kind = models.CharField("份额", max_length=10, choices=PartKind.choices)
    host_uscc = models.CharField("用工单位代码", max_length=18, blank=True)
    host_name = models.CharField("用工单位名称", max_length=200, blank=True)
    host_type = models.CharField("用工单位类型", max_length=24, choices=UnitType.choices, blank=True)
    roster_type = models.CharField("名册所填类型", max_length=24, choices=UnitType.choices, blank=True)
    workers = models.PositiveIntegerField("人数")
    premium = yuan("实缴失业保险费", default=None)
    ratio = models.DecimalField("返还比例", max_digits=6, decimal_places=4, null=True, blank=True)
    amount = yuan("金额", default=None)
    live = models.BooleanField("有效", default=True)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    closed_label = models.CharField("关闭人", max_length=200, blank=True, default="")
    closed_because = models.CharField("关闭原因", max_length=300, blank=True, default="")

    objects = ShareQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "份额"
        ordering: ClassVar[list[str]] = ["application_id", "host_uscc", "kind"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["application", "kind", "host_uscc"], condition=Q(live=True), name="share_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=PartKind.values), name="share_kind_known"),
            models.CheckConstraint(condition=Q(amount__gte=0, premium__gte=0), name="share_not_negative"),
            models.CheckConstraint(
                condition=~Q(kind=PartKind.EXCLUDED) | Q(amount=0), name="share_excluded_gets_nothing"
            ),
            models.CheckConstraint(
                condition=(Q(kind=PartKind.OWN) & Q(host_uscc=""))
                | (Q(kind=PartKind.HOST) & ~Q(host_uscc=""))
                | Q(kind=PartKind.EXCLUDED),
                name="share_names_its_host",
            ),
            models.CheckConstraint(condition=Q(live=True) | Q(closed_at__isnull=False), name="share_closed_some_time"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["host_uscc"], condition=Q(live=True), name="share_host")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="share_stays_itself",
                operation=pgtrigger.Delete
                | pgtrigger.UpdateOf("application_id", "version", "kind", "host_uscc", "premium", "ratio", "amount"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.host_name or self.host_uscc} {self.amount}"


class Attachment(models.Model):
    """A paper that goes with an application: the stamped roster, the licence, the commitment (J2.6)."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="attachments", verbose_name="申请")
    kind = models.CharField("种类", max_length=12, choices=AttachmentKind.choices)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="文件")
    version = models.PositiveSmallIntegerField("名册版次")
    at = models.DateTimeField("上传时间")
    label = models.CharField("上传人", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "申请附件"
        ordering: ClassVar[list[str]] = ["application_id", "id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="attachment_append_only", operation=APPEND_ONLY)
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.file}"
