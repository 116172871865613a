"""What makes the reviewers' desk: who has taken a case, files beside it, the words a person often writes. (N6.2)"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import StoredFile
from caseworks.cases.enums import Stage


def _person(label: str, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=null, blank=null, related_name="+", verbose_name=label
    )


class TakingQuerySet(models.QuerySet["Taking"]):
    """Words about takings."""

    def standing(self, at: datetime) -> TakingQuerySet:
        """Those that hold: neither ended nor run out."""
        return self.filter(ended_at__isnull=True, until__gt=at)


class Taking(models.Model):
    """认领: somebody works on a case at a stage, until a day. It keeps colleagues from passing it by accident.

    It is no lock: it runs out by itself, and a colleague may take the case over knowingly.
    """

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="takings", verbose_name="业务件")
    stage = models.CharField("环节", max_length=10, choices=Stage.choices)
    person = _person("认领人")
    given_by = _person("交办人", null=True)
    label = models.CharField("登记人（记录）", max_length=200)
    at = models.DateTimeField("认领时间")
    until = models.DateTimeField("到期时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_because = models.CharField("结束原因", max_length=60, blank=True, default="")

    objects = TakingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "认领"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case"], condition=Q(ended_at__isnull=True), name="taking_one_a_case"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="taking_stage_known"),
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="taking_runs_out"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="")
                | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="taking_ended_for_a_reason",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "case"], condition=Q(ended_at__isnull=True), name="taking_of_a_person")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="taking_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="taking_frozen", fields=["case", "stage", "person", "given_by", "label", "at", "until"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.person}"


class CaseFile(models.Model):
    """附件: a file beside a case, for those who review it; kept for good (`base.files`)."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="files", verbose_name="业务件")
    stored = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="文件")
    words = models.CharField("说明", max_length=200)
    person = _person("提交人")
    actor = models.CharField("提交人（记录）", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        ordering: ClassVar[list[str]] = ["case_id", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(words=""), name="casefile_in_words"),
            models.UniqueConstraint(fields=["case", "stored"], name="casefile_once"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="casefile_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.words}"


class CommonOpinion(models.Model):
    """常用意见: words that a person keeps for a stage; a matter of taste, and no record of anything."""

    person = _person("人员")
    stage = models.CharField("环节", max_length=10, choices=Stage.choices)
    text = models.CharField("意见", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "常用意见"
        ordering: ClassVar[list[str]] = ["person_id", "stage", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "stage", "text"], name="opinion_once"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="opinion_stage_known"),
            models.CheckConstraint(condition=~Q(text=""), name="opinion_in_words"),
        ]

    def __str__(self) -> str:
        return self.text
