"""The parts of a year as a file (contract 5): UTF-8 with BOM, sorted by agency, host and part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from caseworks.base.errors import Refusal
from caseworks.base.sheets.writing import write_csv
from dispatch.models import Application

HEADER = (
    "agency_uscc", "host_uscc", "part", "premium", "amount", "credited_on", "deadline", "forwarded", "returned",
    "recovered", "status",
)  # fmt: skip
_ROWS = """
    SELECT a.uscc, s.host_uscc, s.kind, s.premium, s.amount, '', '', 0.00, 0.00, 0.00, coalesce(c.status, a.status)
    FROM dispatch_application a JOIN dispatch_share s ON s.application_id = a.id AND s.live
    LEFT JOIN cases_case c ON c.id = a.case_id
    WHERE a.year = %(year)s AND a.status IN ('submitted', 'sent_back')
    ORDER BY a.uscc COLLATE "C", s.host_uscc COLLATE "C", s.kind COLLATE "C"
"""


def rows(year: int) -> Iterator[tuple[str, ...]]:
    """The rows of the export, one a part."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"year": year})
        for uscc, host, kind, premium, amount, credited, deadline, *sums, status in cursor.fetchall():
            yield (uscc, host, kind, f"{premium:.2f}", f"{amount:.2f}", credited, deadline,
                   *(f"{value:.2f}" for value in sums), status)  # fmt: skip


def write_dispatch(year: int, path: Path) -> int:
    """Write the parts of a policy year and tell how many there are."""
    if not Application.objects.of_year(year).handed_in().exists():
        raise Refusal(f"{year} 年度没有派遣单位申请，没有写出文件。请先受理申请。")
    return write_csv(path, HEADER, rows(year), for_people=False)
