"""Holds: what keeps one case where it stands while the rest goes on (N6.2, N6.5)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from caseworks.cases.enums import HoldKind


class HoldQuerySet(models.QuerySet["Hold"]):
    """Words about holds."""

    def standing(self) -> HoldQuerySet:
        """Those that were not released."""
        return self.filter(released_at__isnull=True)


class Hold(models.Model):
    """暂缓: a reason for which a case waits. It is no state: a held case keeps its place. One of a kind at a time."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="holds", verbose_name="业务件")
    kind = models.CharField("类别", max_length=20, choices=HoldKind.choices)
    reason = models.CharField("事由", max_length=300)
    since = models.DateTimeField("起始时间")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="提出人"
    )
    placed_label = models.CharField("提出人（记录）", max_length=200)
    released_at = models.DateTimeField("解除时间", null=True, blank=True)
    released_label = models.CharField("解除人（记录）", max_length=200, blank=True, default="")
    released_because = models.CharField("解除理由", max_length=300, blank=True, default="")

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "暂缓"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(released_at__isnull=True), name="hold_one_of_a_kind"
            ),
            models.CheckConstraint(condition=Q(kind__in=HoldKind.values), name="hold_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_explained"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | ~Q(released_because=""), name="hold_released_with_a_reason"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "case"], condition=Q(released_at__isnull=True), name="hold_standing")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_kind_display()}"
