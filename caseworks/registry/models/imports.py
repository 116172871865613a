"""The record of every import: who, which file, what came of it, which rows were rejected and what was retired."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from caseworks.base.models import Run
from caseworks.base.sealed import SealedField
from caseworks.registry.enums import FileKind, Mode, RetirementStatus


class ImportFile(models.Model):
    """One file that somebody imported; its run tells how far it came."""

    run = models.OneToOneField(Run, models.PROTECT, verbose_name="任务", related_name="import_file")
    kind = models.CharField("文件类别", max_length=20, choices=FileKind.choices)
    name = models.CharField("文件名", max_length=200)
    stored_name = models.CharField("暂存位置", max_length=300, blank=True, default="")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, default="")
    bytes = models.BigIntegerField("字节数", default=0)
    encoding = models.CharField("编码", max_length=12, blank=True, default="")
    mode = models.CharField("方式", max_length=8, choices=Mode.choices, default=Mode.ADD)
    period_from = models.CharField("起始期", max_length=7, blank=True, default="")
    period_to = models.CharField("截止期", max_length=7, blank=True, default="")
    region = models.CharField("行政区划（前缀）", max_length=6, blank=True, default="")
    read = models.BigIntegerField("读取", default=0)
    stored = models.BigIntegerField("入库", default=0)
    new = models.BigIntegerField("新增", default=0)
    changed = models.BigIntegerField("更新", default=0)
    rejected = models.BigIntegerField("拒绝", default=0)
    unchanged = models.BigIntegerField("未变", default=0)
    totals_rows = models.SmallIntegerField("合计行", default=0)
    retirements_proposed = models.BigIntegerField("待作废", default=0)
    notices = models.JSONField("提示", default=list, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="导入人", null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField("导入人（记录）", max_length=200)
    created_at = models.DateTimeField("提交时间")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    # Codes of the units that the import just loaded has changed; None: too many to name, or not known. Not stored.
    touched: Sequence[str] | None = None

    class Meta:
        verbose_name = verbose_name_plural = "导入文件"
        indexes = [models.Index(fields=["-created_at", "-id"], name="import_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FileKind.values), name="import_kind_known"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="import_mode_known"),
            models.CheckConstraint(
                condition=Q(read=F("stored") + F("rejected") + F("unchanged")), name="import_rows_add_up"
            ),
            models.CheckConstraint(
                condition=Q(stored=F("new") + F("changed")), name="import_stored_is_new_and_changed"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def summary_line(self) -> str:
        """The line that the command prints (contract section 5)."""
        return (
            f"{self.name}: {self.read} read, {self.stored} stored, {self.rejected} rejected, {self.unchanged} unchanged"
        )


class RejectedRowQuerySet(models.QuerySet["RejectedRow"]):
    """Words about rejected rows."""

    def standing(self) -> RejectedRowQuerySet:
        """Neither mended by a later import nor settled by a person: flag `rows_rejected` of their unit."""
        return self.filter(mended_by__isnull=True, settled_at__isnull=True)


class RejectedRow(models.Model):
    """A row that was not stored, with the first thing that is wrong and what to do about it."""

    import_file = models.ForeignKey(ImportFile, models.CASCADE, verbose_name="导入文件", related_name="rejected_rows")
    kind = models.CharField("文件类别", max_length=20, choices=FileKind.choices)
    line = models.BigIntegerField("行")
    column = models.CharField("列", max_length=40)
    value = SealedField("值", blank=True, default="")
    reason = models.TextField("原因")
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, default="")
    key = ArrayField(models.TextField(), verbose_name="主键")
    mended_by = models.ForeignKey(
        ImportFile, models.SET_NULL, verbose_name="由此次导入更正", null=True, blank=True, related_name="mended_rows"
    )
    settled_at = models.DateTimeField("说明时间", null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="说明人", null=True, blank=True, related_name="+"
    )
    settled_label = models.CharField("说明人（记录）", max_length=200, blank=True, default="")
    settled_words = models.TextField("说明", blank=True, default="")

    objects = RejectedRowQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "被拒绝的行"
        indexes = [
            models.Index(
                fields=["uscc"],
                condition=Q(mended_by__isnull=True, settled_at__isnull=True) & ~Q(uscc=""),
                name="rejected_standing_uscc",
            ),
            models.Index(
                fields=["kind"],
                condition=Q(mended_by__isnull=True, settled_at__isnull=True),
                name="rejected_standing_kind",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["import_file", "line"], name="rejected_row_once"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | ~Q(settled_words=""), name="rejected_row_settled_in_words"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.column}"


class Retirement(models.Model):
    """A record that a replacing file no longer has: listed, and moved out once another person confirms."""

    import_file = models.ForeignKey(ImportFile, models.PROTECT, verbose_name="导入文件", related_name="retirements")
    kind = models.CharField("文件类别", max_length=20, choices=FileKind.choices)
    key = models.JSONField("主键")
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, default="")
    snapshot = models.JSONField("作废时的内容")
    status = models.CharField(
        "状态", max_length=10, choices=RetirementStatus.choices, default=RetirementStatus.PROPOSED
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="提出人", null=True, blank=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="决定人", null=True, blank=True, related_name="+"
    )
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    reason = models.CharField("说明", max_length=300, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "作废记录"
        indexes = [models.Index(fields=["status", "import_file", "id"], name="retirement_status_file")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RetirementStatus.values), name="retirement_status_known"),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True)
                | Q(confirmed_by__isnull=True)
                | ~Q(confirmed_by=F("proposed_by")),
                name="retirement_confirmed_by_another_person",
            ),
            models.CheckConstraint(
                condition=Q(status=RetirementStatus.PROPOSED, decided_at__isnull=True)
                | (~Q(status=RetirementStatus.PROPOSED) & Q(decided_at__isnull=False)),
                name="retirement_decided_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"
