"""The sweep under strain: two at once, killed in the middle, a calendar that comes later, a grace of some days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from caseworks.books import checking
from caseworks.cases.models import Bar
from caseworks.law import calendars
from caseworks.money.models import Recovery
from dispatch import enforcement, obligations, tasks, telling
from dispatch.models import Finding, Obligation, Voucher
from dispatch.vouchers import Given, take
from tests.cases.test_concurrency import at_once
from tests.dispatch.agencies import AT, CLOCK, HOSTS, Paid, day, offences
from tests.law.test_calendars import DAYS_2027
from tests.money.conftest import Staff, bureau, staff

__all__ = ["bureau", "staff"]


@pytest.fixture
def two(transactional_db: None, staff: Staff, tmp_path: Path) -> Iterator[list[Paid]]:
    """Two agencies with two hosts each, past their deadline."""
    yield [Paid(staff, tmp_path, number=number, hosts=2).credited() for number in (1, 2)]
    assert [row for row in checking.offences() if row.invariant.startswith(("dispatch", "recovery"))] == []


def counted() -> tuple[int, int, int]:
    return Finding.objects.count(), Recovery.objects.count(), Bar.objects.count()


def test_two_sweeps_at_once_find_each_part_once(two: list[Paid]) -> None:
    done = at_once(3, lambda _: enforcement.sweep(day("08-10"), by=CLOCK, at=AT).findings)
    assert sorted(map(str, done)) == ["0", "0", "4"]
    assert counted() == (4, 4, 2)


def test_sweeps_and_vouchers_at_once_leave_no_part_covered_twice(two: list[Paid]) -> None:
    obligations.catch_up(by=CLOCK, at=AT)

    def work(number: int) -> object:
        if number % 2:
            return enforcement.sweep(day("08-10"), by=CLOCK, at=AT).findings
        uscc = two[number // 2 % 2].unit.uscc
        rows = [Given(uscc, 2024, HOSTS[0], Decimal("100.00"), day("07-10"), f"SL{number // 4}{uscc}")]
        return len(take(rows, by=CLOCK, at=AT, channel=Voucher(channel="command").channel).stored)  # type: ignore[arg-type]

    found = at_once(8, work)
    assert all(isinstance(one, int) for one in found), found
    assert Obligation.objects.count() == 4
    for agency in two:
        vouchers = Voucher.objects.filter(uscc=agency.unit.uscc).count()
        findings = Finding.objects.filter(obligation__uscc=agency.unit.uscc).count()
        assert (vouchers, findings) in {(0, 2), (1, 1)}
    assert offences() == []


def test_a_sweep_that_dies_leaves_nothing_and_the_next_does_it_all(
    two: list[Paid], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> int:
        raise ConnectionResetError("killed")

    for where in ("recovered", "bars_proposed"):
        with monkeypatch.context() as patch:
            patch.setattr(telling, where, dies)
            with pytest.raises(ConnectionResetError):
                enforcement.sweep(day("08-10"), by=CLOCK, at=AT)
        assert counted() == (0, 0, 0)
    assert enforcement.sweep(day("08-20"), by=CLOCK, at=AT).findings == 4
    assert counted() == (4, 4, 2)


def test_the_nightly_task_sweeps_and_catches_up(two: list[Paid], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.issue_letters, "delay", lambda: None)
    assert tasks.enforce_deadlines().startswith("4 recoveries, 2 bars")
    assert tasks.enforce_deadlines().startswith("0 recoveries, 0 bars, 0 reminders")


@pytest.mark.django_db
def test_a_provisional_deadline_waits_for_the_calendar(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path).credited(dt.date(2026, 11, 20))
    assert agency.sweep("2027-02-01").findings == 0
    part = agency.part()
    assert (part.provisional, part.due_on) == (True, dt.date(2027, 1, 4))
    assert agency.voucher("40.00", "2026-12-01").stored
    agency.decide("verified", "2026-12-02")
    calendars.load_year(2027, DAYS_2027, document="国办发明电〔2026〕1号", by=CLOCK, at=AT, on=dt.date(2026, 12, 15))
    assert agency.sweep("2027-02-01").findings == 1
    assert agency.part().provisional is False
    assert agency.stands() == "40 0 60 60 claimed 2028"
    assert offences() == []


@pytest.fixture
def grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """`return_working_days` of five: the rows in force have none."""
    real = enforcement._figures

    def figures() -> dict[int, Any]:
        return {pk: _with(found, 5) for pk, found in real().items()}

    def _with(found: Any, working_days: int) -> Any:
        import dataclasses

        return dataclasses.replace(found, return_working_days=working_days)

    monkeypatch.setattr(enforcement, "_figures", figures)


@pytest.mark.django_db
def test_a_full_return_within_the_grace_keeps_the_bar_away(staff: Staff, tmp_path: Path, grace: None) -> None:
    agency = Paid(staff, tmp_path, hosts=2).credited()
    agency.sweep("08-10")
    assert [agency.stands(host) for host in (0, 1)] == ["0 0 100 100 claimed"] * 2
    agency.give_back("100.00", "08-16")
    agency.give_back("60.00", "08-16", host=1)
    agency.sweep("08-16")
    assert Bar.objects.count() == 0
    agency.sweep("08-17")
    assert [agency.stands(host) for host in (0, 1)] == ["0 0 100 0 claimed 2025", "0 0 100 40 claimed 2025"]
    assert [row.obligation.host_uscc for row in Finding.objects.filter(bar__isnull=False)] == [HOSTS[1]]


@pytest.mark.django_db
def test_the_future_is_swept_on_a_training_database_only(bureau: None, settings: Any) -> None:
    call_command("enforce_deadlines", "--as-of", "2030-01-01")
    settings.TRAINING = False
    with pytest.raises(CommandError, match="在今天之后") as refused:
        call_command("enforce_deadlines", "--as-of", "2099-01-01")
    assert refused.value.returncode == 1


@pytest.mark.django_db
def test_the_sweep_looks_at_open_parts_by_their_day(bureau: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM dispatch_obligation o WHERE o.status = 'open' AND o.due_on < '2024-08-10'"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "obligation_open" in plan
