"""Runs tell others how far they are, and how they ended."""

from __future__ import annotations

import datetime
import threading
from dataclasses import dataclass

import pytest
from django.db import connection, transaction

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run, RunState
from caseworks.base.side import is_locked, side_connection

AT = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Operator:
    person: None = None
    os_user: str = "ops"
    command: str = "import_data"


def fresh(kind: str = "import") -> Run:
    return runs.create(kind, "k", "导入 units.csv", Operator(), AT)


def seen_elsewhere(run: Run) -> tuple[str, int, int | None, str]:
    with side_connection() as side, side.cursor() as cursor:
        cursor.execute("SELECT state, done, total, message FROM base_run WHERE id = %s", [run.pk])
        return tuple(cursor.fetchone())


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_by_others_before_the_work_commits() -> None:
    run = fresh()
    with runs.running(run), transaction.atomic():
        Run.objects.create(kind="x", title="uncommitted", os_user="ops", created_at=AT)
        run.report(30, 100, "units.csv")
        assert seen_elsewhere(run) == ("running", 30, 100, "units.csv")
    run.refresh_from_db()
    assert (run.state, run.done, run.total, run.error) == (RunState.DONE, 30, 100, "")
    assert run.percent == 100
    assert run.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_nothing_of_the_run_with_it() -> None:
    run = fresh()

    def work() -> None:
        with runs.running(run), transaction.atomic():
            Run.objects.create(kind="x", title="rolled back", os_user="ops", created_at=AT)
            run.report(5, 10)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        work()
    run.refresh_from_db()
    assert (run.state, run.done, run.error) == (RunState.FAILED, 5, "ZeroDivisionError: division by zero")
    assert not Run.objects.filter(kind="x").exists()


@pytest.mark.parametrize(
    ("raised", "state", "words"),
    [
        (Refusal("没有生效的政策。", ["缺少：2024"]), RunState.REFUSED, "没有生效的政策。\n缺少：2024"),
        (KeyboardInterrupt(), RunState.INTERRUPTED, "任务被中断，未完成的部分没有写入。可以重新办理。"),
        (ValueError("x"), RunState.FAILED, "ValueError: x"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_how_a_run_ends(raised: BaseException, state: str, words: str) -> None:
    run = fresh()
    with pytest.raises(type(raised)), runs.running(run):
        raise raised
    run.refresh_from_db()
    assert (run.state, run.error) == (state, words)


@pytest.mark.django_db(transaction=True)
def test_reports_are_throttled_but_the_end_is_exact() -> None:
    run = fresh()
    with runs.running(run):
        run.report(1, 1000)
        for done in range(2, 900):
            run.report(done)
        assert seen_elsewhere(run)[1] == 1
        run.summary = {"read": 899}
    run.refresh_from_db()
    assert (run.done, run.total, run.summary) == (899, 1000, {"read": 899})


@pytest.mark.django_db
def test_a_run_works_inside_a_transaction_that_only_it_can_see() -> None:
    run = fresh()
    with runs.running(run):
        run.report(3, 3, "全部")
    run.refresh_from_db()
    assert (run.state, run.done, run.message) == (RunState.DONE, 3, "全部")


@pytest.mark.django_db(transaction=True)
def test_progress_does_not_wait_for_a_row_the_work_itself_has_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseworks.base.side.LOCK_TIMEOUT", "50ms")
    run = fresh()
    with runs.running(run):
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(key="held")
            run.report(1, 2)
        run.report(2, 2)
    run.refresh_from_db()
    assert (run.state, run.key, run.done) == (RunState.DONE, "held", 2)


@pytest.mark.django_db(transaction=True)
def test_a_run_is_carried_out_once() -> None:
    run = fresh()
    with runs.running(run), pytest.raises(Refusal, match="正在进行"), runs.running(Run.objects.get(pk=run.pk)):
        pass
    with pytest.raises(Refusal, match="已执行过"), runs.running(run):
        pass
    run.refresh_from_db()
    assert run.state == RunState.DONE


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_process_died_is_interrupted_and_a_living_one_is_not() -> None:
    dead, queued = fresh(), fresh()
    Run.objects.filter(pk=dead.pk).update(state=RunState.RUNNING, started_at=AT)
    later = AT + datetime.timedelta(minutes=1)
    living = fresh()
    with runs.running(living):
        Run.objects.filter(pk=living.pk).update(started_at=AT)
        assert is_locked(f"run:{living.pk}")
        for run in Run.objects.all():
            runs.settle(run, later)
        assert {run.pk: run.state for run in Run.objects.all()} == {
            dead.pk: RunState.INTERRUPTED,
            queued.pk: RunState.QUEUED,
            living.pk: RunState.RUNNING,
        }
    assert "进程已不存在" in Run.objects.get(pk=dead.pk).error
    assert runs.settle(queued, AT + datetime.timedelta(hours=25)).state == RunState.INTERRUPTED


@pytest.mark.django_db(transaction=True)
def test_a_run_handed_out_again_after_its_worker_died_is_taken_up() -> None:
    run = fresh()
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, started_at=AT)
    with runs.running(run):
        run.report(7, 7)
    run.refresh_from_db()
    assert (run.state, run.done) == (RunState.DONE, 7)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_refused() -> None:
    entered, leave, results = threading.Event(), threading.Event(), []

    def first() -> None:
        try:
            with runs.exclusive("screening:2024"):
                entered.set()
                leave.wait(10)
                results.append("first")
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(10)
    with pytest.raises(Refusal, match="2024年度的筛查正在进行"), runs.exclusive("screening:2024", "2024年度的筛查"):
        results.append("second")
    with runs.exclusive("screening:2025"):
        results.append("another")
    leave.set()
    thread.join(10)
    with runs.exclusive("screening:2024"):
        results.append("afterwards")
    assert results == ["another", "first", "afterwards"]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_before_the_beginning_is_on_record_and_a_later_one_tells_itself() -> None:
    run = fresh()
    assert runs.refuse(run, Refusal("同类文件正在导入。"), AT)
    run.refresh_from_db()
    assert (run.state, run.error, run.finished_at) == (RunState.REFUSED, "同类文件正在导入。", AT)
    done = fresh()
    with runs.running(done):
        pass
    assert not runs.refuse(done, Refusal("x"), AT)
    done.refresh_from_db()
    assert done.state == RunState.DONE


@pytest.mark.django_db
def test_who_started_it_is_recorded() -> None:
    assert fresh().actor_label == "os:ops manage.py import_data"


@pytest.mark.django_db(transaction=True)
def test_one_right_after_another_is_never_refused() -> None:
    for _ in range(60):
        with runs.exclusive("screening:2024"):
            pass
