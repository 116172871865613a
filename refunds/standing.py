"""What stands of a unit's refund over all rounds: paid, on its way, given up, claimed back. One row a unit. (N2.3)

`low` is what the unit has or will have; `high` counts what a person refused it or it gave up, too, so that nobody's
decision is undone by a recalculation. A later judgement above `high` tops up, one below `low` takes back.
"""

from __future__ import annotations

# Recoveries that a recalculation found may be topped up again; what an audit or an objection took away may not.
# A case that a difference stopped was refused to be judged anew, not to be given nothing.
STANDING = """
    SELECT c.subject AS uscc, (array_agg(c.office_id ORDER BY c.round DESC))[1] AS office_id,
           (array_agg(c.city_office_id ORDER BY c.round DESC))[1] AS city_office_id, max(c.round) AS rounds,
           coalesce(sum(c.amount) FILTER (WHERE c.status = 'paid'), 0) AS paid,
           coalesce(sum(c.amount) FILTER (WHERE c.status IN ('announced', 'cleared', 'batched', 'returned')), 0) AS unpaid,
           coalesce(sum(c.amount) FILTER (WHERE c.status IN ('refused', 'withdrawn', 'waived') AND s.id IS NULL), 0)
               AS given_up,
           bool_or(s.id IS NOT NULL) AS stopped_before,
           bool_or(c.status IN ('opened', 'first_passed', 'second_passed', 'endorsed', 'approved')) AS reviewing,
           bool_or(c.status IN ('batched', 'returned')) AS moving,
           coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE c.status IN ('announced', 'cleared')), '{{}}') AS stoppable,
           coalesce(max(r.recovered), 0) AS recovered, coalesce(max(r.recalculated), 0) AS recalculated
    FROM cases_case c
    LEFT JOIN (
        SELECT DISTINCT unnest(d.stopped) AS id FROM refunds_difference d
        WHERE d.year = %(year)s AND d.status = 'accepted' AND d.stopped <> '{{}}') s ON s.id = c.id
    LEFT JOIN (
        SELECT subject, sum(amount - reduced) AS recovered,
               sum(amount - reduced) FILTER (WHERE origin = 'recalculation') AS recalculated
        FROM money_recovery WHERE scheme = 'refunds' AND year = %(year)s AND kind = 'overpaid'
        GROUP BY subject) r ON r.subject = c.subject
    WHERE c.scheme = 'refunds' AND c.year = %(year)s {chosen}
    GROUP BY c.subject
"""
BOUNDS = """
    SELECT t.*, t.paid + t.unpaid - t.recovered AS low, t.paid + t.unpaid + t.given_up - t.recalculated AS high
    FROM ({standing}) t
"""


def sql(chosen: str = "") -> str:
    """The query, with `low` and `high`; `chosen` is a further condition on the case `c`."""
    return BOUNDS.format(standing=STANDING.format(chosen=f"AND {chosen}" if chosen else ""))
