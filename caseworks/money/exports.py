"""The payments of a year as a file (contract 5): a row an attempt, sorted by number, UTF-8 with BOM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from caseworks.base.sheets.writing import write_csv
from caseworks.base.subjects import is_person, person_key
from caseworks.money.models import Payment, PaymentQuerySet
from caseworks.registry.models import Worker

NAME = "payments"
CHUNK = 5000
HEADER = ("payment_no", "scheme", "subject", "share", "attempt", "amount", "account_kind", "status")


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    return {NAME: write_payments}


def rows(payments: PaymentQuerySet) -> Iterator[tuple[str, ...]]:
    """The rows of the export."""
    found = payments.attempts().order_by("payment_no").values_list(*HEADER).iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        numbers = id_numbers(row[2] for row in chunk)
        for number, scheme, subject, share, attempt, amount, kind, status in chunk:
            yield (
                number, scheme, numbers.get(subject, subject), share, str(attempt), f"{amount:.2f}", kind, status
            )  # fmt: skip


def id_numbers(subjects: Iterable[str]) -> dict[str, str]:
    """The ID numbers of those subjects that are people, as files name them (contract 1)."""
    hashes = [bytes.fromhex(subject) for subject in subjects if is_person(subject)]
    known = Worker.objects.filter(id_hash__in=hashes).values_list("id_hash", "id_no") if hashes else ()
    return {person_key(id_hash): id_no for id_hash, id_no in known}


def write_payments(year: int, path: Path) -> int:
    """Write the payments of a policy year and tell how many there are; a year without any has a header only."""
    return write_csv(path, HEADER, rows(Payment.objects.filter(year=year)), for_people=False)
