"""The mark of a training database (contract 5)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q


class TrainingMark(models.Model):
    """The one row that makes this a training database, together with CASEWORKS_TRAINING (contract, 5)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    label = models.CharField("操作", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "训练库标记"
        verbose_name_plural = "训练库标记"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="trainingmark_single")]
        triggers = [pgtrigger.Protect(name="trainingmark_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.label}"
