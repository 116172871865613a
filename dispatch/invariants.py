"""What must hold of agencies' parts and money beside what holds of every case (`books`)."""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.enums import Of
from caseworks.books.invariants import Invariant
from dispatch.obligations import SUMS

# What an operation on an application's case can have to do with (`Invariant.near`).
_OF_CASES = "IN (SELECT id FROM looked_at)"
NEAR_APPLICATIONS = f"SELECT a.id FROM dispatch_application a WHERE a.case_id {_OF_CASES}"
NEAR_SHARES = f"SELECT s.id FROM dispatch_share s WHERE s.application_id IN ({NEAR_APPLICATIONS})"
NEAR_OBLIGATIONS = f"""
    SELECT o.id FROM dispatch_obligation o WHERE o.payment_id IN (
        SELECT p.id FROM money_payment p WHERE p.case_id {_OF_CASES})
"""
NEAR_RETURNS = f"SELECT f.id FROM dispatch_fundreturn f WHERE f.obligation_id IN ({NEAR_OBLIGATIONS})"

CHECKS: Mapping[str, Invariant | str] = {
    "dispatch_parts_sum_up": Invariant(
        """
        SELECT '申请 ' || a.id, '份额合计缴费 ' || s.premium || '、金额 ' || s.amount || '，申请为 ' || a.premium || '、' || a.amount,
               a.id
        FROM dispatch_application a CROSS JOIN LATERAL (
            SELECT coalesce(sum(s.premium), 0) AS premium, coalesce(sum(s.amount), 0) AS amount
            FROM dispatch_share s WHERE s.application_id = a.id AND s.live) s
        WHERE (s.premium, s.amount) <> (a.premium, a.amount)
    """,
        Of.OTHER,
        NEAR_APPLICATIONS,
    ),
    "dispatch_part_is_premium_by_ratio": Invariant(
        """
        SELECT '份额 ' || s.id, s.premium || ' × ' || coalesce(s.ratio, 0) || ' ≠ ' || s.amount, s.id
        FROM dispatch_share s WHERE s.live AND round(s.premium * coalesce(s.ratio, 0), 2) <> s.amount
    """,
        Of.OTHER,
        NEAR_SHARES,
    ),
    "dispatch_case_is_its_application": Invariant(
        """
        SELECT '业务件 ' || c.id, CASE WHEN a.id IS NULL THEN '没有对应的申请'
            ELSE '申请为 ' || a.amount || ' 元，业务件为 ' || c.amount || ' 元，或内容不同' END, c.id
        FROM cases_case c LEFT JOIN dispatch_application a ON a.case_id = c.id
        WHERE c.scheme = 'dispatch' AND (
            a.id IS NULL OR (a.year, a.uscc, a.round::int) <> (c.year, c.subject, c.round::int)
            OR (c.status IN ('announced', 'cleared', 'batched', 'paid', 'returned')
                AND (a.amount <> c.amount OR a.fingerprint <> c.fingerprint)))
    """,
        Of.CASE,
    ),
    "dispatch_obligation_counts_what_counts": f"""
        SELECT '转付义务 ' || o.id, '记 ' || o.verified || '、' || o.pending || '、' || o.returned || '、'
            || o.returned_late || '、' || o.claimed || '，应为 ' || s.verified || '、' || s.pending || '、'
            || s.returned || '、' || s.returned_late || '、' || s.claimed
        FROM dispatch_obligation o JOIN ({SUMS.format(obligations="dispatch_obligation")}) s ON s.id = o.id
        WHERE o.status <> 'closed' AND (o.verified, o.pending, o.returned, o.returned_late, o.claimed)
            <> (s.verified, s.pending, s.returned, s.returned_late, s.claimed)
    """,
    "dispatch_no_more_than_the_part": Invariant(
        """
        SELECT '转付义务 ' || o.id, '转付 ' || o.verified || '、退回 ' || o.returned || '、追回 '
            || coalesce(r.net, 0) || ' 合计超过份额 ' || o.amount, o.id
        FROM dispatch_obligation o LEFT JOIN LATERAL (
            SELECT sum(m.amount - m.reduced) AS net FROM dispatch_finding f JOIN money_recovery m ON m.id = f.recovery_id
            WHERE f.obligation_id = o.id) r ON true
        WHERE o.status <> 'closed' AND o.verified + o.pending + o.returned + coalesce(r.net, 0) > o.amount
    """,
        Of.OTHER,
        NEAR_OBLIGATIONS,
    ),
    "dispatch_obligation_stands_where_it_should": Invariant(
        """
        SELECT '转付义务 ' || o.id, '状态 ' || o.status, o.id
        FROM dispatch_obligation o WHERE o.status <> CASE
            WHEN o.closed_at IS NOT NULL THEN 'closed' WHEN o.excused_at IS NOT NULL THEN 'excused'
            WHEN o.amount > o.verified + o.returned + o.claimed THEN 'open'
            WHEN o.claimed > 0 THEN 'claimed' ELSE 'settled' END
    """,
        Of.OTHER,
        NEAR_OBLIGATIONS,
    ),
    "dispatch_host_part_owed_once": """
        SELECT '支付 ' || o.payment_id, o.host_uscc || ' 有 ' || count(*) || ' 项有效的转付义务'
        FROM dispatch_obligation o WHERE o.status <> 'closed' GROUP BY o.payment_id, o.host_uscc HAVING count(*) > 1
    """,
    # each way by an index of its own: of all the movements of a province only those of the return are looked up
    "dispatch_return_is_in_the_movements": Invariant(
        """
        SELECT '退回 ' || f.bank_ref, f.amount || ' 元，流水 ' || coalesce(m.moved, 0) || ' 元', f.id
        FROM dispatch_fundreturn f CROSS JOIN LATERAL (
            SELECT -sum(x.amount) AS moved FROM (
                SELECT g.amount FROM money_movement g WHERE g.bank_ref = f.bank_ref AND g.bank_ref <> ''
                UNION ALL
                SELECT x.amount FROM money_repayment y JOIN money_movement x ON x.repayment_id = y.id
                WHERE x.bank_ref <> f.bank_ref AND (y.bank_ref = f.bank_ref OR y.bank_ref LIKE f.bank_ref || '#%%')) x) m
        WHERE coalesce(m.moved, 0) <> CASE WHEN EXISTS (
            SELECT FROM money_movement g WHERE g.bank_ref = f.bank_ref AND g.bank_ref <> '') THEN f.amount ELSE f.repaid END
    """,
        Of.OTHER,
        NEAR_RETURNS,
    ),
    "dispatch_receipt_used_once": """
        SELECT '回单号 ' || v.receipt_no, count(*) || ' 张有效凭证，' || count(DISTINCT (v.uscc, v.year, v.host_uscc)) || ' 个份额'
        FROM dispatch_voucher v GROUP BY v.receipt_no
        HAVING count(*) FILTER (WHERE v.status <> 'rejected') > 1
            OR count(DISTINCT (v.uscc, v.year, v.host_uscc)) > 1
            OR (bool_or(v.forged AND v.status = 'rejected') AND bool_or(v.status IN ('pending', 'verified')))
    """,
    "dispatch_finding_has_its_recovery": """
        SELECT '查实事项 ' || f.id, CASE WHEN m.id IS NULL THEN '没有追回' ELSE '追回 ' || m.amount || '，冲减 ' || m.reduced
            || '；事项 ' || f.amount || '，冲减 ' || f.reduced END
        FROM dispatch_finding f LEFT JOIN money_recovery m ON m.id = f.recovery_id
        WHERE m.id IS NULL OR m.amount <> f.amount OR m.reduced < f.reduced
    """,
    "dispatch_one_bar_a_year": """
        SELECT o.uscc || ' ' || f.bar_year, count(DISTINCT b.id) || ' 项有效的取消资格'
        FROM dispatch_finding f JOIN dispatch_obligation o ON o.id = f.obligation_id
        JOIN cases_bar b ON b.id = f.bar_id AND b.status <> 'revoked'
        GROUP BY o.uscc, f.bar_year HAVING count(DISTINCT b.id) > 1
    """,
    "dispatch_bar_is_of_its_agency": """
        SELECT '查实事项 ' || f.id, '取消资格为 ' || b.uscc || ' ' || b.year || ' 年度'
        FROM dispatch_finding f JOIN dispatch_obligation o ON o.id = f.obligation_id JOIN cases_bar b ON b.id = f.bar_id
        WHERE (b.uscc, b.year::int) <> (o.uscc, f.bar_year::int)
    """,
    "dispatch_obligation_is_of_a_paid_part": Invariant(
        """
        SELECT '转付义务 ' || o.id, '支付 ' || p.payment_no || ' 到账 ' || coalesce(p.paid_on::text, '无') || '，份额 ' || s.amount, o.id
        FROM dispatch_obligation o JOIN money_payment p ON p.id = o.payment_id JOIN dispatch_share s ON s.id = o.share_id
        JOIN dispatch_application a ON a.id = s.application_id
        WHERE (o.status <> 'closed' AND NOT s.live) OR o.amount <> s.amount OR s.kind <> 'host'
            OR a.case_id IS DISTINCT FROM p.case_id OR o.credited_on IS DISTINCT FROM p.paid_on
    """,
        Of.OTHER,
        NEAR_OBLIGATIONS,
    ),
}
