"""Notices: the outbox of short messages and portal messages, their templates, and numbers that want none. (N5.1)"""

from __future__ import annotations

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from caseworks.base.enums import NoticeChannel, NoticeProblem, NoticeStatus
from caseworks.base.sealed import HashField, SealedField

DUE = (NoticeStatus.WAITING, NoticeStatus.SENDING)
OVER = (NoticeStatus.FAILED, NoticeStatus.SKIPPED)


class NoticeTemplate(models.Model):
    """One version of a notice's words; the highest of a code is in use, and all stay."""

    code = models.CharField("模板", max_length=40)
    version = models.PositiveIntegerField("版本")
    label = models.CharField("名称", max_length=60)
    sms = models.CharField("短信内容", max_length=500, blank=True, default="")
    title = models.CharField("站内信标题", max_length=100, blank=True, default="")
    body = models.TextField("站内信内容", max_length=2000, blank=True, default="")
    placeholders = models.JSONField("可用内容及样例", default=dict)
    note = models.CharField("修改说明", max_length=200, blank=True, default="")
    made_by_label = models.CharField("制作人", max_length=200)
    made_at = models.DateTimeField("制作时间")

    class Meta:
        verbose_name = verbose_name_plural = "通知模板"
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="noticetemplate_version_once"),
            models.CheckConstraint(condition=~Q(sms="") | ~Q(body=""), name="noticetemplate_says_something"),
            models.CheckConstraint(
                condition=Q(title="", body="") | (~Q(title="") & ~Q(body="")), name="noticetemplate_title_with_body"
            ),
        ]
        triggers = [pgtrigger.Protect(name="noticetemplate_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.label}（第 {self.version} 版）"

    @property
    def channels(self) -> list[str]:
        """The channels that this version has words for."""
        words = {NoticeChannel.SMS: self.sms, NoticeChannel.PORTAL: self.body}
        return [channel.value for channel, text in words.items() if text]


class Notice(models.Model):
    """One notice of one event by one channel: posted with the event, sent by the clock. (`caseworks.base.notices`)

    `office`, `city_office` and `case` are keys of rooms to the left, by number only; `subject` is a USCC, or the keyed
    hash (hex) of a person's number. What it says is its template's version filled with `params`; no telephone is kept.
    """

    event_key = models.CharField("事件", max_length=120)
    channel = models.CharField("渠道", max_length=8, choices=NoticeChannel.choices)
    template = models.CharField("模板", max_length=40)
    version = models.ForeignKey(
        NoticeTemplate, models.PROTECT, verbose_name="模板版本", related_name="+", db_constraint=False, db_index=False
    )
    scheme = models.CharField("业务", max_length=12, blank=True, default="")
    year = models.PositiveSmallIntegerField("年度", null=True, blank=True)
    subject = models.CharField("对象", max_length=64)
    name = models.CharField("对象名称", max_length=200)
    office = models.BigIntegerField("经办机构", db_column="office_id")
    city_office = models.BigIntegerField("所属市级机构", db_column="city_office_id")
    case = models.BigIntegerField("业务件", db_column="case_id", null=True, blank=True)
    params = models.JSONField("内容", encoder=DjangoJSONEncoder, default=dict)
    created_at = models.DateTimeField("产生时间")

    status = models.CharField("状态", max_length=10, choices=NoticeStatus.choices)
    problem = models.CharField("原因", max_length=12, choices=NoticeProblem.choices, blank=True, default="")
    reason = models.CharField("原因说明", max_length=200, blank=True, default="")
    attempts = models.PositiveSmallIntegerField("发送次数", default=0)
    next_at = models.DateTimeField("下次发送时间", null=True, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)
    sent_to = models.CharField("发送号码（遮盖）", max_length=20, blank=True, default="")
    gateway_id = models.CharField("通道编号", max_length=80, blank=True, default="")
    receipt_at = models.DateTimeField("回执时间", null=True, blank=True)
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    read_label = models.CharField("阅读人", max_length=200, blank=True, default="")
    resends = models.PositiveSmallIntegerField("重发次数", default=0)
    resent_because = models.CharField("重发理由", max_length=200, blank=True, default="")
    resent_label = models.CharField("重发人", max_length=200, blank=True, default="")
    resent_at = models.DateTimeField("重发时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        constraints = [
            models.UniqueConstraint(fields=["event_key", "channel"], name="notice_once_an_event"),
            models.CheckConstraint(condition=Q(channel__in=NoticeChannel.values), name="notice_channel_known"),
            models.CheckConstraint(condition=Q(status__in=NoticeStatus.values), name="notice_status_known"),
            models.CheckConstraint(
                condition=(Q(status__in=DUE) & Q(next_at__isnull=False))
                | (~Q(status__in=DUE) & Q(next_at__isnull=True)),
                name="notice_waits_for_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=OVER) & ~Q(problem="")) | (~Q(status__in=OVER) & Q(problem="")),
                name="notice_failed_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(status__in=DUE), name="notice_due"),
            models.Index(fields=["status", "city_office", "id"], condition=Q(status__in=OVER), name="notice_over"),
            models.Index(fields=["city_office", "id"], name="notice_of_city"),
            models.Index(fields=["office", "id"], name="notice_of_office"),
            models.Index(fields=["subject", "id"], name="notice_of_subject"),
            models.Index(fields=["case"], name="notice_of_case", condition=Q(case__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="notice_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="notice_stays_itself",
                operation=pgtrigger.UpdateOf(
                    "event_key", "channel", "template", "subject", "name", "case_id", "params", "created_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.template}（{self.get_channel_display()}）"

    @property
    def key(self) -> str:
        """What a gateway knows the message by: the same for every attempt, another one when a person sends again."""
        return f"{self.pk}-{self.resends}"


class NoticeBlock(models.Model):
    """不发送名单: a number to which nothing is sent by SMS until it is taken off again."""

    phone = SealedField("手机号码")
    phone_hash = HashField("手机号码检索码", of="phone")
    masked = models.CharField("手机号码（遮盖）", max_length=20)
    reason = models.CharField("原因", max_length=200)
    made_by_label = models.CharField("登记人", max_length=200)
    made_at = models.DateTimeField("登记时间")
    lifted_label = models.CharField("移出人", max_length=200, blank=True, default="")
    lifted_at = models.DateTimeField("移出时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "不发送名单"
        constraints = [
            models.UniqueConstraint(
                fields=["phone_hash"], condition=Q(lifted_at__isnull=True), name="noticeblock_once_a_number"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="noticeblock_explained"),
        ]
        triggers = [pgtrigger.Protect(name="noticeblock_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.masked
