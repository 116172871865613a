"""Findings of double benefit: a training subsidy that came after a claim was granted (N3.3, J3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from caseworks.money.enums import RecoveryStatus
from caseworks.money.models import Recovery
from caseworks.people.scope import scope_of
from subsidies.enums import Level, OverlapKind
from subsidies.models.claims import Claim

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL
RECOVERY = "subsidies:overlap:"  # begins the key of the recovery that the findings of a claim lead to


class OverlapQuerySet(models.QuerySet["Overlap"]):
    """Words about findings of double benefit."""

    def visible_to(self, person: Person, on: date) -> OverlapQuerySet:
        """Those of claims of the offices that a person serves, and of those below them."""
        return cast("OverlapQuerySet", scope_of(person, on).limit(self, "claim__"))

    def open(self) -> OverlapQuerySet:
        """Nobody has said that it is none."""
        return self.filter(dismissed_at__isnull=True)

    def waiting(self) -> OverlapQuerySet:
        """Somebody has yet to decide: the claim stands, and nobody has confirmed or withdrawn its recovery."""
        key = Concat(Value(RECOVERY), Cast(OuterRef("claim_id"), CharField()))
        decided = Recovery.objects.filter(key=key).exclude(status=RecoveryStatus.PROPOSED)
        return self.open().filter(claim__held=True).exclude(Exists(decided))


class Overlap(models.Model):
    """重复享受: a training subsidy imported after a claim was granted, for the same occupation (N3.3, J3.2).

    Both records stand side by side; what follows is a proposal to recover, or a person's word that it is none.
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="overlaps", verbose_name="申领")
    kind = models.CharField("情形", max_length=8, choices=OverlapKind.choices)
    training = models.BigIntegerField("培训补贴记录")
    occupation_code = models.CharField("职业编码", max_length=40)
    level = models.SmallIntegerField("等级", choices=Level.choices)
    paid_on = models.DateField("发放日期")
    amount = models.DecimalField("补贴金额", max_digits=14, decimal_places=2)
    found_on = models.DateField("发现日期")
    found_at = models.DateTimeField("登记时间")
    found_label = models.CharField("发现人（记录）", max_length=200)
    dismissed_at = models.DateTimeField("认定时间", null=True, blank=True)
    dismissed_by = models.ForeignKey(
        STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="认定人"
    )
    dismissed_label = models.CharField("认定人（记录）", max_length=200, blank=True, default="")
    dismissed_because = models.TextField("认定不构成重复的理由", blank=True, default="")

    objects = OverlapQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "重复享受"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["claim", "level", "paid_on"], name="overlap_found_once"),
            models.CheckConstraint(condition=Q(kind__in=OverlapKind.values), name="overlap_kind_known"),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=True, dismissed_because="")
                | (Q(dismissed_at__isnull=False) & ~Q(dismissed_because="") & ~Q(dismissed_label="")),
                name="overlap_dismissed_with_a_reason",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="overlap_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="overlap_says_what_was_found",
                fields=["claim", "kind", "level", "paid_on", "amount", "found_at", "found_label"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} · {self.get_kind_display()}"
