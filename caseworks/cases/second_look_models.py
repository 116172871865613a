"""复核申请: a unit that is in no list asks for a second look (N6.2, J4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.sealed import SealedField
from caseworks.base.subjects import is_person
from caseworks.cases.enums import Scheme, SecondLookChannel, SecondLookStatus
from caseworks.people.models import Office

if TYPE_CHECKING:
    import datetime as dt

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL


class SecondLookQuerySet(models.QuerySet["SecondLook"]):
    """Words about second looks."""

    def visible_to(self, person: Person, on: dt.date) -> SecondLookQuerySet:
        """Those of the offices that a person serves, and of those below them."""
        from caseworks.people.scope import scope_of

        return cast("SecondLookQuerySet", scope_of(person, on).limit(self))

    def waiting(self) -> SecondLookQuerySet:
        """Those that nobody has answered."""
        return self.filter(status=SecondLookStatus.OPEN)


class SecondLook(models.Model):
    """复核申请: how a unit or person was judged when it asked, what it says, how it is judged now, and the letter."""

    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    subject = models.CharField("对象", max_length=64, help_text="单位的统一社会信用代码，或个人的检索码")
    matter = models.CharField("所申请复核的事项", max_length=20, blank=True, default="", help_text="业务自己的编号")
    name = models.CharField("名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    channel = models.CharField("渠道", max_length=10, choices=SecondLookChannel.choices)
    applicant = models.CharField("申请人", max_length=60)
    contact = SealedField("联系方式")
    words = models.TextField("申请理由")
    before = models.JSONField("申请时的结论", default=dict)
    received_on = models.DateField("收到日期")
    received_at = models.DateTimeField("登记时间")
    received_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    received_label = models.CharField("登记人（记录）", max_length=200)
    address = models.CharField("来源地址", max_length=45, blank=True, default="")
    status = models.CharField("状态", max_length=10, choices=SecondLookStatus.choices, default=SecondLookStatus.OPEN)
    after = models.JSONField("复核后的结论", default=dict)
    answer = models.TextField("复核意见", blank=True, default="")
    decided_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="复核人")
    decided_label = models.CharField("复核人（记录）", max_length=200, blank=True, default="")
    decided_at = models.DateTimeField("复核时间", null=True)
    decided_on = models.DateField("复核日期", null=True)
    document = models.ForeignKey(
        "base.Document", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复文书"
    )

    objects = SecondLookQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "复核申请"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["scheme", "year", "subject", "matter"],
                condition=Q(status="open"),
                name="secondlook_one_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="secondlook_in_words"),
            models.CheckConstraint(
                condition=Q(received_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(received_by=F("decided_by")),
                name="secondlook_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True, answer="", document__isnull=True)
                | (
                    ~Q(status="open")
                    & Q(decided_at__isnull=False, decided_on__isnull=False, document__isnull=False)
                    & ~Q(decided_label="")
                    & ~Q(answer="")
                ),
                name="secondlook_answered_by_a_letter",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "id"], name="secondlook_queue"),
            models.Index(fields=["subject", "year"], name="secondlook_subject"),
            models.Index(fields=["address", "received_at"], name="secondlook_address"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="secondlook_kept", operation=pgtrigger.Delete),
            # the subject of a person follows a new key (base.rekeying)
            pgtrigger.ReadOnly(
                name="secondlook_frozen",
                fields=[
                    "scheme", "year", "matter", "name", "channel", "applicant", "words", "before", "received_on",
                    "received_at", "received_by", "received_label", "address",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} {self.year}"

    @property
    def of_person(self) -> bool:
        """A person asks, who is named by a key."""
        return is_person(self.subject)

    @property
    def by_people(self) -> bool:
        """What is asked about was refused by people in review, and not by the rules."""
        return bool(self.before.get("by_people"))


class SecondLookFile(models.Model):
    """证据材料: a file that came with the request."""

    look = models.ForeignKey(SecondLook, models.PROTECT, related_name="files", verbose_name="复核申请")
    file = models.OneToOneField("base.StoredFile", models.PROTECT, related_name="+", verbose_name="文件")

    class Meta:
        verbose_name = verbose_name_plural = "复核申请材料"
        ordering: ClassVar[list[str]] = ["id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="secondlookfile_kept", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.file)
