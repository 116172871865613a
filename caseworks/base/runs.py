"""Long work with a state of its own, progress that others see at once, and one at a time where that is asked.

    run = runs.create("screening", "2024", "2024年度稳岗返还筛查", actor, at)
    with runs.exclusive("screening:2024", "2024年度的筛查"), runs.running(run):
        for city in cities:
            with transaction.atomic():
                …
            run.report(done, total, city.name)
        run.summary = {…}

State and progress go over a second connection, so a run is entered outside any transaction. While it runs, a session
lock is held on that connection: a run whose lock is free has lost its process.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from psycopg.types.json import Jsonb

from .errors import Refusal
from .models import Run, RunState
from .side import is_locked, side_connection, try_lock, unlock

THROTTLE = 0.3  # seconds between two reports
GRACE = datetime.timedelta(seconds=5)  # between a run's state and its lock
STALE_QUEUE = datetime.timedelta(hours=24)

log = logging.getLogger(__name__)


class Doer(Protocol):
    """Whoever starts a run: `people.actors.Actor`."""

    @property
    def person(self) -> Any: ...
    @property
    def os_user(self) -> str: ...
    @property
    def command(self) -> str: ...


def create(kind: str, key: str, title: str, actor: Doer, at: datetime.datetime) -> Run:
    """Put a run on record, queued."""
    return Run.objects.create(
        kind=kind,
        key=key,
        title=title,
        person=actor.person,
        os_user=actor.os_user,
        command=f"manage.py {actor.command}" if actor.command else "",
        created_at=at,
    )


class _Line:
    """Writes a run's row over the second connection, and over the main one where that does not see the row."""

    def __init__(self, run: Run, side: BaseDatabaseWrapper) -> None:
        self.run, self.side, self.last = run, side, 0.0

    def write(self, **columns: Any) -> None:
        """Set columns; a row that only the main transaction knows is set there."""
        values: list[Any] = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        assignments = ", ".join(f"{name} = %s" for name in columns)
        with self.side.cursor() as cursor:
            cursor.execute(
                f"UPDATE base_run SET {assignments} WHERE id = %s",
                [*values, self.run.pk],
            )
            seen = cursor.rowcount
        if not seen:
            Run.objects.filter(pk=self.run.pk).update(**columns)

    def report(self, done: int, total: int | None, message: str) -> None:
        """Progress, at most every 0.3 s; never an obstacle to the work."""
        now = time.monotonic()
        if now - self.last < THROTTLE:
            return
        self.last = now
        columns: dict[str, Any] = {"done": done, "heartbeat_at": timezone.now()}
        if total is not None:
            columns["total"] = total
        if message:
            columns["message"] = message[:300]
        try:
            self.write(**columns)
        except OperationalError as error:
            log.warning("progress of run %s was not written: %s", self.run.pk, error)


@contextmanager
def running(run: Run) -> Iterator[Run]:
    """Carry a queued run to its end: done, refused (Refusal), interrupted (Ctrl-C) or failed. Exceptions go on."""
    with side_connection() as side:
        if not try_lock(side, f"run:{run.pk}"):
            raise Refusal("该任务正在进行，未重复执行。请等待其完成。")
        started = Run.objects.filter(pk=run.pk).values_list("state", flat=True).get()
        if started not in (RunState.QUEUED, RunState.RUNNING):  # running with a free lock: its process died
            raise Refusal("该任务已执行过，未重复执行。如需再次办理，请新建任务。")
        line = _Line(run, side)
        run.state, run.started_at = RunState.RUNNING, timezone.now()
        line.write(state=run.state, started_at=run.started_at, heartbeat_at=run.started_at)
        run.reporter = line
        try:
            yield run
        except Refusal as refusal:
            _finish(run, line, RunState.REFUSED, str(refusal))
            raise
        except (KeyboardInterrupt, SystemExit):
            _finish(run, line, RunState.INTERRUPTED, "任务被中断，未完成的部分没有写入。可以重新办理。")
            raise
        except BaseException as error:
            _finish(run, line, RunState.FAILED, f"{type(error).__name__}: {error}")
            raise
        else:
            _finish(run, line, RunState.DONE, "")
        finally:
            run.reporter = None


def _finish(run: Run, line: _Line, state: RunState, error: str) -> None:
    run.state, run.error, run.finished_at = state, error, timezone.now()
    columns: dict[str, Any] = {
        "state": state.value,
        "error": error,
        "finished_at": run.finished_at,
        "heartbeat_at": run.finished_at,
        "done": run.done,
        "message": run.message[:300],
        "summary": run.summary,
    }
    if run.total is not None:
        columns["total"] = run.total
    try:
        line.write(**columns)
    except OperationalError:
        log.exception("the end of run %s was not written", run.pk)
        if state == RunState.DONE:
            raise


def refuse(run: Run, refusal: Refusal, at: datetime.datetime) -> bool:
    """Put a refusal on record that came before the run began; False where the run had begun and tells its own end."""
    closed = Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(
        state=RunState.REFUSED, error=str(refusal), finished_at=at
    )
    return bool(closed)


def settle(run: Run, at: datetime.datetime) -> Run:
    """The run as it stands: one whose process died is marked interrupted. Pages ask this before they show a run."""
    lost = run.state == RunState.RUNNING and (run.started_at or at) < at - GRACE
    forgotten = run.state == RunState.QUEUED and run.created_at < at - STALE_QUEUE
    if (lost or forgotten) and not is_locked(f"run:{run.pk}"):
        Run.objects.filter(pk=run.pk, state=run.state).update(
            state=RunState.INTERRUPTED,
            finished_at=at,
            error="执行任务的进程已不存在，未完成的部分没有写入。可以重新办理。",
        )
        run.refresh_from_db()
    return run


@contextmanager
def exclusive(name: str, what: str = "") -> Iterator[None]:
    """One at a time over all processes: a session lock on a connection of its own, refused at once when it is held."""
    with side_connection() as side:
        if not try_lock(side, f"exclusive:{name}"):
            raise Refusal(f"{what or '同类任务'}正在进行，未作任何更改。请等待其完成后再试。")
        try:
            yield
        finally:
            unlock(side, f"exclusive:{name}")
