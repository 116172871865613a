"""A payee's social-security card changed: handed in by one person or a file, in use once another person confirmed it (N5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.sealed import HashField, SealedField
from caseworks.people.models import Office
from caseworks.people.scope import scope_of
from caseworks.registry.enums import CardChangeStatus

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person


class CardChangeQuerySet(models.QuerySet["CardChange"]):
    """Words about changed cards."""

    def visible_to(self, person: Person, on: date) -> CardChangeQuerySet:
        """Those of people whom the offices that a person serves look after."""
        return cast("CardChangeQuerySet", scope_of(person, on).limit(self))

    def waiting(self) -> CardChangeQuerySet:
        """Those that another person has yet to confirm."""
        return self.filter(status=CardChangeStatus.PROPOSED)


class CardChange(models.Model):
    """社会保障卡变更: another card of a person, with where it was read; what was handed in stays as it was."""

    id_hash = HashField("证件号码检索码")
    name = models.CharField("姓名", max_length=100)
    region = models.CharField("行政区划代码", max_length=6, blank=True, default="")
    office = models.ForeignKey(Office, models.PROTECT, verbose_name="经办机构", related_name="+")
    city_office = models.ForeignKey(Office, models.PROTECT, verbose_name="所属市级机构", related_name="+")
    bank = models.CharField("社保卡银行", max_length=200)
    account = SealedField("社保卡账号")
    account_hash = HashField("社保卡账号检索码", of="account")
    account_tail = models.CharField("社保卡账号末四位", max_length=4)
    active = models.BooleanField("金融功能已激活")
    before = SealedField("原社保卡账号", blank=True, default="")
    before_hash = HashField("原社保卡账号检索码", of="before", null=True)  # type: ignore[misc]
    before_tail = models.CharField("原账号末四位", max_length=4, blank=True, default="")
    source = models.CharField("依据", max_length=200)
    status = models.CharField("状态", max_length=10, choices=CardChangeStatus.choices)
    proposed_at = models.DateTimeField("登记时间")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", null=True, blank=True, related_name="+"
    )
    proposed_label = models.CharField("登记人（记录）", max_length=200, blank=True, default="")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="决定人", null=True, blank=True, related_name="+"
    )
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    refused_because = models.CharField("退回理由", max_length=300, blank=True, default="")

    objects = CardChangeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "社会保障卡变更"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id_hash", "-id"], name="cardchange_person"),
            models.Index(fields=["office", "id"], condition=Q(status="proposed"), name="cardchange_waiting"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["id_hash"], condition=Q(status="proposed"), name="cardchange_one_waiting"),
            models.CheckConstraint(condition=Q(status__in=CardChangeStatus.values), name="cardchange_status_known"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")), name="cardchange_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | Q(status__in=["confirmed", "refused"], decided_by__isnull=False, decided_at__isnull=False)
                | Q(status="superseded", decided_at__isnull=False),
                name="cardchange_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=False) | ~Q(proposed_label=""), name="cardchange_proposed_by_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refused_because=""), name="cardchange_refused_with_reason"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="cardchange_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="cardchange_says_what_was_handed_in",
                fields=[
                    "name",
                    "bank",
                    "account_tail",
                    "active",
                    "before_tail",
                    "source",
                    "proposed_at",
                    "proposed_by",
                    "proposed_label",
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} **** {self.account_tail}"

    @property
    def proposer(self) -> str:
        """Who handed it in: a person, or whoever ran the file's import."""
        return str(self.proposed_by) if self.proposed_by else self.proposed_label
