"""Payments that would be second ones though scheme, year and unit are others: across a succession, across schemes (N6.5).

The same unit in the same scheme and year is a matter of `facts`, whatever office or region its cases belong to.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from caseworks.cases import sources
from caseworks.cases.enums import Scheme, Status

# What is on its way or has arrived. Which of two that wait is paid, their scheme says.
COUNTED = (Status.BATCHED, Status.PAID)
_DOUBLES = """
    WITH RECURSIVE edge (a, b) AS (
        SELECT predecessor, successor FROM registry_succession WHERE status = 'confirmed'
        UNION SELECT successor, predecessor FROM registry_succession WHERE status = 'confirmed'
    ), kin (a, b) AS (
        SELECT a, b FROM edge UNION SELECT k.a, e.b FROM kin k JOIN edge e ON e.a = k.b WHERE e.b <> k.a
    ), mine AS (
        SELECT id, scheme, year, round, subject FROM cases_case WHERE id = ANY(%(ids)s::bigint[])
    ), other AS (
        SELECT m.id, m.year, m.round, m.scheme, k.b AS subject, true AS kin FROM mine m JOIN kin k ON k.a = m.subject
        UNION ALL
        SELECT m.id, m.year, m.round, r.scheme, m.subject, false FROM mine m, unnest(%(rivals)s::text[]) AS r(scheme)
        UNION ALL
        SELECT m.id, m.year, m.round, r.scheme, k.b, true
        FROM mine m JOIN kin k ON k.a = m.subject, unnest(%(rivals)s::text[]) AS r(scheme)
    )
    SELECT DISTINCT ON (other.id) other.id, other.kin, o.name, o.scheme, o.status FROM other
    JOIN cases_case o ON o.scheme = other.scheme AND o.year = other.year AND o.subject = other.subject
                     AND o.round = other.round AND o.status = ANY(%(counted)s::text[])
    ORDER BY other.id, o.id
"""
# The predecessors of the subjects of cases: what those owe, the successor owes.
PREDECESSORS = """
    WITH RECURSIVE line (case_id, uscc) AS (
        SELECT id, subject::text FROM cases_case WHERE id = ANY(%(obstacle_cases)s::bigint[])
        UNION
        SELECT l.case_id, s.predecessor::text FROM line l
        JOIN registry_succession s ON s.successor = l.uscc AND s.status = 'confirmed'
    )
"""


def of(scheme: str, ids: list[int]) -> dict[int, str]:
    """Why a payment of these cases would be a second one; by case, in words."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "ids": ids,
            "rivals": sources.rivals(scheme),
            "counted": [str(status) for status in COUNTED],
        }
        cursor.execute(_DOUBLES, given)
        return {
            case: f"{'承继关系中的' if kin else ''}“{name}”本年度有{Scheme(other).label}业务件"
            f"（{Status(status).label}），只能支付一次。"
            for case, kin, name, other, status in cursor.fetchall()
        }
