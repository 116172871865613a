"""One process that runs the whole site from a checkout: servers, database, static files, web, worker and clock.

`python -m caseworks.supervisor` serves until Ctrl-C and stops everything in reverse. Every child runs in a session of
its own and dies with the supervisor, even when that is killed; PostgreSQL and Redis end through their guard
(caseworks.embedded), because the children hold the servers' lock as long as they live.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

BASE_DIR = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
STOP_SECONDS = 15


class SupervisorError(RuntimeError):
    """The site cannot be served; the message says why and what to do."""


class Stopped(BaseException):
    """A signal asked for the end."""


def _manage(*arguments: str) -> None:
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=BASE_DIR, check=False)
    if done.returncode:
        raise SupervisorError(f"manage.py {' '.join(arguments)} ended with {done.returncode}.")


def free_port(wanted: int, host: str = "127.0.0.1") -> int:
    """The wanted port, or the next of twenty that is free."""
    for port in range(wanted, wanted + 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                return port
    raise SupervisorError(f"Ports {wanted} to {wanted + 19} are all taken: give another with --port.")


@dataclass
class Child:
    """One long-running program of the site."""

    name: str
    command: Sequence[str]
    #: the signal on which it ends at once, for when the supervisor was killed
    death: str = "TERM"
    process: subprocess.Popen[bytes] | None = None

    def start(self, log: Path, keep: Sequence[int]) -> None:
        """Start in a session of its own; it ends with this process and holds the given descriptors."""
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", self.death, "--", *self.command],
                cwd=BASE_DIR, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True, pass_fds=keep,
            )  # fmt: skip

    def stop(self) -> None:
        """Ask it to end, and end its whole session when it does not."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Site:
    """The running site of one checkout."""

    var: Path
    port: int
    children: list[Child] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where people open it."""
        return f"http://127.0.0.1:{self.port}"

    def programs(self) -> list[Child]:
        """The web, the worker and the clock."""
        python = [sys.executable, "-m"]
        web = [
            *python, "gunicorn", "caseworks.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2",
            "--worker-class", "gthread", "--threads", "4", "--timeout", "120", "--graceful-timeout", "5",
            "--no-control-socket", "--worker-tmp-dir", str(self.var),
        ]  # fmt: skip
        celery = [*python, "celery", "-A", "caseworks.celery"]
        worker = [*celery, "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"]
        beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]
        return [
            Child("web", web),
            Child("worker", [*worker, "--without-gossip", "--without-mingle"], death="KILL"),
            Child("beat", beat, death="KILL"),
        ]

    def start(self, keep: Sequence[int]) -> None:
        """Start every program and wait for the first page."""
        for child in self.programs():
            child.start(self.var / f"{child.name}.log", keep)
            self.children.append(child)
        give_up = time.monotonic() + READY_SECONDS
        while not self._answers():
            self.check()
            if time.monotonic() > give_up:
                raise SupervisorError(f"{self.address} did not answer; see {self.var / 'web.log'}.")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/login/", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            raise SupervisorError(f"{self.address}/login/ answers {error.code}; see {self.var / 'web.log'}.") from error
        except OSError:
            return False

    def check(self) -> None:
        """Refuse to go on when a program has ended."""
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                raise SupervisorError(f"{child.name} ended; see {self.var / f'{child.name}.log'}.")

    def stop(self) -> None:
        """Stop in reverse."""
        while self.children:
            self.children.pop().stop()


@contextlib.contextmanager
def alone(var: Path) -> Iterator[Path]:
    """One supervisor a checkout; the second is told where the first serves."""
    var.mkdir(parents=True, exist_ok=True)
    mark = var / "supervisor.json"
    with (var / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = "is starting"
            with contextlib.suppress(OSError, ValueError, KeyError):
                where = f"runs already: {json.loads(mark.read_text())['address']}"
            raise SupervisorError(f"The site of this checkout {where}.") from None
        mark.unlink(missing_ok=True)
        try:
            yield mark
        finally:
            mark.unlink(missing_ok=True)


@contextlib.contextmanager
def servers() -> Iterator[list[int]]:
    """The embedded servers where the settings name them; yields the descriptors that keep them up."""
    from caseworks import settings
    from caseworks.embedded import EmbeddedError, Servers

    if settings.EMBEDDED_FOLDER is None:
        yield []
        return
    with contextlib.ExitStack() as stack:
        try:
            held = stack.enter_context(Servers(settings.EMBEDDED_FOLDER).used())
        except EmbeddedError as error:
            raise SupervisorError(str(error)) from error
        yield [held]


def prepare() -> None:
    """Bring the database, the seeds and the static files up to date."""
    from caseworks import assets, settings

    try:
        assets.fetch(settings.VAR)
    except assets.AssetsError as error:
        raise SupervisorError(str(error)) from error
    _manage("migrate", "--verbosity", "0")
    _manage("setup")
    if not settings.DEBUG:
        _manage("collectstatic", "--noinput", "--verbosity", "0")


def serve(var: Path, port: int, keep: Sequence[int], mark: Path) -> None:
    """Serve until a signal comes or a program ends."""
    chosen = free_port(port)
    if chosen != port:
        print(f"Port {port} is taken; {chosen} is used.", flush=True)
    site = Site(var, chosen)
    try:
        site.start(keep)
        mark.write_text(json.dumps({"address": site.address, "pid": os.getpid()}))
        print(f"Open {site.address}/desk/  (Ctrl-C stops)", flush=True)
        while True:
            time.sleep(0.5)
            site.check()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        print("Stopping …", flush=True)
        site.stop()


def _raise_stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def end_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `Stopped`, so that everything ends in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the site; 0 after Ctrl-C or SIGTERM, 1 with a word when it cannot be served."""
    parser = argparse.ArgumentParser(prog="python -m caseworks.supervisor", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args(arguments)
    end_on_signals()
    from caseworks import settings

    try:
        with alone(settings.VAR) as mark, servers() as keep:
            prepare()
            serve(settings.VAR, given.port, keep, mark)
    except SupervisorError as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
