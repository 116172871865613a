"""What must hold of the claims' cases beside what holds of every case: they are what was judged (`books`)."""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.enums import Of
from caseworks.books.invariants import Invariant
from subsidies.facts import FINGERPRINT, SUBJECT

NEAR = "SELECT c.id FROM subsidies_claim c WHERE c.case_id IN (SELECT id FROM looked_at)"
CHECKS: Mapping[str, Invariant] = {
    "claim_case_is_its_judgement": Invariant(
        f"""
        SELECT '业务件 ' || k.id, CASE WHEN c.id IS NULL THEN '没有对应的申领'
            ELSE '核定为 ' || c.amount || ' 元，业务件为 ' || k.amount || ' 元，或内容不同' END, k.id
        FROM cases_case k LEFT JOIN subsidies_claim c ON c.case_id = k.id
        WHERE k.scheme = 'subsidies' AND (
            c.id IS NULL OR (c.year, {SUBJECT}, c.round, c.amount) <> (k.year, k.subject, k.round, k.amount)
            OR {FINGERPRINT} <> k.fingerprint)
    """
    ),
    "claim_paid_is_granted": Invariant(
        """
        SELECT p.payment_no, '第 ' || c.id || ' 号申领的结论为 ' || c.outcome, p.id
        FROM money_payment p JOIN subsidies_claim c ON c.case_id = p.case_id
        WHERE p.scheme = 'subsidies' AND p.status IN ('drawn', 'sent', 'paid') AND c.outcome <> 'granted'
    """,
        Of.PAYMENT,
    ),
    "claims_a_year_within_the_limit": Invariant(
        """
        SELECT '第 ' || c.id || ' 号申领', c.slot_year || ' 年第 ' || c.slot || ' 次，最多 ' || f.most || ' 次', c.id
        FROM subsidies_claim c JOIN (
            SELECT policy_id, sum(number) AS most FROM law_policyfigure
            WHERE name IN ('claims_a_year', 'shortage_claims_a_year') GROUP BY policy_id) f ON f.policy_id = c.policy_id
        WHERE c.held AND c.slot > f.most AND EXISTS (
            SELECT FROM law_policyfigure r
            WHERE r.policy_id = c.policy_id AND r.name = 'rule.annual_limit' AND r.number = 1)
    """,
        Of.OTHER,
        NEAR,
    ),
    "claim_pays_its_level": Invariant(
        """
        SELECT '第 ' || c.id || ' 号申领', c.level || ' 级应为 ' || f.number || ' 元，核定为 ' || c.amount || ' 元', c.id
        FROM subsidies_claim c JOIN law_policyfigure f
          ON f.policy_id = c.policy_id AND f.name = 'amount_level_' || c.level
        WHERE c.held AND NOT c.in_shortage AND c.amount <> f.number
    """,
        Of.OTHER,
        NEAR,
    ),
}
