"""Declared by a unit: that it has no corporate account, so that its tax account may be paid. (N5.2)"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import StoredFile
from caseworks.registry.enums import DeclarationStatus


class AccountDeclarationQuerySet(models.QuerySet["AccountDeclaration"]):
    """Words about declarations."""

    def standing(self) -> AccountDeclarationQuerySet:
        """Confirmed by another person, and not ended."""
        return self.filter(status=DeclarationStatus.CONFIRMED)

    def waiting(self) -> AccountDeclarationQuerySet:
        """Entered by one person, waiting for another."""
        return self.filter(status=DeclarationStatus.PROPOSED)


class AccountDeclaration(models.Model):
    """无对公账户声明: with its source and date, entered by one person and confirmed by another. (N5.2)"""

    uscc = models.CharField("统一社会信用代码", max_length=18)
    source = models.CharField("来源", max_length=200, help_text="如 单位书面声明、税务部门核实")
    declared_on = models.DateField("声明日期")
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="声明材料"
    )
    status = models.CharField("状态", max_length=10, choices=DeclarationStatus.choices)
    proposed_at = models.DateTimeField("登记时间")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", null=True, blank=True, related_name="+"
    )
    proposed_label = models.CharField("登记人（记录）", max_length=200)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="决定人", null=True, blank=True, related_name="+"
    )
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    because = models.CharField("退回或终止理由", max_length=300, blank=True, default="")

    objects = AccountDeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "无对公账户声明"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "uscc"], name="declaration_status_uscc"),
            models.Index(fields=["uscc", "id"], name="declaration_uscc"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["uscc"],
                condition=Q(status__in=[DeclarationStatus.PROPOSED, DeclarationStatus.CONFIRMED]),
                name="declaration_one_a_unit",
            ),
            models.CheckConstraint(condition=Q(status__in=DeclarationStatus.values), name="declaration_status_known"),
            models.CheckConstraint(condition=~Q(source=""), name="declaration_names_its_source"),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(proposed_by=F("decided_by")),
                name="declaration_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status=DeclarationStatus.PROPOSED) | Q(decided_at__isnull=False),
                name="declaration_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[DeclarationStatus.REFUSED, DeclarationStatus.ENDED]) | ~Q(because=""),
                name="declaration_ended_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.declared_on}"
