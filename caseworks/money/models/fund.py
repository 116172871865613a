"""基金月报: what the fund held and spent in a month, of it the living benefits. (N4, N6.1, J4.3)"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from caseworks.money.models.signing import signed
from caseworks.money.triggers import append_only


class FundMonth(models.Model):
    """The fund of a region (the province, or a pool) in one month, as its finance recorded it. Written once.

    A correction is another row; the last one of a region and month counts. `living` is the part of the expenditure that
    living benefits took (保生活): benefit, medical contributions paid for the unemployed, price subsidies.
    """

    region = models.CharField("行政区划代码", max_length=6)
    period = models.CharField("月份", max_length=7)
    balance = models.DecimalField("月末滚存结余", max_digits=16, decimal_places=2)
    expenditure = models.DecimalField("当月基金支出", max_digits=16, decimal_places=2)
    living = models.DecimalField("其中保生活支出", max_digits=16, decimal_places=2)
    source = models.CharField("数据来源", max_length=200)
    person = signed("登记人")
    label = models.CharField("登记人（记录）", max_length=200)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "基金月报"
        ordering: ClassVar[list[str]] = ["-period", "region", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(region__regex=r"^[0-9]{6}$"), name="fundmonth_region"),
            models.CheckConstraint(condition=Q(period__regex=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), name="fundmonth_period"),
            models.CheckConstraint(
                condition=Q(expenditure__gte=0, living__gte=0, living__lte=F("expenditure")), name="fundmonth_sums"
            ),
            models.CheckConstraint(condition=~Q(source="") & ~Q(label=""), name="fundmonth_by_somebody"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["region", "-period", "-id"], name="fundmonth_region_period")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [append_only("fundmonth_append_only")]

    def __str__(self) -> str:
        return f"{self.region} {self.period}"
