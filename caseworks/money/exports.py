"""The payments of a year as a file (contract 5): a row an attempt, sorted by number, UTF-8 with BOM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from caseworks.base.sheets.writing import write_csv
from caseworks.money.models import Payment, PaymentQuerySet

NAME = "payments"
HEADER = ("payment_no", "scheme", "subject", "share", "attempt", "amount", "account_kind", "status")


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    return {NAME: write_payments}


def rows(payments: PaymentQuerySet) -> Iterator[tuple[str, ...]]:
    """The rows of the export."""
    found = payments.attempts().order_by("payment_no").values_list(*HEADER)
    for number, scheme, subject, share, attempt, amount, kind, status in found.iterator(chunk_size=5000):
        yield number, scheme, subject, share, str(attempt), f"{amount:.2f}", kind, status


def write_payments(year: int, path: Path) -> int:
    """Write the payments of a policy year and tell how many there are; a year without any has a header only."""
    return write_csv(path, HEADER, rows(Payment.objects.filter(year=year)), for_people=False)
