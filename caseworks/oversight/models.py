"""Figures that are counted ahead of being looked at, and the pulse of the background."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from caseworks.oversight.trace_models import ExportStatus as ExportStatus
from caseworks.oversight.trace_models import TraceExport as TraceExport
from caseworks.people.models import Office


class Figure(models.Model):
    """One figure of an office (with those below it) in a year and scheme, as the last refresh counted it.

    `oldest` is the day since which the longest of them waits, `slowest` the one since which the slowest quarter does.
    """

    year = models.PositiveSmallIntegerField("政策年度")
    scheme = models.CharField("业务", max_length=12)
    office = models.ForeignKey(Office, models.CASCADE, related_name="+", verbose_name="机构")
    code = models.CharField("指标", max_length=40)
    key = models.CharField("分组", max_length=300, blank=True)
    units = models.BigIntegerField("数量")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2, default=0)
    oldest = models.DateField("最早", null=True)
    slowest = models.DateField("最慢四分之一", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "指标"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["year", "scheme", "office", "code", "key"], name="figure_once"),
            models.CheckConstraint(condition=Q(units__gte=0), name="figure_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.scheme} {self.code} {self.key}: {self.units}"


class Refresh(models.Model):
    """When the figures of a year and scheme were counted last, and how long that took."""

    year = models.PositiveSmallIntegerField("政策年度")
    scheme = models.CharField("业务", max_length=12)
    at = models.DateTimeField("时间")
    on = models.DateField("日期")
    seconds = models.FloatField("用时（秒）")

    class Meta:
        verbose_name = verbose_name_plural = "指标更新"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["year", "scheme"], name="refresh_once")
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.scheme} {self.at:%Y-%m-%d %H:%M}"


class Pulse(models.Model):
    """The last sign of life of a part of the background; a worker gives it whenever the clock asks."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "运行心跳"

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"
