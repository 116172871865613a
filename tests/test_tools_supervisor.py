"""The supervisor: it serves, says where, and leaves no process behind however it ends."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseworks.embedded import Servers
from caseworks.supervisor import SupervisorError, alone, free_port

BASE_DIR = Path(__file__).resolve().parent.parent


def processes(var: Path) -> dict[int, str]:
    """Every process of the site with this CASEWORKS_VAR, whoever its parent is now; servers overwrite their environ."""
    found = {}
    marks = (str(var), str(Servers(var / "servers").sockets))
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (entry / "environ").read_bytes().split(b"\0")
                if f"CASEWORKS_VAR={var}".encode() in environment or any(mark in line for mark in marks):
                    found[int(entry.name)] = line
    return found


def none_left(var: Path, seconds: float = 25) -> dict[int, str]:
    """What is still there after a while; an empty dict when nothing is."""
    give_up = time.monotonic() + seconds
    while (left := processes(var)) and time.monotonic() < give_up:
        time.sleep(0.1)
    return left


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """The folder of a site of its own; later starts find its database."""
    path = Path(tempfile.mkdtemp(prefix="caseworks-site-"))
    shutil.copytree(BASE_DIR / "var" / "assets", path / "assets")
    yield path
    for pid in processes(path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(Servers(path / "servers").sockets, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def command(var: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The supervisor's command line and environment: embedded servers in that folder."""
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    environment |= {"CASEWORKS_VAR": str(var), "CASEWORKS_DEBUG": "1", "CASEWORKS_TRAINING": "0"}
    alive_with_us = ["setpriv", "--pdeathsig", "TERM", "--"]  # a run of tests that is killed leaves no site either
    return [*alive_with_us, sys.executable, "-m", "caseworks.supervisor", *arguments], environment


def start(var: Path, port: int) -> tuple[subprocess.Popen[str], str, str]:
    """A supervisor that serves; its process, its address and what it printed."""
    line, environment = command(var, "--port", str(port))
    site = subprocess.Popen(
        line, cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert site.stdout is not None
    printed = ""
    for text in site.stdout:
        printed += text
        found = re.match(r"Open (http://127\.0\.0\.1:\d+)/", text)
        if found:
            return site, found[1], printed
    raise AssertionError(printed)


def test_it_serves_says_where_and_ends_with_everything_on_ctrl_c(var: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        site, address, printed = start(var, busy)
    assert f"Port {busy} is taken" in printed
    with urllib.request.urlopen(f"{address}/login/") as answer:
        assert answer.status == 200
        assert 'lang="zh-CN"' in answer.read().decode()
    with urllib.request.urlopen(f"{address}/static/vendor/bootstrap/bootstrap.min.css") as answer:
        assert answer.status == 200
    programs = " ".join(processes(var).values())
    assert all(word in programs for word in ("gunicorn", "worker", "beat", "postgres", "unixsocket"))

    line, environment = command(var)
    second = subprocess.run(line, cwd=BASE_DIR, env=environment, capture_output=True, text=True)
    assert second.returncode == 1
    assert f"runs already: {address}" in second.stderr

    site.send_signal(signal.SIGINT)
    assert site.wait(40) == 0
    assert none_left(var, 3) == {}


def test_nothing_is_left_when_the_supervisor_is_killed_nor_after_sigterm(var: Path) -> None:
    site, _, _ = start(var, 8200)
    assert len(processes(var)) > 5
    site.kill()
    site.wait()
    assert none_left(var) == {}

    site, _, _ = start(var, 8200)
    site.terminate()
    assert site.wait(40) == 0
    assert none_left(var, 3) == {}


def test_one_supervisor_a_checkout(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(SupervisorError, match="is starting"), alone(tmp_path):
        pass


def test_a_taken_port_gives_way_to_the_next() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port(port) < port + 20
