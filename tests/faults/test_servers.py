"""The servers fail, the clock stands still, the clock ticks twice: the next tick does everything once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from caseworks.books import checking
from caseworks.cases.models import Bar
from caseworks.money.models import Recovery
from dispatch import enforcement, tasks
from dispatch.models import Finding
from tests.cases.test_concurrency import at_once
from tests.dispatch.agencies import AT, CLOCK, day, undone
from tests.faults.acts import ACTS
from tests.faults.test_killed import BASE_DIR, bureau

__all__ = ["bureau"]


def test_redis_flushed_and_postgres_stopped_in_mid_work() -> None:
    """On servers of their own, with one random kill: the script that does the fifty."""
    played = subprocess.run(
        [sys.executable, "-m", "tests.faults.harness", "1", "--seed", "1"], cwd=BASE_DIR, capture_output=True, text=True,
        timeout=500, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    lines = [line.split() for line in played.stdout.splitlines()]
    assert ["batch.lines_written", "1", "yes"] in lines
    assert ["Redis", "flushed", "1", "yes"] in lines
    assert ["PostgreSQL", "stopped", "1", "yes"] in lines


def found() -> list[tuple[object, ...]]:
    """Every recovery and bar, without their numbers and moments."""
    recoveries = Recovery.objects.order_by("key").values_list("subject", "amount", "status")
    bars = Bar.objects.order_by("uscc").values_list("uscc", "year", "status")
    return [*recoveries, *bars, Finding.objects.count()]


@pytest.mark.usefixtures("bureau")
def test_ten_nights_without_the_clock_are_one_night(tmp_path: Path) -> None:
    ACTS["sweep"].prepare(tmp_path)
    with undone():
        for night in range(21, 32):
            enforcement.sweep(day(f"08-{night}"), by=CLOCK, at=AT)
        nightly = found()
    assert len(nightly) == 4
    for _ in range(2):
        enforcement.sweep(day("08-31"), by=CLOCK, at=AT)
        assert found() == nightly
    assert checking.offences() == []


@pytest.mark.usefixtures("bureau")
def test_three_ticks_at_once_do_it_once(tmp_path: Path) -> None:
    sweep, announcements = ACTS["sweep"], ACTS["announcements"]
    subjects, listed = sweep.prepare(tmp_path), announcements.prepare(tmp_path)
    done = at_once(3, lambda _: tasks.enforce_deadlines())
    assert sorted(str(words).split(",")[0] for words in done) == ["0 recoveries", "0 recoveries", "2 recoveries"]
    at_once(2, lambda _: tasks.issue_letters())
    at_once(3, lambda _: announcements.run(tmp_path))
    assert sweep.wrong(subjects) == []
    assert announcements.wrong(listed) == []
    assert checking.offences() == []
