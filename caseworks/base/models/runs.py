"""Runs: long work with progress and an outcome of its own."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings
from django.db import models


class Reporter(Protocol):
    """Carries progress out while the run's own transaction is open."""

    def report(self, done: int, total: int | None, message: str) -> None: ...


class RunState(models.TextChoices):
    """How far a run has come."""

    QUEUED = "queued", "等待开始"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    REFUSED = "refused", "已拒绝"
    FAILED = "failed", "出错"
    INTERRUPTED = "interrupted", "已中断"


class RunQuerySet(models.QuerySet["Run"]):
    """Words about runs."""

    def open(self) -> RunQuerySet:
        """Queued or running."""
        return self.filter(state__in=[RunState.QUEUED, RunState.RUNNING])

    def of(self, kind: str, key: str = "") -> RunQuerySet:
        """Runs of a kind (and key), the newest first."""
        chosen = self.filter(kind=kind, key=key) if key else self.filter(kind=kind)
        return chosen.order_by("-created_at", "-pk")


class Run(models.Model):
    """One piece of long work: an import, a screening, an export. Its state is never the legal state of what it does."""

    kind = models.CharField("类别", max_length=40)
    key = models.CharField("对象", max_length=120, blank=True, default="")
    title = models.CharField("名称", max_length=200)
    state = models.CharField("状态", max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    done = models.BigIntegerField("已处理", default=0)
    total = models.BigIntegerField("总数", null=True, blank=True)
    message = models.CharField("进展", max_length=300, blank=True, default="")
    summary = models.JSONField("结果", default=dict, blank=True)
    error = models.TextField("原因", blank=True, default="")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="操作人", null=True, blank=True, related_name="+"
    )
    os_user = models.CharField("系统用户", max_length=64, blank=True, default="")
    command = models.CharField("命令", max_length=200, blank=True, default="")
    created_at = models.DateTimeField("提交时间")
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)
    heartbeat_at = models.DateTimeField("最近进展时间", null=True, blank=True)

    objects = RunQuerySet.as_manager()

    reporter: Reporter | None = None

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        indexes = [models.Index(fields=["kind", "key", "-created_at"], name="run_kind_key")]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) | ~models.Q(os_user=""), name="run_has_an_actor"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[RunState.QUEUED, RunState.RUNNING], finished_at__isnull=True)
                | models.Q(state__in=[RunState.DONE, RunState.REFUSED, RunState.FAILED, RunState.INTERRUPTED]),
                name="run_open_has_no_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.get_state_display()}）"

    def report(self, done: int, total: int | None = None, message: str = "") -> None:
        """Tell how far the run has come; seen by others at once, and without effect outside `runs.running`."""
        self.done, self.total, self.message = done, total if total is not None else self.total, message or self.message
        if self.reporter is not None:
            self.reporter.report(done, total, message)

    @property
    def percent(self) -> int | None:
        """Share done, 0 to 100; None while the total is unknown."""
        if self.state == RunState.DONE:
            return 100
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def is_open(self) -> bool:
        """Queued or running."""
        return self.state in (RunState.QUEUED, RunState.RUNNING)

    @property
    def actor_label(self) -> str:
        """Who started it."""
        if self.person is not None:
            return str(self.person)
        return f"os:{self.os_user} {self.command}".strip()
