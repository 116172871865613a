"""A file of claims taken in bulk: read, staged, judged and written, beside a COPY of the finished claims and of the file.

The floor is a COPY of the same finished rows by the same client into a bare table of the same columns, durable as the intake
is; the COPY of the three columns of the file is stated beside it.
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from caseworks.base.sealed import lookup_hash, seal
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from subsidies import claim_files
from subsidies.judging import STORED
from subsidies.models import Claim
from tests.bench.harness import Bench

YEAR = 2024
A_PERSON = 2  # certificates, each claimed for
UNIT = "91220102XNQNQPW14U"
_CHECK = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BLOCK = 1 << 20


def _number(serial: int) -> str:
    """A right ID number of an invented person."""
    born = date(1950, 1, 1) + timedelta(days=serial // 1000)
    body = f"220102{born:%Y%m%d}{serial % 1000:03d}"
    return body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def _copy(table: str, columns: str, lines: list[str]) -> None:
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as to:
        to.write("".join(lines))


def make(folder: Path, count: int) -> Path:
    """People, their months and certificates in the registry, and a file of as many claims."""
    office, city = offices.place("220102")
    Unit.objects.create(
        uscc=UNIT, name="示例商贸有限公司", name_key="示例商贸有限公司", unit_type="enterprise", size="small",
        region="220102", status="active", insured_from=date(2015, 1, 1), office_id=office, city_office_id=city,
        updated_at=timezone.now(),
    )  # fmt: skip
    file = folder / "claims.csv"
    workers, months, certificates = [], [], []
    with file.open("w", encoding="utf-8") as stream:
        stream.write("id_no,cert_no,applied_on\n")
        for serial in range(count // A_PERSON):
            id_no = _number(serial)
            hashed = "\\\\x" + lookup_hash(id_no).hex()
            sealed = "\\\\x" + seal(id_no).hex()
            workers.append(f"{hashed}\t{sealed}\tresident_id\t样例{serial}\t\\\\x\t220102\t示例银行\t\\\\x\t0000\tt\n")
            months.append(f"{hashed}\t{UNIT}\t2022-01\t2024-12\n")
            for place in range(A_PERSON):
                number, level = f"B{serial:08d}{place}", 3 + (serial + place) % 3
                certificates.append(
                    f"{number}\t{hashed}\tskill_level\t6-{place}\t电工\t{level}\t2024-02-10\t示例机构\n"
                )
                stream.write(f"{id_no},{number},2024-06-{serial % 28 + 1:02d}\n")
    _copy(
        "registry_worker",
        "id_hash, id_no, id_type, name, phone, region, card_bank, card_account, card_tail, card_active", workers,
    )  # fmt: skip
    _copy("registry_workerinsurance", "id_hash, uscc, period_from, period_to", months)
    _copy(
        "registry_certificate",
        "cert_no, id_hash, cert_type, occupation_code, occupation, level, issued_on, issuer", certificates,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_worker; ANALYZE registry_workerinsurance; ANALYZE registry_certificate")
    return file


def _finished() -> bytes:
    """The claims as they were written, as COPY's text."""
    buffer = io.BytesIO()
    columns = ", ".join(STORED)
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY (SELECT {columns} FROM subsidies_claim) TO STDOUT") as rows,
    ):
        for block in rows:
            buffer.write(block)
    return buffer.getvalue()


def bare_copy(content: bytes, like: str, header: bool = False) -> None:
    """The floor: these bytes into a table without a key."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_claims")
        cursor.execute(f"CREATE TABLE bench_claims AS {like} WITH NO DATA")
        with cursor.cursor.copy(f"COPY bench_claims FROM STDIN{' (FORMAT csv, HEADER)' if header else ''}") as to:
            for start in range(0, len(content), _BLOCK):
                to.write(content[start : start + _BLOCK])


def run(bench: Bench) -> None:
    """Measure."""
    file = make(bench.folder, bench.size)
    actor = Actor(os_user="bench", command="bench")
    bench.reset_memory()
    with bench.timed() as taken:
        done, fresh = claim_files.submit(file, YEAR, by=actor, at=timezone.now())
    assert fresh
    assert done.taken == bench.size // A_PERSON * A_PERSON
    memory = bench.memory()
    content = _finished()
    with bench.timed() as floor:
        bare_copy(content, f"SELECT {', '.join(STORED)} FROM subsidies_claim")
    with bench.timed() as of_file:
        bare_copy(
            file.read_bytes(), "SELECT ''::text AS id_no, ''::text AS cert_no, NULL::date AS applied_on", header=True
        )
    bench.figure("claims taken in bulk", taken.seconds, floor.seconds, of="COPY of the finished claims", limit=10.0)
    bench.figure("COPY of the file's three columns", of_file.seconds)
    bench.figure("memory of the process that takes them", memory, unit="MB")
    with bench.timed() as again:
        assert claim_files.submit(file, YEAR, by=actor, at=timezone.now())[1] is False
    bench.figure("the same file again", again.seconds)
    assert Claim.objects.count() == done.taken
    file.unlink()
