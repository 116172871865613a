"""Rejected rows on their way to the record: spooled to disk while COPY is busy, however many there are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from django.db import connection

from caseworks.base.sealed import seal
from caseworks.registry.loading.copying import array_text, copy_into, csv_line
from caseworks.registry.loading.rows import Rejected
from caseworks.registry.models import ImportFile, RejectedRow

SHOWN = 50
_COLUMNS = (
    "import_file_id", "kind", "line", "column", "value", "reason", "uscc", "key", "settled_label", "settled_words",
)  # fmt: skip
HEADER = ("line", "column", "value", "reason")


class Spool:
    """Collects rejected rows; the first ones are kept at hand for a preview."""

    def __init__(self, import_file: ImportFile) -> None:
        self._import_file = import_file
        self._stream: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self.stage = f"import_stage_{import_file.pk}"
        self.count = 0
        self.first: list[Rejected] = []

    def add(self, rejected: Rejected) -> None:
        """Remember one rejected row."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(rejected)
        self._stream.write(
            csv_line(
                (
                    self._import_file.pk, self._import_file.kind, rejected.line, rejected.column,
                    seal(rejected.value.replace("\x00", "")), rejected.reason, rejected.uscc,
                    array_text(part.replace("\x00", "") for part in rejected.key), "", "",
                )
            )
        )  # fmt: skip

    def store(self) -> None:
        """Put all of them on record."""
        if not self.count:
            return
        self._stream.seek(0)
        with copy_into("registry_rejectedrow", _COLUMNS) as copy:
            while block := self._stream.read(1 << 20):
                copy.write(block)

    def close(self) -> None:
        """Let the spooled rows go."""
        self._stream.close()


def listed(import_file: ImportFile) -> Iterator[tuple[int, str, str, str]]:
    """The rejected rows of an import as `line, column, value, reason`, in the order of the file."""
    rows = RejectedRow.objects.filter(import_file=import_file).order_by("line")
    for row in rows.iterator(chunk_size=2000):
        yield row.line, row.column, row.value, row.reason


def _key_matches(alias: str, key: Iterable[tuple[str, str]]) -> str:
    """SQL: the columns of the alias, as text, are the parts of the key of `r`."""
    return " AND ".join(
        f"""{f"encode({alias}.{name}, 'hex')" if kind == "bytea" else f'{alias}."{name}"::text'} = r.key[{place}]"""
        for place, (name, kind) in enumerate(key, start=1)
    )


def mend(import_file: ImportFile, good: str, key: Iterable[tuple[str, str]]) -> int:
    """Earlier rejected rows of the kind are mended by a good row of their key in the table `good`, or stand anew here."""
    if not RejectedRow.objects.standing().filter(kind=import_file.kind).exclude(import_file=import_file).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH standing AS (
                SELECT id, key FROM registry_rejectedrow
                WHERE kind = %(kind)s AND mended_by_id IS NULL AND settled_at IS NULL AND import_file_id <> %(file)s
            ), met AS (
                SELECT r.id FROM standing r JOIN {good} s ON {_key_matches("s", key)}
                UNION
                SELECT r.id FROM standing r
                JOIN registry_rejectedrow n ON n.import_file_id = %(file)s AND n.key = r.key
            )
            UPDATE registry_rejectedrow SET mended_by_id = %(file)s WHERE id IN (SELECT id FROM met)
            """,
            {"kind": import_file.kind, "file": import_file.pk},
        )
        return cursor.rowcount
