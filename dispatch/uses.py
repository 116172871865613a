"""Agencies report on their own part, all of them (J2.0, J2.4); what they forward is proved by vouchers instead."""

from __future__ import annotations

from caseworks.cases.sources import Source

_SOURCE = """
    SELECT a.uscc AS subject, a.name, a.office_id, a.city_office_id, sum(s.amount) AS received,
           min(p.paid_on) AS paid_on, true AS must, 1 AS share, min(p.payment_no) AS seed
    FROM money_payment p
    JOIN dispatch_application a ON a.case_id = p.case_id
    JOIN dispatch_share s ON s.application_id = a.id AND s.kind = 'own' AND s.live
    WHERE p.scheme = 'dispatch' AND p.year = %(use_of)s AND p.status = 'paid'
    GROUP BY a.uscc, a.name, a.office_id, a.city_office_id
"""


def source(year: int) -> Source:
    """SQL of the agencies that were paid an own part of a policy year."""
    return Source(_SOURCE, {"use_of": year})
