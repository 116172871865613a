"""Who was paid a refund and may have to report on it: all that was paid of a year, and the sample's share (N2.4)."""

from __future__ import annotations

from caseworks.cases.sources import Source
from caseworks.law import policies
from caseworks.law.enums import PolicyStatus
from caseworks.law.models import Policy
from refunds.parameters import Parameters

_SOURCE = """
    SELECT p.subject, (array_agg(p.name ORDER BY p.id DESC))[1] AS name,
           (array_agg(p.office_id ORDER BY p.id DESC))[1] AS office_id,
           (array_agg(p.city_office_id ORDER BY p.id DESC))[1] AS city_office_id, sum(p.amount) AS received,
           min(p.paid_on) AS paid_on, false AS must, coalesce(max(w.share), 0) AS share, min(p.payment_no) AS seed
    FROM money_payment p
    JOIN refunds_assessment a ON a.year = p.year AND a.uscc = p.subject
    LEFT JOIN unnest(%(use_policies)s::bigint[], %(use_shares)s::numeric[]) AS w(policy, share) ON w.policy = a.policy_id
    WHERE p.scheme = 'refunds' AND p.year = %(use_of)s AND p.status = 'paid'
    GROUP BY p.subject
"""


def source(year: int) -> Source:
    """SQL of all units that were paid of a policy year."""
    shares: dict[int, object] = {}
    for row in Policy.objects.of("refunds", year).exclude(status=PolicyStatus.DRAFT).prefetch_related("figures"):
        figures = policies.parameters(row)
        assert isinstance(figures, Parameters)
        shares[row.pk] = figures.use_sample_share
    return Source(_SOURCE, {"use_of": year, "use_policies": list(shares), "use_shares": list(shares.values())})
