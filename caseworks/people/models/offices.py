"""Offices and the regions each looks after."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q, Value

from caseworks.people.enums import OfficeLevel

_BODIES = ("局", "厅", "中心", "处", "所", "站", "机构", "办公室", "部门")


class OfficeQuerySet(models.QuerySet["Office"]):
    """Words about offices."""

    def within(self, office: Office) -> OfficeQuerySet:
        """The office and those below it."""
        if office.level == OfficeLevel.PROVINCE:
            return self.all()
        return (
            self.filter(Q(pk=office.pk) | Q(city=office.pk))
            if office.level == OfficeLevel.CITY
            else self.filter(pk=office.pk)
        )


class Office(models.Model):
    """A bureau's office: province, city, county. Each sees its own regions and those below. (J1)"""

    code = models.CharField("机构编码", max_length=20, unique=True)
    name = models.CharField("机构名称", max_length=100, unique=True)
    level = models.CharField("层级", max_length=10, choices=OfficeLevel.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="上级机构", null=True, blank=True, related_name="children"
    )
    city = models.ForeignKey(
        "self", models.PROTECT, verbose_name="所属市级机构", null=True, blank=True, editable=False, related_name="+"
    )
    contact = models.CharField("联系人", max_length=60, blank=True, default="")
    phone = models.CharField("咨询电话", max_length=40, blank=True, default="")
    address = models.CharField("地址", max_length=200, blank=True, default="")
    is_active = models.BooleanField("启用", default=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "机构"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(level__in=OfficeLevel.values), name="office_level_known"),
            models.CheckConstraint(
                condition=Q(level=OfficeLevel.PROVINCE, parent__isnull=True)
                | Q(level__in=[OfficeLevel.CITY, OfficeLevel.COUNTY], parent__isnull=False),
                name="office_only_the_province_is_on_top",
                violation_error_message="省级机构没有上级机构；市级、县级机构须有上级机构。",
            ),
            models.UniqueConstraint(
                Value(1),
                condition=Q(level=OfficeLevel.PROVINCE),
                name="office_one_province",
                violation_error_message="省级机构只能有一个。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def issuer(self) -> str:
        """As papers name it: the office's name, or what it is where the name is that of a place."""
        return self.name if self.name.endswith(_BODIES) else f"{self.name}失业保险经办机构"

    @property
    def city_or_self_id(self) -> int:
        """The office of the second level that rows of this office carry; the province stands for itself."""
        return self.city_id or self.pk


class OfficeRegion(models.Model):
    """A region code, or its beginning, that an office looks after. The longest one wins."""

    office = models.ForeignKey(Office, models.CASCADE, verbose_name="机构", related_name="regions")
    prefix = models.CharField(
        "行政区划代码（前缀）",
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[0-9]{2,6}$", "请填写2至6位数字的行政区划代码或其前缀。")],
    )
    note = models.CharField("说明", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "管辖区划"
        ordering = ["prefix"]
        constraints = [
            models.CheckConstraint(condition=Q(prefix__regex=r"^[0-9]{2,6}$"), name="office_region_is_digits")
        ]

    def __str__(self) -> str:
        return self.prefix
