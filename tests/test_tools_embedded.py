"""The embedded servers: who starts them, who ends them, and what they refuse."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from caseworks import embedded
from caseworks.embedded import EmbeddedError, Servers

BASE_DIR = Path(__file__).resolve().parent.parent
HOLD = """
import sys, time
from pathlib import Path
from caseworks.embedded import Servers
with Servers(Path(sys.argv[1])).used():
    print("up", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of servers, with nothing left of them afterwards."""
    path = Path(tempfile.mkdtemp(prefix="caseworks-tools-"))
    yield path
    servers = Servers(path / "servers")
    servers.stop()
    shutil.rmtree(servers.sockets, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def hold(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """A process that uses the servers; returns once they run."""
    command = [sys.executable, "-c", HOLD, str(folder / "servers"), str(seconds)]
    process = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def gone(servers: Servers, seconds: float = 10) -> bool:
    """Whether both servers have ended, given a while."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if servers.pid("postgres") is None and servers.pid("redis") is None:
            return True
        time.sleep(0.05)
    return False


def test_the_last_one_out_stops_the_servers_and_the_rows_stay(folder: Path) -> None:
    servers = Servers(folder / "servers")
    with servers.used():
        other = hold(folder, 30)
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT '吉林' AS word")
        first = servers.pid("postgres")
    assert servers.pid("postgres") == first, "the other one still uses them"
    other.terminate()
    other.wait()
    assert gone(servers)
    with servers.used(), psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("吉林",)
        assert servers.pid("postgres") != first
    assert gone(servers, 1), "the last one waits until they have ended"


def test_servers_end_when_their_only_user_is_killed(folder: Path) -> None:
    servers = Servers(folder / "servers")
    user = hold(folder, 60)
    user.kill()
    user.wait()
    assert gone(servers)


def test_after_a_total_kill_the_servers_come_back_with_every_row(folder: Path) -> None:
    servers = Servers(folder / "servers")
    user = hold(folder, 60)
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    for name in ("postgres", "redis"):
        pid = servers.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    user.kill()
    user.wait()
    with servers.used(), psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_recycled_process_id_is_never_signalled(folder: Path) -> None:
    servers = Servers(folder / "servers")
    (folder / "servers" / "pg").mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        for mark in ("postgres.pid", "redis.pid", "pg/postmaster.pid"):
            (folder / "servers" / mark).write_text(f"{stranger.pid}\n")
        assert servers.pid("postgres") is None
        servers.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_throw_away_servers_leave_no_file(folder: Path) -> None:
    servers = Servers(folder / "throwaway", throwaway=True)
    with servers.used():
        assert servers.sockets.exists()
    assert not servers.folder.exists()
    assert not servers.sockets.exists()


def test_a_folder_too_long_for_a_socket_is_refused_and_a_long_project_path_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = folder / ("深" * 60) / "servers"
    with Servers(deep, throwaway=True).used():
        pass
    monkeypatch.setenv("CASEWORKS_SOCKETS", "/tmp/" + "x" * 90)
    with pytest.raises(EmbeddedError, match="CASEWORKS_SOCKETS"), Servers(folder / "servers").used():
        pass


def test_a_socket_folder_of_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWORKS_SOCKETS", str(folder))
    servers = Servers(folder / "servers")
    servers.sockets.symlink_to("/tmp")
    with pytest.raises(EmbeddedError, match="belongs to somebody else"), servers.used():
        pass


@pytest.mark.parametrize("prefix", [pytest.param("unshare", id="namespace"), pytest.param("setpriv", id="nobody")])
def test_postgres_does_not_run_as_root(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        named = any(entry.pw_uid == os.geteuid() for entry in pwd.getpwall())
        assert embedded.unprivileged()[:1] == ([] if named else ["unshare"]), "initdb wants a user with a name"
        return
    monkeypatch.setattr(embedded, "user_namespaces", lambda: prefix == "unshare")
    with tempfile.TemporaryDirectory(prefix="caseworks-tools-") as name:
        Path(name).chmod(0o755)
        servers = Servers(Path(name) / "servers", throwaway=True)
        with servers.used():
            assert embedded.unprivileged()[0] == prefix
            pid = servers.pid("postgres")
            owner = Path(f"/proc/{pid}").stat().st_uid
            assert owner == (0 if prefix == "unshare" else embedded.NOBODY)
            with psycopg.connect(servers.database_url) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)


def test_nobody_who_cannot_reach_the_folder_is_a_clear_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        assert not embedded.as_nobody()
        return
    monkeypatch.setattr(embedded, "user_namespaces", lambda: False)
    with tempfile.TemporaryDirectory(prefix="caseworks-tools-") as name:  # mode 0700
        servers = Servers(Path(name) / "servers", throwaway=True)
        with pytest.raises(EmbeddedError, match="nobody, who cannot reach"), servers.used():
            pass
        shutil.rmtree(servers.sockets, ignore_errors=True)


def bare_environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment without servers."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return {**kept, "CASEWORKS_VAR": str(folder), "CASEWORKS_DEBUG": "1", "CASEWORKS_TRAINING": "0", **more}


@pytest.mark.parametrize(
    "command", [["check"], ["makemigrations", "--check", "--dry-run"], ["collectstatic", "--noinput"]]
)
def test_commands_that_need_no_database_start_nothing(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=BASE_DIR,
        env=bare_environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (folder / "servers").exists()


def test_without_debug_there_are_no_embedded_servers_and_no_usable_secrets(folder: Path) -> None:
    for missing, given in (
        ("CASEWORKS_SECRET_KEY", {}),
        ("CASEWORKS_SEAL_KEYS", {"CASEWORKS_SECRET_KEY": "x"}),
        ("CASEWORKS_LOOKUP_KEY", {"CASEWORKS_SECRET_KEY": "x", "CASEWORKS_SEAL_KEYS": "x"}),
        (
            "DATABASE_URL",
            {"CASEWORKS_SECRET_KEY": "x", "CASEWORKS_SEAL_KEYS": "x", "CASEWORKS_LOOKUP_KEY": "x"},
        ),
    ):
        environment = bare_environment(folder, CASEWORKS_DEBUG="0", **given)
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate"], cwd=BASE_DIR, env=environment, capture_output=True, text=True
        )
        assert done.returncode != 0
        assert f"{missing} is not set" in done.stderr
    assert not (folder / "servers").exists()
