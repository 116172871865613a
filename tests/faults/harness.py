"""Random kills over all points against a throw-away database: script/faults [N] [--seed S]

A process is forked for each kill and dies (SIGKILL) at a point drawn by lot; what it was about is started again, and
nothing may be done twice or be missing. Then Redis is flushed between a task's sending and its run, and PostgreSQL is
stopped hard in the middle of one. Exits 1 on any double, any loss and any offence in the books.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parents[2]


def forked(work: Callable[[], object], arm: str = "") -> int:
    """Do it in a process of its own; its exit code, or the signal that ended it as a negative number."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        from caseworks.base import faults

        code = 1
        try:
            faults.arm(arm, allowed=True)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def rounds(number: int, chosen: random.Random, folder: Path) -> tuple[Counter[str], dict[str, list[str]]]:
    """So many kills; how many each point had, and what was wrong after which."""
    from caseworks.base import faults
    from tests.faults.acts import act_of

    points = list(faults.POINTS)
    kills: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    for place in range(number):
        point = points[place] if place < len(points) else chosen.choice(points)  # each once before the lot decides
        act = act_of(point)
        nth = 1 if place < len(points) else chosen.randint(1, act.often.get(point, 1))
        subjects = act.prepare(folder)
        ended = forked(lambda act=act: act.run(folder), f"{point}:{nth}")
        kills[point] += 1
        if ended != -signal.SIGKILL:
            wrong[point].append(f"did not die at {point}:{nth} (exit {ended})")
        for _ in range(2):
            act.again(folder)
            wrong[point] += act.wrong(subjects)
    return kills, wrong


def redis_flushed(folder: Path) -> list[str]:
    """A task is sent, Redis forgets it, a worker finds nothing; the next tick of the clock, come twice, is done once."""
    import redis
    from django.conf import settings

    from caseworks.cases.tasks import clear_announcements
    from tests.faults.acts import ACTS

    act = ACTS["announcements"]
    subjects = act.prepare(folder)
    clear_announcements.delay()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    with worker(folder):
        time.sleep(2)
        found = [] if act.wrong(subjects) else ["the message was not lost"]
        clear_announcements.delay()
        clear_announcements.delay()
        give_up = time.monotonic() + 60
        while act.wrong(subjects) and time.monotonic() < give_up:
            time.sleep(0.2)
    return found + act.wrong(subjects)


@contextlib.contextmanager
def worker(folder: Path) -> Iterator[None]:
    """A Celery worker beside this process."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "caseworks.celery",
        "worker",
        "--pool",
        "solo",
        "--loglevel",
        "INFO",
    ]
    log = folder / "worker.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=BASE_DIR, stdout=sink, stderr=sink)
        try:
            give_up = time.monotonic() + 60
            while b"ready." not in log.read_bytes() and process.poll() is None and time.monotonic() < give_up:
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(60)


def postgres_restarted(servers: Any, folder: Path) -> list[str]:
    """PostgreSQL is stopped hard while a run waits in its transaction; after the next run all is done once."""
    import psycopg

    from tests.faults.acts import ACTS

    found = []
    for prefix in ("batch", "results", "sweep"):
        act = ACTS[prefix]
        subjects = act.prepare(folder)
        with psycopg.connect(host=str(servers.sockets), user="postgres", dbname="caseworks") as other:
            other.execute("LOCK TABLE cases_event, cases_bar IN EXCLUSIVE MODE")  # each writes to one of them, late
            blocked = threading.Thread(target=_stop_when_waiting, args=(servers,))
            blocked.start()
            ended = forked(lambda act=act: act.run(folder))
            blocked.join()
            with contextlib.suppress(psycopg.Error):
                other.rollback()
        found += [] if ended == 1 else [f"{prefix}: the run ended with {ended}"]
        servers.start()
        found += [] if act.wrong(subjects) else [f"{prefix}: it was done before the server stopped"]
        for _ in range(2):
            act.again(folder)
            found += act.wrong(subjects)
    return found


def _stop_when_waiting(servers: Any) -> None:
    import psycopg

    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'caseworks'"
    with psycopg.connect(host=str(servers.sockets), user="postgres", dbname="postgres", autocommit=True) as looking:
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            row = looking.execute(waiting).fetchone()
            if row and row[0]:
                break
            time.sleep(0.05)
    servers._end("postgres", signal.SIGQUIT)


def play(number: int, seed: int, servers: Any, folder: Path) -> int:
    """All of it; the exit code."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from caseworks.base import faults
    from caseworks.books import checking
    from caseworks.cases import verification
    from tests.faults import world
    from tests.notices.gateway import SECRET, running

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    print("A throw-away database is migrated and set up …", flush=True)
    call_command("migrate", verbosity=0)
    call_command("setup", stdout=io.StringIO())
    world.rich()
    with running() as gateway:
        settings.SMS_GATEWAY = "caseworks.base.notices.gateways.http_signed"
        settings.SMS_URL, settings.SMS_SECRET = gateway.url, SECRET
        kills, wrong = rounds(number, random.Random(seed), folder)
        others = {"Redis flushed": redis_flushed(folder), "PostgreSQL stopped": postgres_restarted(servers, folder)}
    print(f"\n{'point':<26} {'kills':>5}  ok")
    for point in faults.POINTS:
        print(f"{point:<26} {kills[point]:>5}  {'yes' if not wrong[point] else 'NO'}")
    for name, found in others.items():
        print(f"{name:<26} {1:>5}  {'yes' if not found else 'NO'}")
        wrong[name] = found
    offences = [str(row) for row in (*checking.offences(), *verification.findings())]
    lines = [f"{name}: {words}" for name, found in wrong.items() for words in found] + offences
    print(
        f"\n{sum(kills.values())} kills (seed {seed}), {len(lines)} wrong; the books are {'NOT ' if offences else ''}clean"
    )
    print("\n".join(lines))
    return 1 if lines else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("number", nargs="?", type=int, default=50, help="kills (50)")
    parser.add_argument("--seed", type=int, default=None, help="draw the same lots again")
    options = parser.parse_args()
    from caseworks.embedded import Servers

    folder = Path(tempfile.mkdtemp(prefix="caseworks-faults-"))
    servers = Servers(
        folder / "servers", throwaway=True, options={"synchronous_commit": "on"}
    )  # a stop may lose no commit
    named = {
        "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "CASEWORKS_VAR": str(folder / "var"),
        "CASEWORKS_UPLOADS": str(folder / "uploads"), "CASEWORKS_DEBUG": "1", "CASEWORKS_TRAINING": "1",
        "CASEWORKS_FAULT": "", "DJANGO_SETTINGS_MODULE": "caseworks.settings",
    }  # fmt: skip
    os.environ.update(named)
    (folder / "var").mkdir()
    try:
        with servers.used():
            seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
            return play(options.number, seed, servers, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
