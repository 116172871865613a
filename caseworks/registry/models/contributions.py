"""What units paid, who left them, the lists they are on, and the fund. (N2.1-N2.3, N2.6)"""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import Q

from caseworks.base.enums import ContributionKind, ListKind, SeparationReason
from caseworks.base.sealed import HashField, SealedField


class ContributionQuerySet(models.QuerySet["Contribution"]):
    """Words about contributions."""

    def of_year(self, year: int) -> ContributionQuerySet:
        """Records whose period lies in the year."""
        return self.filter(period__gte=f"{year}-01", period__lte=f"{year}-12")


class Contribution(models.Model):
    """One record of a unit's month. The table is partitioned by the period's year (registry/partitions.py)."""

    pk = models.CompositePrimaryKey("uscc", "period", "kind", "serial")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    period = models.CharField("费款所属期", max_length=7, db_collation="C")
    kind = models.CharField("缴费类型", max_length=10, choices=ContributionKind.choices)
    serial = models.CharField("流水号", max_length=40)
    headcount = models.IntegerField("缴费人数")
    due = models.DecimalField("应缴金额", max_digits=14, decimal_places=2)
    paid = models.DecimalField("实缴金额", max_digits=14, decimal_places=2)
    paid_on = models.DateField("到账日期", null=True, blank=True)

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "缴费明细"

    def __str__(self) -> str:
        return f"{self.uscc} {self.period} {self.get_kind_display()} {self.serial}"


class Separation(models.Model):
    """减员: a person left a unit; the person need not be known otherwise."""

    id_hash = HashField("证件号码检索码", of="id_no")
    id_no = SealedField("证件号码")
    separated_on = models.DateField("减员日期")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    reason = models.CharField("减员原因", max_length=12, choices=SeparationReason.choices)

    class Meta:
        verbose_name = verbose_name_plural = "减员记录"
        indexes = [
            models.Index(fields=["separated_on", "uscc"], name="separation_date_uscc"),
            models.Index(fields=["id_hash"], condition=Q(reason__in=["death", "retirement"]), name="separation_end"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["uscc", "separated_on", "id_hash"], name="separation_once"),
            models.CheckConstraint(condition=Q(reason__in=SeparationReason.values), name="separation_reason_known"),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.separated_on} {self.get_reason_display()}"


class ListingQuerySet(models.QuerySet["Listing"]):
    """Words about listings."""

    def standing_on(self, day: datetime.date) -> ListingQuerySet:
        """Listed on or before the day and not removed by it (contract section 2)."""
        return self.filter(listed_on__lte=day).filter(Q(removed_on__isnull=True) | Q(removed_on__gt=day))


class Listing(models.Model):
    """A unit on a list: dishonest, zombie, abnormal, environmental."""

    uscc = models.CharField("统一社会信用代码", max_length=18)
    list = models.CharField("名单类型", max_length=14, choices=ListKind.choices)
    listed_on = models.DateField("列入日期")
    removed_on = models.DateField("移出日期", null=True, blank=True)
    source = models.CharField("来源", max_length=200, blank=True, default="")

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单"
        constraints = [
            models.UniqueConstraint(fields=["uscc", "list", "listed_on"], name="listing_once"),
            models.CheckConstraint(condition=Q(list__in=ListKind.values), name="listing_list_known"),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.get_list_display()} {self.listed_on}"


class FundYear(models.Model):
    """基金收支 of a region and year: the closing balance and what was spent. (N2.6, N6.1)"""

    region = models.CharField("行政区划代码", max_length=6)
    year = models.SmallIntegerField("年度")
    closing_balance = models.DecimalField("年末滚存结余", max_digits=16, decimal_places=2)
    expenditure = models.DecimalField("全年基金支出", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "基金收支"
        constraints = [models.UniqueConstraint(fields=["region", "year"], name="fund_year_once")]

    def __str__(self) -> str:
        return f"{self.region} {self.year}"
