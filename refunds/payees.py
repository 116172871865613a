"""Whom the refund pays: the facts by which the kernel chooses the account (N5.2), of the judgement approved."""

from __future__ import annotations

from caseworks.cases.sources import Source

_PAYEES = """
    SELECT a.uscc AS subject, a.unit_type, a.size, a.region, a.policy_id
    FROM refunds_assessment a WHERE a.year = %(assessed)s
"""


def payees(year: int) -> Source:
    """Type, size and region of every unit judged for a year, and the policy row it was judged by."""
    return Source(_PAYEES, {"assessed": year})
