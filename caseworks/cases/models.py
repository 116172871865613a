"""Cases, their history, and the bars that keep a unit out of a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.cases.announcement_models import (
    Announcement as Announcement,
)
from caseworks.cases.announcement_models import (
    AnnouncementLine as AnnouncementLine,
)
from caseworks.cases.announcement_models import (
    AnnouncementPosting as AnnouncementPosting,
)
from caseworks.cases.desk_models import (
    CaseFile as CaseFile,
)
from caseworks.cases.desk_models import (
    CommonOpinion as CommonOpinion,
)
from caseworks.cases.desk_models import (
    Taking as Taking,
)
from caseworks.cases.enums import BarStatus, Scheme, Status
from caseworks.cases.hold_models import Hold as Hold
from caseworks.cases.objection_models import Objection as Objection
from caseworks.cases.objection_models import ObjectionFile as ObjectionFile
from caseworks.cases.review_models import (
    CaseNote as CaseNote,
)
from caseworks.cases.review_models import (
    Examination as Examination,
)
from caseworks.cases.review_models import (
    FlagClearing as FlagClearing,
)
from caseworks.cases.review_models import (
    Review as Review,
)
from caseworks.cases.review_models import (
    ReviewSheet as ReviewSheet,
)
from caseworks.cases.second_look_models import SecondLook as SecondLook
from caseworks.cases.second_look_models import SecondLookFile as SecondLookFile
from caseworks.cases.triggers import CASE_FOLLOWS_ITS_HISTORY, EVENT_SIGNED_BY_DIFFERENT_PEOPLE
from caseworks.people.models import Office
from caseworks.people.scope import scope_of

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person


class BarQuerySet(models.QuerySet["Bar"]):
    """Words about bars."""

    def standing(self) -> BarQuerySet:
        """Bars that hold: proposed ones hold at once, until a supervisor decides (contract, section 3)."""
        return self.exclude(status=BarStatus.REVOKED)

    def of_year(self, scheme: str, year: int) -> BarQuerySet:
        """Bars of one scheme for one policy year."""
        return self.filter(scheme=scheme, year=year)


class Bar(models.Model):
    """取消申领资格: a unit may claim nothing of a scheme in a year (J2.9).

    A proposed bar holds at once; another person confirms it with a decision number, or revokes it with a reason.
    """

    uscc = models.CharField("统一社会信用代码", max_length=18)
    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices, default=Scheme.REFUNDS)
    year = models.PositiveSmallIntegerField("政策年度")
    status = models.CharField("状态", max_length=10, choices=BarStatus.choices, default=BarStatus.PROPOSED)
    reason = models.TextField("事由")
    evidence = models.JSONField("证据", default=dict, blank=True)
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="提出人"
    )
    proposed_label = models.CharField("提出人（记录）", max_length=200)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True)
    decision_no = models.CharField("决定书文号", max_length=60, blank=True)
    decision_reason = models.TextField("决定理由", blank=True)
    delivered_on = models.DateField("送达日期", null=True, blank=True)

    objects = BarQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "取消资格"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["uscc", "scheme", "year"], condition=~Q(status=BarStatus.REVOKED), name="bar_once_a_year"
            ),
            models.CheckConstraint(
                condition=Q(status=BarStatus.PROPOSED) | Q(decided_at__isnull=False), name="bar_decided_by_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(status=BarStatus.CONFIRMED) | ~Q(decision_no=""), name="bar_confirmed_with_a_number"
            ),
            models.CheckConstraint(
                condition=~Q(status=BarStatus.REVOKED) | ~Q(decision_reason=""), name="bar_revoked_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(proposed_by=F("decided_by")),
                name="bar_four_eyes",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["year", "scheme"], name="bar_year")]

    def __str__(self) -> str:
        return f"{self.uscc} {self.year} {self.get_status_display()}"


class CaseQuerySet(models.QuerySet["Case"]):
    """Words about cases; `visible_to` is the scope of a person (J1)."""

    def visible_to(self, person: Person, on: date) -> CaseQuerySet:
        """The cases of the offices that a person serves, and of those below them."""
        return cast("CaseQuerySet", scope_of(person, on).limit(self))


class Case(models.Model):
    """业务件: one payment to one subject, from its first review to its end.

    `status`, `seq` and `head` repeat the last event. Only `history` writes them, and the database compares them with
    the event at the end of every statement (trigger `case_follows_its_history`).
    """

    scheme = models.CharField("业务", max_length=12, choices=Scheme.choices)
    year = models.PositiveSmallIntegerField("政策年度")
    subject = models.CharField("对象", max_length=64, help_text="单位为统一社会信用代码，个人为证件号码的散列值")
    round = models.PositiveSmallIntegerField("次", default=1, help_text="首次为1，补发依次递增")
    name = models.CharField("名称", max_length=200)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="经办机构")
    city_office = models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name="所属市级机构")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    fingerprint = models.BinaryField("内容摘要", max_length=32)
    opened_at = models.DateTimeField("立件时间")
    moved_at = models.DateTimeField("进入现状态时间", null=True)
    status = models.CharField("状态", max_length=16, choices=Status.choices)
    seq = models.PositiveIntegerField("历史条数")
    head = models.BinaryField("历史末端摘要", max_length=32)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "业务件"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "year", "subject", "round"], name="case_once_a_round"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="case_amount_not_negative"),
            models.CheckConstraint(condition=Q(round__gte=1), name="case_round_from_one"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["scheme", "year", "status", "office", "id"], name="case_queue"),
            models.Index(fields=["scheme", "year", "status", "city_office", "id"], name="case_queue_city"),
            models.Index(fields=["subject"], name="case_subject"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = CASE_FOLLOWS_ITS_HISTORY

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.year} {self.name}"


class Event(models.Model):
    """One line of a case's history: written once, never changed, chained by digest (N6.2)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="业务件")
    seq = models.PositiveIntegerField("序号")
    step = models.CharField("步骤", max_length=24)
    from_status = models.CharField("原状态", max_length=16, choices=Status.choices, blank=True)
    to_status = models.CharField("新状态", max_length=16, choices=Status.choices)
    at = models.DateTimeField("时间")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办理人"
    )
    actor = models.CharField("办理人（记录）", max_length=200)
    address = models.CharField("地址", max_length=45, blank=True)
    note = models.TextField("意见", blank=True)
    data = models.JSONField("附记", default=dict, blank=True)
    digest = models.BinaryField("摘要", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "办理历史"
        ordering: ClassVar[list[str]] = ["case_id", "seq"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "seq"], name="event_seq"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="event_seq_from_one"),
        ]
        # who did what is asked by time, the newest first
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["at", "id"], name="event_at")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="event_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            EVENT_SIGNED_BY_DIFFERENT_PEOPLE,
        ]

    def __str__(self) -> str:
        return f"{self.case_id}#{self.seq} {self.step}"


class Anchor(models.Model):
    """A nightly witness over the heads of all histories: a tail cut off afterwards is missed (design, history).

    It lists the heads that moved since the anchor before, and its digest takes in that anchor's; so the last digest,
    kept outside the database as well, stands for every history.
    """

    taken_at = models.DateTimeField("时间", unique=True)
    last_event = models.BigIntegerField("末条历史编号")
    heads = models.PositiveIntegerField("业务件数")
    digest = models.BinaryField("摘要", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "历史锚点"
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="anchor_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.taken_at:%Y-%m-%d %H:%M} {bytes(self.digest).hex()}"


class AnchorHead(models.Model):
    """The head of one history as an anchor saw it. No foreign key to the case: it must outlive a deleted one."""

    anchor = models.ForeignKey(Anchor, models.PROTECT, related_name="+", verbose_name="锚点")
    case_number = models.BigIntegerField("业务件编号")
    seq = models.PositiveIntegerField("历史条数")
    digest = models.BinaryField("末端摘要", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "锚定的历史末端"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["anchor", "case_number"], name="anchor_head_once")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="anchor_head_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.anchor_id}: {self.case_number}#{self.seq}"
