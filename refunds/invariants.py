"""What must hold of the refund's cases beside what holds of every case: they are what was judged (`books`)."""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.enums import Of
from caseworks.books.invariants import Invariant
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
