"""Whether the background lives: the clock, the worker, the queue, what ran last and what failed. (J4.3)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from celery import current_app as app
from django.db.models import QuerySet
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from caseworks.base.models import Run, RunState
from caseworks.books import looking
from caseworks.books.enums import Scope
from caseworks.books.models import BooksRun
from caseworks.oversight.models import Pulse

BEAT = "worker"
LATE = dt.timedelta(minutes=5)  # a sign of life is asked for every minute
GRACE = dt.timedelta(minutes=10)  # behind its time a task of the clock is late
CROWDED = 100  # tasks waiting
DAY = dt.timedelta(days=1)
#: What the tasks of the clock are called on a page; one that is not named here shows its own name.
WORDS = {
    "base.deliver_notices": "通知发送",
    "books.check": "账目核对",
    "books.check_changed": "有变化业务的账目核对",
    "cases.anchor_history": "办理历史锚定",
    "cases.clear_announcements": "公示期满转拨付",
    "cases.end_changed_approvals": "审核后数据变化检查",
    "cases.take_down_announcements": "公示到期撤下",
    "dispatch.enforce_deadlines": "转付期限扫描",
    "dispatch.issue_letters": "派遣告知文书",
    "money.remind_left_over": "年末未办结催办",
    "oversight.pulse": "运行心跳",
    "oversight.make_exports": "痕迹导出",
    "oversight.refresh": "看板数字更新",
    "oversight.refresh_all": "往年看板数字更新",
    "subsidies.look_for_overlaps": "重复享受比对",
}


@dataclass(frozen=True)
class Part:
    """One part of the background: green, amber or red, in words."""

    label: str
    tone: str
    words: str
    at: dt.datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class Health:
    """All parts, and the worst of them."""

    parts: list[Part] = field(default_factory=list)

    @property
    def tone(self) -> str:
        """The worst tone."""
        tones = {part.tone for part in self.parts}
        return next((tone for tone in ("red", "amber") if tone in tones), "green")

    @property
    def bad(self) -> list[Part]:
        """The parts that somebody has to look at."""
        return [part for part in self.parts if part.tone in ("red", "amber")]


def beat(at: dt.datetime) -> None:
    """A worker lives, and so does the clock that asked it."""
    Pulse.objects.update_or_create(name=BEAT, defaults={"at": at})


def look(at: dt.datetime, runs: QuerySet[Run]) -> Health:
    """How the background is now; of the runs those that the person may see."""
    return Health([_books(), _worker(at), _queue(), _runs(at, runs), *_clock(at)])


def _books() -> Part:
    """Red while what a look at the books found is not settled. (N6.2)"""
    found = looking.unsettled()
    if found is not None:
        url = reverse("books:run_detail", args=[found.pk])
        return Part("账目", "red", f"核对不符 {found.offences} 处，请勿再办理有关业务", found.at, url)
    last = BooksRun.objects.filter(scope=Scope.ALL).first()
    if last is None:
        return Part("账目", "grey", "还没有核对过全部", url=reverse("books:run_list"))
    return Part("账目", "green", f"{last.checks} 项全部相符", last.at, reverse("books:run_list"))


def _worker(at: dt.datetime) -> Part:
    seen = Pulse.objects.filter(name=BEAT).values_list("at", flat=True).first()
    if seen is None:
        return Part("后台服务", "red", "还没有收到过心跳。请系统管理员启动 worker 和 beat。")
    if at - seen > LATE:
        return Part("后台服务", "red", "心跳中断，任务不再执行。请系统管理员检查 worker 和 beat。", seen)
    return Part("后台服务", "green", "正常", seen)


def _queue() -> Part:
    try:
        with app.connection_for_read(transport_options={"socket_connect_timeout": 1, "socket_timeout": 1}) as broker:
            waiting = int(broker.default_channel.client.llen(app.conf.task_default_queue))
    except (BrokerError, RedisError, OSError):
        return Part("任务队列", "red", "队列没有应答。请系统管理员检查 Redis。")
    return Part("任务队列", "amber" if waiting > CROWDED else "green", f"{waiting} 个任务等待")


def _runs(at: dt.datetime, runs: QuerySet[Run]) -> Part:
    failed = runs.filter(state__in=[RunState.FAILED, RunState.INTERRUPTED], created_at__gt=at - DAY).count()
    url = f"{reverse('admin:oversight_list', args=['runs'])}?state=bad&since=day"
    return Part(
        "24 小时内的任务", "amber" if failed else "green", f"{failed} 个出错或中断" if failed else "没有出错", url=url
    )


def _clock(at: dt.datetime) -> list[Part]:
    parts = []
    for task in PeriodicTask.objects.filter(enabled=True).select_related("crontab", "interval").order_by("task"):
        label = WORDS.get(task.task, task.task)
        if task.task == "celery.backend_cleanup":
            continue
        if task.last_run_at is None:
            parts.append(Part(label, "grey", "尚未到时间，未运行过"))
            continue
        overdue = -task.schedule.remaining_estimate(task.last_run_at)
        late = overdue > GRACE
        words = "晚于计划时间，尚未运行" if late else "按时"
        parts.append(Part(label, "red" if late else "green", words, task.last_run_at))
    return parts
