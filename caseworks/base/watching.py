"""Long work as somebody watches it: elapsed and remaining time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from caseworks.base.models import Run, RunState

SILENCE = dt.timedelta(seconds=45)


@dataclass(frozen=True)
class Watch:
    """What the progress page says about time."""

    elapsed: dt.timedelta | None
    remaining: dt.timedelta | None
    silent: bool

    @classmethod
    def of(cls, run: Run, at: dt.datetime) -> Watch:
        """The run as seen at `at`."""
        end = run.finished_at or at
        elapsed = end - run.started_at if run.started_at else None
        remaining = None
        if run.state == RunState.RUNNING and elapsed and run.total and 0 < run.done <= run.total:
            remaining = elapsed * ((run.total - run.done) / run.done)
        last = run.heartbeat_at or run.started_at or run.created_at
        return cls(elapsed, remaining, run.is_open and at - last > SILENCE)
