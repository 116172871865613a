"""What must hold of the refund's cases beside what holds of every case: they are what was judged (`books`)."""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.enums import Of
from caseworks.books.invariants import Invariant
from refunds import topups
from refunds.cases import FINGERPRINT

CHECKS: Mapping[str, Invariant] = {
    "refund_case_is_its_judgement": Invariant(
        f"""
        SELECT '业务件 ' || c.id, CASE WHEN a.id IS NULL THEN '没有对应的核算结果'
            ELSE '核算为 ' || a.amount || ' 元，业务件为 ' || c.amount || ' 元，或内容不同' END, c.id
        FROM cases_case c LEFT JOIN refunds_assessment a ON a.case_id = c.id
        WHERE c.scheme = 'refunds' AND c.round = 1 AND (
            a.id IS NULL OR (a.year, a.uscc, a.amount) <> (c.year, c.subject, c.amount)
            OR {FINGERPRINT} <> c.fingerprint)
    """,
    ),
    "topup_case_is_its_difference": Invariant(
        f"""
        SELECT '业务件 ' || c.id, CASE WHEN d.id IS NULL THEN '没有对应的差额'
            ELSE '差额为 ' || d.amount || ' 元，业务件为 ' || c.amount || ' 元，或内容不同' END, c.id
        FROM cases_case c LEFT JOIN refunds_difference d ON d.case_id = c.id
        WHERE c.scheme = 'refunds' AND c.round > 1 AND (
            d.id IS NULL OR (d.year, d.uscc, d.round, d.amount) <> (c.year, c.subject, c.round, c.amount)
            OR {topups.FINGERPRINT} <> c.fingerprint)
    """,
    ),
    "difference_is_carried_out": Invariant(
        """
        SELECT '差额 ' || d.id, '提出追回 ' || d.recovered || ' 元，追回登记为 ' || coalesce(r.amount::text, '无'), c.id
        FROM refunds_difference d
        JOIN cases_case c ON c.scheme = 'refunds' AND c.year = d.year AND c.subject = d.uscc AND c.round = 1
        LEFT JOIN money_recovery r ON r.key = 'recalculation:' || d.id
        WHERE (d.recovered > 0 AND r.amount IS DISTINCT FROM d.recovered)
           OR (d.kind = 'topup' AND d.status = 'accepted' AND d.case_id IS NULL)
    """,
    ),
    "topped_up_no_further_than_granted": Invariant(
        """
        SELECT '差额 ' || d.id, d.uscc || ' 现核定 ' || d.granted || ' 元，各次合计 ' || t.sum || ' 元', f.id
        FROM refunds_difference d
        JOIN cases_case f ON f.scheme = 'refunds' AND f.year = d.year AND f.subject = d.uscc AND f.round = 1
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(c.amount), 0) - coalesce((
                SELECT sum(r.amount) FROM money_recovery r
                WHERE r.scheme = 'refunds' AND r.year = d.year AND r.subject = d.uscc AND r.kind = 'overpaid'), 0) AS sum
            FROM cases_case c
            WHERE c.scheme = 'refunds' AND c.year = d.year AND c.subject = d.uscc
              AND c.status NOT IN ('refused', 'withdrawn', 'waived')) t
        WHERE d.status = 'accepted' AND t.sum > d.granted AND NOT EXISTS (
            SELECT FROM refunds_difference n
            WHERE n.year = d.year AND n.uscc = d.uscc AND n.status = 'accepted'
              AND (n.decided_at, n.id) > (d.decided_at, d.id))
    """,
    ),
    "refund_paid_to_the_eligible": Invariant(
        """
        SELECT p.payment_no, p.subject || ' 的结论为 ' || a.outcome, p.id
        FROM money_payment p JOIN refunds_assessment a ON a.case_id = p.case_id
        WHERE p.status IN ('drawn', 'sent', 'paid') AND a.outcome <> 'eligible'
    """,
        Of.PAYMENT,
    ),
    "refund_is_premium_by_ratio": Invariant(
        """
        SELECT '业务件 ' || a.case_id, a.premium || ' × ' || a.ratio || ' ≠ ' || a.amount, a.case_id
        FROM refunds_assessment a
        WHERE a.case_id IS NOT NULL AND a.outcome = 'eligible' AND round(a.premium * a.ratio, 2) <> a.amount
    """,
    ),
}
