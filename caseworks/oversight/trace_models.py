"""An export of who did what: asked for by one person with a reason, allowed by another, kept as it was made. (N6.2)"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import StoredFile
from caseworks.people.models import Office

STAFF = settings.AUTH_USER_MODEL


class ExportStatus(models.TextChoices):
    """Where a request for an export stands."""

    ASKED = "asked", "待另一人同意"
    ALLOWED = "allowed", "已同意，正在生成"
    MADE = "made", "可下载"
    REFUSED = "refused", "不同意"


class TraceExport(models.Model):
    """痕迹导出: leaves the system only with the consent of a second person."""

    query = models.JSONField("条件")
    words = models.CharField("条件（文字）", max_length=400)
    reason = models.CharField("用途", max_length=300)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="申请人机构")
    asked_by = models.ForeignKey(STAFF, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_label = models.CharField("申请人（记录）", max_length=200)
    asked_at = models.DateTimeField("申请时间")
    status = models.CharField("状态", max_length=8, choices=ExportStatus.choices, default=ExportStatus.ASKED)
    decided_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="同意人")
    decided_label = models.CharField("同意人（记录）", max_length=200, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    answer = models.CharField("意见", max_length=300, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="文件")
    lines = models.PositiveIntegerField("行数", null=True)
    made_at = models.DateTimeField("生成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "痕迹导出"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(status__in=ExportStatus.values), name="traceexport_status_known"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")), name="traceexport_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(status="asked", decided_at__isnull=True)
                | (~Q(status="asked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="traceexport_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(file__isnull=True) | Q(status="made", made_at__isnull=False, lines__isnull=False),
                name="traceexport_made_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="traceexport_for_a_reason"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="traceexport_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="traceexport_frozen",
                fields=["query", "words", "reason", "office", "asked_by", "asked_label", "asked_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_label} {self.asked_at:%Y-%m-%d %H:%M}"
