"""Around the claims of a person: look-ups, invitations, and who signs in to claim (J3.1, J4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.sealed import HashField, SealedField
from caseworks.people.models import Office
from caseworks.people.scope import scope_of
from subsidies.enums import Level
from subsidies.models.claims import Claim, loose

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL


class Lookup(models.Model):
    """证书查询: one look-up of a certificate, as evidence: who asked when, of which source, and what it answered (J3.1)."""

    claim = loose(Claim, "申领", null=True)
    id_hash = HashField("证件号码检索码", of="id_no")
    id_no = SealedField("证件号码")
    cert_no = models.CharField("证书编号", max_length=60)
    source = models.CharField("来源", max_length=200)
    found = models.BooleanField("查到")
    answer = models.JSONField("查询结果", default=dict)
    digest = models.BinaryField("结果摘要", max_length=32)
    person = models.ForeignKey(STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="查询人")
    label = models.CharField("查询人（记录）", max_length=200)
    at = models.DateTimeField("查询时间")

    class Meta:
        verbose_name = verbose_name_plural = "证书查询记录"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id_hash", "cert_no"], name="lookup_certificate"),
            models.Index(fields=["claim"], condition=Q(claim__isnull=False), name="lookup_claim"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="lookup_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.cert_no} {self.at:%Y-%m-%d %H:%M}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Words about invitations."""

    def visible_to(self, person: Person, on: date) -> InvitationQuerySet:
        """Those to people of the offices that a person serves, and of those below them."""
        return cast("InvitationQuerySet", scope_of(person, on).limit(self))


class Invitation(models.Model):
    """政策找人: a certificate holder who could claim and had not was told so, once for ever (J4.2)."""

    year = models.PositiveSmallIntegerField("政策年度")
    id_hash = HashField("证件号码检索码")
    name = models.CharField("姓名", max_length=100)
    office = loose(Office, "经办机构")
    city_office = loose(Office, "所属市级机构")
    cert_no = models.CharField("证书编号", max_length=60)
    occupation = models.CharField("职业/工种", max_length=100, blank=True)
    level = models.SmallIntegerField("等级", choices=Level.choices)
    amount = models.DecimalField("可申领金额", max_digits=12, decimal_places=2)
    last_day = models.DateField("最迟申领日期")
    invited_on = models.DateField("邀请日期")
    at = models.DateTimeField("时间")
    label = models.CharField("办理人（记录）", max_length=200)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "主动告知"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["id_hash", "cert_no"], name="invitation_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["city_office", "id"], name="invitation_city"),
            models.Index(fields=["office", "id"], name="invitation_office"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="invitation_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.cert_no}"


class Claimant(models.Model):
    """A worker who signs in to the portal: who the person is, known by a code sent to the registered phone (J4.2)."""

    person = models.OneToOneField(STAFF, models.PROTECT, related_name="claimant", verbose_name="个人用户")
    id_hash = HashField("证件号码检索码", unique=True)
    made_at = models.DateTimeField("首次登录")

    class Meta:
        verbose_name = verbose_name_plural = "个人用户绑定"

    def __str__(self) -> str:
        return str(self.person)


class PhoneCode(models.Model):
    """A code that was sent to a worker's registered phone; good once, for minutes, in the browser that asked for it."""

    id_hash = HashField("证件号码检索码")
    browser = models.CharField("会话", max_length=64)
    code_digest = models.BinaryField("验证码摘要", max_length=32)
    sent_at = models.DateTimeField("发送时间")
    expires_at = models.DateTimeField("失效时间")
    tries = models.PositiveSmallIntegerField("已试次数", default=0)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    address = models.CharField("地址", max_length=45, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "手机验证码"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("sent_at")), name="phonecode_expires_later")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["browser", "-id"], name="phonecode_browser")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="phonecode_kept", operation=pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.sent_at:%Y-%m-%d %H:%M}"
