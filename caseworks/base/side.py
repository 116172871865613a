"""A second, autocommit connection: what must be seen, or held, whatever becomes of the transaction in work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

# A row that the main transaction has written waits for it; progress is not worth waiting for.
LOCK_TIMEOUT = "2s"


@contextmanager
def side_connection() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own to the same database, closed at the end; it never comes from a pool."""
    side: Any = connection.copy()
    side.settings_dict["OPTIONS"] = {k: v for k, v in side.settings_dict["OPTIONS"].items() if k != "pool"}
    side.settings_dict["AUTOCOMMIT"] = True
    side.inc_thread_sharing()
    try:
        with side.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        yield side
    finally:
        side.close()
        side.dec_thread_sharing()


def try_lock(side: BaseDatabaseWrapper, name: str) -> bool:
    """Take the session advisory lock of a name on this connection, if it is free; closing the connection frees it."""
    with side.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"caseworks:{name}"])
        return bool(cursor.fetchone()[0])


def unlock(side: BaseDatabaseWrapper, name: str) -> None:
    """Free the lock before the answer comes; a server notices a closed connection only a moment later."""
    with suppress(OperationalError, InterfaceError), side.cursor() as cursor:  # a lost connection holds nothing
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"caseworks:{name}"])


def is_locked(name: str) -> bool:
    """Whether some session holds the advisory lock of a name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                   SELECT FROM pg_locks, hashtextextended(%s, 0) AS wanted(key)
                    WHERE locktype = 'advisory' AND granted AND objsubid = 1
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                      AND classid = ((wanted.key >> 32) & 4294967295)::oid
                      AND objid = (wanted.key & 4294967295)::oid)""",
            [f"caseworks:{name}"],
        )
        return bool(cursor.fetchone()[0])
