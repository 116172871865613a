"""What a bank file looks like. A province adds its bank's form as a function like `plain` and names it in settings."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from io import StringIO
from typing import NamedTuple

from django.conf import settings

from caseworks.base.sheets.writing import BOM, neutral

REPEATED = "重复件"
ORIGINAL = "原件"


class Line(NamedTuple):
    """One payment as the bank needs it; tens of thousands are made for a file."""

    payment_no: str
    account_name: str
    account_no: str
    bank_name: str
    bank_code: str
    amount: Decimal
    purpose: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the whole file says of itself."""

    batch_no: str
    issue: int
    lines: int
    amount: Decimal
    digest: str

    @property
    def mark(self) -> str:
        """Original, or a repeat of it."""
        return ORIGINAL if self.issue == 1 else REPEATED


Format = Callable[[Head, Sequence[Line]], bytes]


def digest(lines: Sequence[Line]) -> str:
    """SHA-256 over the payments in their order: number, account, amount."""
    taken = "".join([f"{line.payment_no},{line.account_no},{line.amount:.2f}\n" for line in lines])
    return hashlib.sha256(taken.encode()).hexdigest()


def plain(head: Head, lines: Sequence[Line]) -> bytes:
    """CSV: a header row (H), a row a payment (D), a trailer (T); count, total and digest at both ends.

    Text that a spreadsheet program would run as a formula is led by an apostrophe; the digest is of what is stored.
    """
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    ends = (head.lines, f"{head.amount:.2f}", head.digest)
    writer.writerow(("H", head.batch_no, head.mark, *ends))
    writer.writerows(
        ("D", line.payment_no, _cell(line.account_name), _cell(line.account_no), _cell(line.bank_name),
         _cell(line.bank_code), f"{line.amount:.2f}", line.purpose)
        for line in lines
    )  # fmt: skip
    writer.writerow(("T", head.batch_no, head.mark, *ends))
    return (BOM + stream.getvalue()).encode()


def _cell(text: str) -> str:
    """What begins with a letter, a character or a digit is no formula: it is not looked at further."""
    return text if text[:1].isalnum() else neutral(text)


def ending(form: Format) -> str:
    """How the name of a file ends: the function's own `ending`, or csv."""
    return str(getattr(form, "ending", "csv"))


def chosen() -> Format:
    """The form that settings name."""
    module, _, name = settings.BANK_FORMAT.rpartition(".")
    found: Format = getattr(import_module(module), name)
    return found
