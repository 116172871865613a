"""Whom the refund pays: the facts by which the kernel chooses the account (N5.2), of the judgement approved."""

from __future__ import annotations

from caseworks.cases.sources import Source

_PAYEES = """
    SELECT a.uscc AS subject, a.unit_type, a.size, a.region, a.policy_id, 1 AS round
    FROM refunds_assessment a WHERE a.year = %(assessed)s
    UNION ALL
    SELECT d.uscc, d.unit_type, d.size, d.region, d.policy_id, d.round
    FROM refunds_difference d WHERE d.year = %(assessed)s AND d.round IS NOT NULL
"""


def payees(year: int) -> Source:
    """Type, size and region of every unit judged for a year, and the policy row it was judged by, round by round."""
    return Source(_PAYEES, {"assessed": year}, rounds=True)
