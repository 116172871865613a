"""The demonstration's year to its end: reviewed, announced, sent, paid, some returned, mended and paid again."""

from __future__ import annotations

import csv
from pathlib import Path

from django.core.management import call_command

RETURNED_EVERY = 40  # one payment in so many comes back from the bank
PAID_ON, RETURNED_ON, AGAIN_ON, PAID_AGAIN_ON = "2024-07-10", "2024-07-11", "2024-07-15", "2024-07-17"


def run(year: int, folder: Path) -> None:
    """Carry the year through by the same operations that people use."""
    folder.mkdir(exist_ok=True)
    call_command("rehearse", str(year), "--scheme", "refunds")
    sent = _payments(year, folder)
    back = [row for row in sent if row["account_kind"] == "corporate"][::RETURNED_EVERY]
    numbers = {row["payment_no"] for row in back}
    lines = [
        [row["payment_no"], "returned", RETURNED_ON, "账号户名不符"]
        if row["payment_no"] in numbers
        else [row["payment_no"], "paid", PAID_ON, ""]
        for row in sent
    ]
    _book(folder / "bank_results.csv", lines)
    print(f"{len(back)} payments came back; their units hand in other accounts and are paid again", flush=True)
    _mend(folder, {row["subject"] for row in back})
    call_command("rehearse", str(year), "--scheme", "refunds", "--on", AGAIN_ON)
    again = [
        [row["payment_no"], "paid", PAID_AGAIN_ON, ""] for row in _payments(year, folder) if row["status"] == "sent"
    ]
    _book(folder / "bank_results_again.csv", again)


def _payments(year: int, folder: Path) -> list[dict[str, str]]:
    path = folder / "payments.csv"
    call_command("export_results", "payments", str(year), str(path))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _book(path: Path, lines: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["payment_no", "result", "on", "reason"], *lines])
    call_command("import_bank_results", str(path))


def _mend(folder: Path, subjects: set[str]) -> None:
    """Another account of each unit, on file and therefore proposed."""
    from caseworks.registry.models import Account

    rows = Account.objects.current().filter(uscc__in=subjects, kind="corporate").order_by("uscc")
    mended = folder / "mended"
    mended.mkdir(exist_ok=True)
    with (mended / "accounts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["uscc", "kind", "bank_name", "bank_code", "account_no", "account_name"])
        for number, row in enumerate(rows, 1):
            account_no = f"9999{number:015d}"
            writer.writerow([row.uscc, row.kind, row.bank_name, row.bank_code, account_no, row.account_name])
    call_command("import_data", str(mended))
