"""The claims of a year as a file (contract 5): UTF-8 with BOM, sorted by day, person and certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from caseworks.base.errors import Refusal
from caseworks.base.sheets.writing import write_csv
from subsidies.models import Claim, ClaimQuerySet

JUDGED = "judged"  # the status of a claim of which no case was opened
HEADER = ("applied_on", "id_no", "cert_no", "outcome", "reasons", "amount", "status")


def rows(claims: ClaimQuerySet) -> Iterator[tuple[str, ...]]:
    """The rows of the export. ID numbers stand sealed, so their order is made here, a day at a time."""
    columns = ("applied_on", "id_no", "cert_no", "outcome", "reasons", "amount", "case__status")
    day: list[tuple[str, ...]] = []
    for applied_on, id_no, cert_no, outcome, reasons, amount, status in (
        claims.order_by("applied_on", "pk").values_list(*columns).iterator(chunk_size=5000)
    ):
        text = applied_on.isoformat()
        if day and day[0][0] != text:
            yield from sorted(day, key=lambda row: row[1:3])
            day.clear()
        day.append((text, id_no, cert_no, outcome, ";".join(reasons), f"{amount:.2f}", status or JUDGED))
    yield from sorted(day, key=lambda row: row[1:3])


def write_subsidies(year: int, path: Path) -> int:
    """Write the claims of a policy year and tell how many there are."""
    found = Claim.objects.of_year(year)
    if not found.exists():
        raise Refusal(f"{year} 年度尚无申领，没有写出文件。请先提交申领。")
    return write_csv(path, HEADER, rows(found), for_people=False)
