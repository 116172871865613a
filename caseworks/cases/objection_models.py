"""Objections to a line of an announcement (N6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from caseworks.base.sealed import SealedField
from caseworks.cases.enums import Channel, ObjectionKind, ObjectionStatus, Remedy
from caseworks.cases.triggers import OBJECTION_HANDLED_BY_ANOTHER

if TYPE_CHECKING:
    import datetime as dt

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL


class ObjectionQuerySet(models.QuerySet["Objection"]):
    """Words about objections."""

    def visible_to(self, person: Person, on: dt.date) -> ObjectionQuerySet:
        """Those to cases of the offices that a person serves, and of those below them."""
        from caseworks.people.scope import scope_of

        return cast("ObjectionQuerySet", scope_of(person, on).limit(self, "line__case__"))

    def waiting(self) -> ObjectionQuerySet:
        """Those that nobody has decided."""
        return self.filter(status=ObjectionStatus.OPEN)


class Objection(models.Model):
    """异议: somebody says that a line of an announcement is wrong; one who did not review the case decides it."""

    line = models.ForeignKey(
        "cases.AnnouncementLine", models.PROTECT, related_name="objections", verbose_name="公示明细"
    )
    kind = models.CharField("类型", max_length=12, choices=ObjectionKind.choices)
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    objector = models.CharField("提出人", max_length=60)
    contact = SealedField("联系方式")
    words = models.TextField("异议内容")
    evidence = models.TextField("证据线索", blank=True)
    received_on = models.DateField("收到日期")
    received_at = models.DateTimeField("登记时间")
    received_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    received_label = models.CharField("登记人（记录）", max_length=200)
    address = models.CharField("来源地址", max_length=45, blank=True)
    status = models.CharField("状态", max_length=10, choices=ObjectionStatus.choices, default=ObjectionStatus.OPEN)
    decided_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="处理人")
    decided_label = models.CharField("处理人（记录）", max_length=200, blank=True)
    decided_at = models.DateTimeField("处理时间", null=True)
    decided_on = models.DateField("处理日期", null=True)
    answer = models.TextField("答复", blank=True)
    remedy = models.CharField("处理", max_length=12, choices=Remedy.choices, blank=True, default="")
    amount_before = models.DecimalField("原金额", max_digits=14, decimal_places=2, null=True, blank=True)
    amount_after = models.DecimalField("重新核定金额", max_digits=14, decimal_places=2, null=True, blank=True)
    document = models.ForeignKey(
        "base.Document", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复文书"
    )

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公示异议"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(words=""), name="objection_in_words"),
            models.CheckConstraint(
                condition=Q(status=ObjectionStatus.OPEN, decided_at__isnull=True, decided_label="", answer="")
                | (
                    ~Q(status=ObjectionStatus.OPEN)
                    & Q(decided_at__isnull=False, decided_on__isnull=False)
                    & ~Q(decided_label="")
                    & ~Q(answer="")
                ),
                name="objection_decided_with_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(remedy="") | Q(status=ObjectionStatus.UPHELD), name="objection_remedy_where_upheld"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "id"], name="objection_queue"),
            models.Index(fields=["address", "received_at"], name="objection_address"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="objection_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="objection_frozen",
                fields=[
                    "line", "kind", "channel", "objector", "words", "evidence", "received_on", "received_at",
                    "received_by", "received_label", "address",
                ],
            ),
            OBJECTION_HANDLED_BY_ANOTHER,
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.line_id} {self.get_kind_display()}"


class ObjectionFile(models.Model):
    """证据材料: a file that came with an objection."""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="files", verbose_name="异议")
    file = models.OneToOneField("base.StoredFile", models.PROTECT, related_name="+", verbose_name="文件")

    class Meta:
        verbose_name = verbose_name_plural = "异议证据材料"
        ordering: ClassVar[list[str]] = ["id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="objectionfile_kept", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.file)
