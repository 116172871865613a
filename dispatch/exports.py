"""The parts of a year as a file (contract 5): UTF-8 with BOM, sorted by agency, host and part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.sheets.writing import write_csv
from caseworks.people.actors import Actor
from dispatch import obligations
from dispatch.models import Application

HEADER = (
    "agency_uscc", "host_uscc", "part", "premium", "amount", "credited_on", "deadline", "forwarded", "returned",
    "recovered", "status",
)  # fmt: skip
# A part with the obligation of the attempt that stands; what was claimed back is net of what turned out not to be owed.
_ROWS = """
    SELECT a.uscc, s.host_uscc, s.kind, s.premium, s.amount, p.paid_on,
           CASE WHEN o.provisional THEN 'provisional' ELSE o.due_on::text END,
           coalesce(o.verified, 0), coalesce(o.returned, 0), coalesce(r.recovered, 0),
           coalesce(o.status, c.status, a.status)
    FROM dispatch_application a
    JOIN dispatch_share s ON s.application_id = a.id AND s.live
    LEFT JOIN cases_case c ON c.id = a.case_id
    LEFT JOIN money_payment p ON p.case_id = a.case_id AND p.status = 'paid'
    LEFT JOIN dispatch_obligation o ON o.share_id = s.id AND o.payment_id = p.id AND o.status <> 'closed'
    LEFT JOIN LATERAL (
        SELECT sum(m.amount - m.reduced) AS recovered FROM dispatch_finding f
        JOIN money_recovery m ON m.id = f.recovery_id WHERE f.obligation_id = o.id) r ON true
    WHERE a.year = %(year)s AND a.status IN ('submitted', 'sent_back')
    ORDER BY a.uscc COLLATE "C", s.host_uscc COLLATE "C", s.kind COLLATE "C", a.round
"""


def rows(year: int) -> Iterator[tuple[str, ...]]:
    """The rows of the export, one a part."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"year": year})
        for uscc, host, kind, premium, amount, credited, deadline, *sums, status in cursor.fetchall():
            yield (uscc, host, kind, f"{premium:.2f}", f"{amount:.2f}", str(credited or ""), deadline or "",
                   *(f"{value:.2f}" for value in sums), status)  # fmt: skip


def write_dispatch(year: int, path: Path) -> int:
    """Write the parts of a policy year and tell how many there are."""
    if not Application.objects.of_year(year).handed_in().exists():
        raise Refusal(f"{year} 年度没有派遣单位申请，没有写出文件。请先受理申请。")
    obligations.catch_up(by=Actor.of_command("export_results"), at=timezone.now())
    return write_csv(path, HEADER, rows(year), for_people=False)
