"""承继: one unit goes on as another. (民法典第六十七条)"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import StoredFile
from caseworks.people.models import Office
from caseworks.registry.enums import SuccessionStatus

if TYPE_CHECKING:
    import datetime

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL
STANDING = (SuccessionStatus.PROPOSED, SuccessionStatus.CONFIRMED)


class SuccessionQuerySet(models.QuerySet["Succession"]):
    """Words about successions."""

    def visible_to(self, person: Person, on: datetime.date) -> SuccessionQuerySet:
        """Those whose successor belongs to the offices that a person serves, or to those below them."""
        from caseworks.people.scope import scope_of

        return cast("SuccessionQuerySet", scope_of(person, on).limit(self))

    def waiting(self) -> SuccessionQuerySet:
        """Entered by one person, waiting for another."""
        return self.filter(status=SuccessionStatus.PROPOSED)

    def confirmed(self) -> SuccessionQuerySet:
        """Those that hold."""
        return self.filter(status=SuccessionStatus.CONFIRMED)


class Succession(models.Model):
    """承继: the successor takes over the predecessor from a day on, by a document; entered by one, confirmed by another.

    A unit has one successor and may have many predecessors. What counted for the predecessor counts for the successor.
    """

    predecessor = models.CharField("被承继单位代码", max_length=18)
    predecessor_name = models.CharField("被承继单位", max_length=200)
    predecessor_key = models.CharField("被承继单位检索码", max_length=1200)
    successor = models.CharField("承继单位代码", max_length=18)
    successor_name = models.CharField("承继单位", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    effective_on = models.DateField("承继日期")
    document_no = models.CharField("依据文号", max_length=100)
    note = models.TextField("说明", blank=True, default="")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="依据材料")
    status = models.CharField("状态", max_length=10, choices=SuccessionStatus.choices)
    proposed_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    proposed_label = models.CharField("登记人（记录）", max_length=200)
    proposed_at = models.DateTimeField("登记时间")
    decided_by = models.ForeignKey(STAFF, models.PROTECT, null=True, related_name="+", verbose_name="决定人")
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    decided_at = models.DateTimeField("决定时间", null=True)
    decision_note = models.CharField("意见", max_length=500, blank=True, default="")
    revoked_label = models.CharField("撤销人（记录）", max_length=200, blank=True, default="")
    revoked_at = models.DateTimeField("撤销时间", null=True)
    revoked_because = models.CharField("撤销理由", max_length=500, blank=True, default="")

    objects = SuccessionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位承继"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["predecessor"], condition=Q(status__in=STANDING), name="succession_one_successor"
            ),
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="succession_of_another"),
            models.CheckConstraint(condition=Q(status__in=SuccessionStatus.values), name="succession_status_known"),
            models.CheckConstraint(condition=~Q(document_no=""), name="succession_by_a_document"),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(proposed_by=F("decided_by")),
                name="succession_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status=SuccessionStatus.PROPOSED) | Q(decided_at__isnull=False),
                name="succession_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=SuccessionStatus.REVOKED) | ~Q(revoked_because=""),
                name="succession_revoked_with_a_reason",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["successor"], name="succession_successor"),
            models.Index(fields=["status", "id"], name="succession_queue"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="succession_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="succession_frozen",
                fields=[
                    "predecessor", "predecessor_name", "predecessor_key", "successor", "successor_name",
                    "effective_on", "document_no", "file", "proposed_by", "proposed_label", "proposed_at",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.predecessor_name} → {self.successor_name}"
