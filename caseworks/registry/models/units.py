"""Insured units."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value

from caseworks.base.enums import Size, UnitStatus, UnitType
from caseworks.base.sealed import HashField, SealedField
from caseworks.people.models import Office
from caseworks.registry.names import name_key

if TYPE_CHECKING:
    from caseworks.people.models import Person

_CODE_PART = re.compile(r"[0-9A-Z]{2,18}")


class Grams(models.Func):
    """The two-character parts of a text, as the search index holds them."""

    function = "caseworks_grams"
    output_field = models.TextField()


class Joined(models.Func):
    """Two texts, one behind the other."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = models.TextField()


class HasGrams(models.Func):
    """Whether the first text has every two-character part of the second: the index's way to "contains"."""

    template = "(caseworks_grams(%(expressions)s))"
    arg_joiner = ") @> caseworks_grams("
    output_field = models.BooleanField()


class Holds(models.Func):
    """Whether the first text holds the second.

    Not LIKE: of what the grams say already, the planner would take it for news, expect few units of a common word, and
    sort them all for a page of fifty instead of walking to the first fifty.
    """

    template = "(strpos(%(expressions)s) > 0)"
    output_field = models.BooleanField()


class UnitQuerySet(models.QuerySet["Unit"]):
    """Words about units."""

    def visible_to(self, person: Person, on: datetime.date) -> UnitQuerySet:
        """Those of the person's office and the offices below it; an enterprise user's own."""
        from caseworks.people.scope import scope_of

        return scope_of(person, on).limit(self)  # type: ignore[return-value]

    def search(self, text: str) -> UnitQuerySet:
        """Units whose present or a former name contains the text (two characters or more), or whose code begins with it.

        The name of a predecessor leads to its successor as well.
        """
        key = name_key(text)
        if len(key) < 2:
            return self.none()
        found = Q(HasGrams(F("search_key"), Value(key))) & Q(Holds(F("search_key"), Value(key)))
        if _CODE_PART.fullmatch(key):
            found |= Q(uscc__startswith=key)
        heirs = _heirs_of(key)
        if heirs:
            found |= Q(uscc__in=heirs)
        return self.filter(found)


def _heirs_of(key: str) -> list[str]:
    """The units that took over one whose name contains the key, and those that took over these."""
    from caseworks.registry.models.successions import Succession

    rows = Succession.objects.confirmed()
    new = set(rows.filter(predecessor_key__contains=key).values_list("successor", flat=True)[:200])
    found: set[str] = set()
    while new:
        found |= new
        new = set(rows.filter(predecessor__in=new).values_list("successor", flat=True)) - found
    return sorted(found)


class Unit(models.Model):
    """A unit insured against unemployment. (N2.1, N2.5)"""

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("单位名称", max_length=200)
    name_key = models.CharField("名称检索码", max_length=200)
    former_names = models.CharField("曾用名", max_length=1000, blank=True, default="")
    former_key = models.CharField("曾用名检索码", max_length=1000, blank=True, default="")
    search_key = models.GeneratedField(
        expression=Joined(F("name_key"), F("former_key")), output_field=models.TextField(), db_persist=True
    )
    unit_type = models.CharField("单位类型", max_length=20, choices=UnitType.choices)
    size = models.CharField("企业划型", max_length=6, choices=Size.choices, blank=True, default="")
    region = models.CharField("行政区划代码", max_length=6)
    status = models.CharField("参保状态", max_length=12, choices=UnitStatus.choices)
    insured_from = models.DateField("参保日期")
    dispatch_licence = models.CharField("劳务派遣许可证号", max_length=60, blank=True, default="")
    dispatch_licence_until = models.DateField("许可证有效期止", null=True, blank=True)
    phone = SealedField("联系电话", blank=True, default="")
    phone_hash = HashField("联系电话检索码", of="phone", null=True)  # type: ignore[misc]
    address = models.CharField("地址", max_length=300, blank=True, default="")
    legal_representative = models.CharField("法定代表人", max_length=100, blank=True, default="")
    contact = models.CharField("联系人", max_length=100, blank=True, default="")
    office = models.ForeignKey(Office, models.PROTECT, verbose_name="经办机构", related_name="+")
    city_office = models.ForeignKey(Office, models.PROTECT, verbose_name="市级机构", related_name="+")
    updated_at = models.DateTimeField("更新时间")

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参保单位"
        indexes = [
            models.Index(fields=["office", "uscc"], name="unit_office_uscc"),
            models.Index(fields=["city_office", "uscc"], name="unit_city_uscc"),
            models.Index(fields=["name_key", "uscc"], name="unit_name_key"),
            models.Index(fields=["region", "uscc"], name="unit_region_uscc"),
            models.Index(fields=["office", "name_key", "uscc"], name="unit_office_name"),
            models.Index(fields=["city_office", "name_key", "uscc"], name="unit_city_name"),
            models.Index(fields=["unit_type", "uscc"], name="unit_type_uscc"),
            models.Index(fields=["size", "uscc"], name="unit_size_uscc"),
            models.Index(fields=["status", "uscc"], name="unit_status_uscc"),
            GinIndex(Grams(F("search_key")), name="unit_grams"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(unit_type__in=UnitType.values), name="unit_type_known"),
            models.CheckConstraint(condition=Q(size__in=["", *Size.values]), name="unit_size_known"),
            models.CheckConstraint(condition=Q(status__in=UnitStatus.values), name="unit_status_known"),
            models.CheckConstraint(condition=Q(region__regex=r"^[0-9]{6}$"), name="unit_region_six_digits"),
        ]

    def __str__(self) -> str:
        return self.name
