"""Claims of the skill subsidy and the files they came in (contract 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from caseworks.base.enums import CertificateType
from caseworks.base.models import Run
from caseworks.base.sealed import HashField, SealedField
from caseworks.cases.models import Case
from caseworks.law.models import Policy
from caseworks.people.models import Office
from caseworks.people.scope import offices_in_scope, scope_of
from subsidies.enums import Channel, Level, Outcome, Service, Sign

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

STAFF = settings.AUTH_USER_MODEL


def loose(to: type[models.Model], name: str, *, null: bool = False) -> models.ForeignKey:
    """A reference without a row-level check: many claims are written at once, and what they name is never deleted."""
    return models.ForeignKey(
        to, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=name, null=null,
        blank=null,
    )  # fmt: skip


class ClaimFileQuerySet(models.QuerySet["ClaimFile"]):
    """Words about files of claims."""

    def visible_to(self, person: Person, on: date) -> ClaimFileQuerySet:
        """Files by people of the offices that a person sees; those by commands are the province's."""
        if scope_of(person, on).province:
            return self
        return self.filter(Q(person=person) | Q(person__office__in=offices_in_scope(person, on)))


class ClaimFile(models.Model):
    """One file of claims that somebody submitted; the same content is taken once (contract 4)."""

    run = models.OneToOneField(Run, models.PROTECT, related_name="claim_file", verbose_name="任务")
    year = models.PositiveSmallIntegerField("政策年度")
    name = models.CharField("文件名", max_length=200)
    stored_name = models.CharField("暂存位置", max_length=300, blank=True, default="")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, default="")
    bytes = models.BigIntegerField("字节数", default=0)
    read = models.BigIntegerField("读取", default=0)
    taken = models.BigIntegerField("受理", default=0)
    rejected = models.BigIntegerField("拒绝", default=0)
    granted = models.BigIntegerField("符合", default=0)
    amount = models.DecimalField("符合金额", max_digits=16, decimal_places=2, default=0)
    notices = models.JSONField("提示", default=list, blank=True)
    person = models.ForeignKey(STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="提交人")
    label = models.CharField("提交人（记录）", max_length=200)
    at = models.DateTimeField("提交时间")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = ClaimFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "申领文件"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["sha256"], condition=Q(finished_at__isnull=False), name="claimfile_content_once"
            ),
            models.CheckConstraint(condition=Q(read=F("taken") + F("rejected")), name="claimfile_rows_add_up"),
            models.CheckConstraint(condition=Q(granted__lte=F("taken")), name="claimfile_granted_are_taken"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def summary_line(self) -> str:
        """The line that the command prints."""
        refused = self.taken - self.granted
        return (
            f"{self.name}: {self.read} read, {self.taken} taken, {self.rejected} rejected; "
            f"{self.granted} granted, {refused} refused, {self.amount:.2f} yuan"
        )


class RejectedLine(models.Model):
    """A row of a claims file that is no claim: where it is wrong, and what to do (contract 1)."""

    file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="rejected_lines", verbose_name="申领文件")
    line = models.BigIntegerField("行")
    column = models.CharField("列", max_length=40)
    value = SealedField("值", blank=True, default="")
    reason = models.TextField("原因")

    class Meta:
        verbose_name = verbose_name_plural = "被拒绝的行"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["file", "line"], name="rejectedline_once")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="rejectedline_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.column}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Words about claims; `visible_to` is the scope of a person (J1)."""

    def visible_to(self, person: Person, on: date) -> ClaimQuerySet:
        """The claims of the offices that a person serves, and of those below them."""
        return cast("ClaimQuerySet", scope_of(person, on).limit(self))

    def of_year(self, year: int) -> ClaimQuerySet:
        """Of one policy year: the one in which they were handed in (contract 4)."""
        return self.filter(year=year)

    def granted(self) -> ClaimQuerySet:
        """Those that the rules grant, whatever review says."""
        return self.filter(outcome=Outcome.GRANTED)

    def standing(self) -> ClaimQuerySet:
        """Granted, and not given up by a refusal in review: they hold their slot (contract 4)."""
        return self.filter(held=True)

    def of_person(self, id_hash: bytes) -> ClaimQuerySet:
        """All of one person, in the order in which they were taken."""
        return self.filter(id_hash=id_hash).order_by("pk")


