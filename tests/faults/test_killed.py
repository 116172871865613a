"""A process killed (SIGKILL) at each named point, once: the next run does what is left, and all is done exactly once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from caseworks.base import faults
from caseworks.books import checking
from caseworks.cases import verification
from tests.children import database_url
from tests.faults.acts import act_of
from tests.notices.gateway import SECRET, Gateway, running

BASE_DIR = Path(__file__).resolve().parents[2]
DONE = {"results.booked"}  # nothing but the answer is missing


@pytest.fixture
def bureau(transactional_db: None, settings: Any) -> None:
    """A training bureau with a rich fund."""
    from tests.faults import world

    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    world.rich()


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    with running() as found:
        settings.SMS_GATEWAY = "caseworks.base.notices.gateways.http_signed"
        settings.SMS_URL, settings.SMS_SECRET, settings.SMS_TIMEOUT = found.url, SECRET, 5
        yield found


def environment(fault: str, gateway: Gateway | None = None) -> dict[str, str]:
    """Of a process beside the tests, on the database of this test."""
    named = {
        "DATABASE_URL": database_url(),
        "CASEWORKS_TRAINING": "1", "CASEWORKS_DEBUG": "1", "CASEWORKS_FAULT": fault,
    }  # fmt: skip
    if gateway is not None:  # nothing leaves a training database
        named |= {
            "CASEWORKS_TRAINING": "0", "CASEWORKS_SMS_GATEWAY": "caseworks.base.notices.gateways.http_signed",
            "CASEWORKS_SMS_URL": gateway.url, "CASEWORKS_SMS_SECRET": SECRET,
        }  # fmt: skip
    return {**os.environ, **named}


def start(command: list[str], fault: str, gateway: Gateway | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command beside the tests."""
    return subprocess.run(
        [sys.executable, *command], cwd=BASE_DIR, env=environment(fault, gateway), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("point", faults.POINTS)
def test_killed_once_and_run_again_all_is_done_once(point: str, bureau: None, gateway: Gateway, tmp_path: Path) -> None:
    act = act_of(point)
    subjects = act.prepare(tmp_path)
    told = [message["key"] for message in gateway.received]
    courier = gateway if act.prefix == "notices" else None
    died = start(["-m", "tests.faults.child", act.prefix, str(tmp_path)], f"{point}:1", courier)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert bool(act.wrong(subjects)) is (point not in DONE)
    act.again(tmp_path)
    assert act.wrong(subjects) == []
    act.again(tmp_path)
    assert act.wrong(subjects) == [], "once more changes nothing"
    assert checking.offences() == []
    assert verification.findings() == []
    keys = [message["key"] for message in gateway.received][len(told) :]
    if point == "notices.answered":  # it came twice, under the one key by which the gateway knows it
        assert sorted(map(keys.count, set(keys))) == [1, 1, 1, 2]
    else:
        assert len(keys) == len(set(keys))


def test_every_point_stands_in_the_code_once_and_belongs_to_an_act() -> None:
    found: list[str] = []
    for package in ("caseworks", "refunds", "subsidies", "dispatch"):
        for path in (BASE_DIR / package).rglob("*.py"):
            found += re.findall(r'faults\.point\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    assert sorted(found) == sorted(faults.POINTS)
    assert {act_of(point).prefix for point in faults.POINTS} == {
        "batch",
        "results",
        "announcements",
        "notices",
        "sweep",
    }


@pytest.mark.parametrize(
    ("wanted", "allowed", "words"),
    [
        ("batch.somewhere", True, "CASEWORKS_FAULT names no point: batch.somewhere. Known: batch.lines_written"),
        ("batch.sent:0", True, "after the colon stands a number"),
        ("batch.sent:x", True, "after the colon stands a number"),
        ("batch.sent", False, "needs CASEWORKS_DEBUG or CASEWORKS_TRAINING"),
    ],
)
def test_what_is_no_point_or_has_no_place_here_is_refused(wanted: str, allowed: bool, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        faults.arm(wanted, allowed=allowed)
    faults.point("batch.sent")  # nothing is armed by what was refused


def test_an_unknown_name_keeps_every_process_from_starting() -> None:
    refused = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=BASE_DIR, capture_output=True, text=True, check=False,
        env={**os.environ, "CASEWORKS_FAULT": "batch.somewhere"},
    )  # fmt: skip
    assert refused.returncode != 0
    assert "CASEWORKS_FAULT names no point: batch.somewhere" in refused.stderr
