"""What must hold of every notice: none promises anything before an approval (N5.1, N6.2)."""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.invariants import Invariant

_PROMISES = "('approved', 'announced', 'account_missing', 'paid', 'returned', 'objection_answered')"

CHECKS: Mapping[str, Invariant] = {
    "nothing_promised_before_approval": Invariant(
        f"""
        SELECT '通知 ' || n.id, n.template || ' 早于业务件 ' || n.case_id || ' 的审批', n.case_id
        FROM base_notice n
        WHERE n.case_id IS NOT NULL AND n.template IN {_PROMISES} AND NOT EXISTS (
            SELECT FROM cases_event e
            WHERE e.case_id = n.case_id AND e.step IN ('approve', 'approve_further') AND e.at <= n.created_at)
    """,
    ),
}