class Claim(models.Model):
    """申领: one certificate for which one person asks for the subsidy, with every fact it was judged by.

    A granted claim holds its slot: the nth of the calendar year of application, and the occupation's level once (N3.3).
    """

    year = models.PositiveSmallIntegerField("政策年度")
    channel = models.CharField("申领方式", max_length=8, choices=Channel.choices)
    file = loose(ClaimFile, "申领文件", null=True)
    line = models.BigIntegerField("行", null=True, blank=True)
    id_hash = HashField("证件号码检索码", of="id_no")
    id_no = SealedField("证件号码")
    name = models.CharField("姓名", max_length=100, blank=True)
    region = models.CharField("行政区划代码", max_length=6, blank=True)
    office = loose(Office, "经办机构")
    city_office = loose(Office, "所属市级机构")
    policy = loose(Policy, "政策")
    cert_no = models.CharField("证书编号", max_length=60)
    applied_on = models.DateField("申领日期")
    issued_on = models.DateField("发证日期", null=True, blank=True)
    level = models.SmallIntegerField("等级", choices=Level.choices, null=True, blank=True)
    occupation_code = models.CharField("职业编码", max_length=40, blank=True)
    occupation = models.CharField("职业/工种", max_length=100, blank=True)
    cert_type = models.CharField("证书类型", max_length=24, choices=CertificateType.choices, blank=True)
    issuer = models.CharField("评价机构", max_length=200, blank=True)
    insured_months = models.IntegerField("截至发证当月参保月数")
    service = models.CharField("申领当月状态", max_length=12, choices=Service.choices, blank=True)
    granted_same_on = models.DateField("同职业同等级已享受", null=True, blank=True)
    granted_higher = models.SmallIntegerField("已享受更高等级")
    granted_higher_on = models.DateField("更高等级享受日期", null=True, blank=True)
    training_same_on = models.DateField("同等级培训补贴发放日期", null=True, blank=True)
    training_higher = models.SmallIntegerField("更高等级培训补贴")
    training_higher_on = models.DateField("更高等级培训补贴发放日期", null=True, blank=True)
    granted_in_year = models.SmallIntegerField("本年已享受次数")
    granted_ordinary = models.SmallIntegerField("其中非急需紧缺次数")
    in_shortage = models.BooleanField("急需紧缺职业（工种）")
    outcome = models.CharField("结论", max_length=8, choices=Outcome.choices)
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="原因", default=list)
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)
    slot_year = models.PositiveSmallIntegerField("名额年度", null=True, blank=True)
    slot = models.PositiveSmallIntegerField("第几次", null=True, blank=True)
    round = models.PositiveSmallIntegerField("本政策年度第几件", null=True, blank=True)
    training_seen = models.BigIntegerField("核定时已知的培训补贴记录", default=0)
    once = models.BooleanField("同职业同等级一次", help_text="政策行启用该规则时为真")
    held = models.BooleanField("占用名额")
    signs = ArrayField(models.CharField(max_length=40, choices=Sign.choices), verbose_name="提示", default=list)
    case = loose(Case, "业务件", null=True)
    person = models.ForeignKey(STAFF, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="受理人")
    label = models.CharField("受理人（记录）", max_length=200)
    at = models.DateTimeField("受理时间")
    released_at = models.DateTimeField("名额释放时间", null=True, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "技能补贴申领"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["id_hash", "slot_year", "slot"], condition=Q(held=True), name="claim_nth_of_the_year_once"
            ),
            models.UniqueConstraint(
                fields=["id_hash", "occupation_code", "level"],
                condition=Q(held=True, once=True),
                name="claim_occupation_and_level_once",
            ),
            models.UniqueConstraint(
                fields=["id_hash", "year", "round"], condition=Q(round__isnull=False), name="claim_round_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.REFUSED) | Q(round__gte=1), name="claim_granted_has_its_round"
            ),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="claim_outcome_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="claim_channel_known"),
            models.CheckConstraint(
                condition=Q(
                    outcome=Outcome.GRANTED,
                    reasons=[],
                    amount__gt=0,
                    slot__gte=1,
                    slot_year__isnull=False,
                    level__isnull=False,
                    issued_on__isnull=False,
                )
                | (Q(outcome=Outcome.REFUSED, amount=0, slot__isnull=True, held=False) & ~Q(reasons=[])),
                name="claim_is_its_judgement",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.REFUSED, released_at__isnull=True)
                | Q(held=True, released_at__isnull=True)
                | Q(held=False, released_at__isnull=False),
                name="claim_slot_released_on_record",
            ),
            models.CheckConstraint(
                condition=Q(channel=Channel.BULK, file__isnull=False, line__isnull=False)
                | (~Q(channel=Channel.BULK) & Q(file__isnull=True, line__isnull=True)),
                name="claim_of_a_file_has_its_line",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id_hash"], name="claim_person"),
            models.Index(fields=["year", "id"], name="claim_year"),
            models.Index(fields=["year", "city_office", "id"], name="claim_city"),
            models.Index(fields=["year", "office", "id"], name="claim_office"),
            models.Index(fields=["case"], condition=Q(case__isnull=False), name="claim_case"),
            models.Index(fields=["year", "id"], condition=Q(held=True, case__isnull=True), name="claim_unopened"),
            GinIndex(fields=["reasons"], condition=~Q(reasons=[]), fastupdate=False, name="claim_reasons"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="claim_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="claim_says_what_was_asked",
                fields=["year", "channel", "file", "line", "cert_no", "applied_on", "label", "at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or '（未知人员）'} {self.cert_no}"
