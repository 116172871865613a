"""What must hold of every batch, payment and movement. Each SQL gives the offending rows. (N6.2)"""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.enums import Of
from caseworks.books.invariants import Invariant

# What an operation on cases can have to do with, of the kinds that follow no case (`Invariant.near`).
_PAYMENTS = "money_movement m JOIN money_payment p ON p.id = m.payment_id WHERE p.case_id IN (SELECT id FROM looked_at)"
NEAR_FILES = f"SELECT m.result_file_id FROM {_PAYMENTS}"
NEAR_LINES = f"SELECT x.line_id FROM money_match x WHERE x.movement_id IN (SELECT m.id FROM {_PAYMENTS})"
NEAR_MONTHS = f"""
    SELECT r.id FROM money_reconciledmonth r
    WHERE (r.office_id, r.month) IN (SELECT p.city_office_id, to_char(m.on, 'YYYY-MM') FROM {_PAYMENTS})
"""
NEAR_RECOVERIES = """
    SELECT r.id FROM money_recovery r JOIN cases_case c ON c.subject = r.subject AND c.year = r.year
    WHERE c.id IN (SELECT id FROM looked_at)
"""
NEAR_REPORTS = """
    SELECT u.id FROM money_usereport u JOIN cases_case c ON (c.scheme, c.year, c.subject) = (u.scheme, u.year, u.subject)
    WHERE c.id IN (SELECT id FROM looked_at)
"""

CHECKS: Mapping[str, Invariant] = {
    "one_live_payment_a_case": Invariant(
        """
        SELECT p.payment_no, '业务件 ' || p.case_id || ' 还有另一笔有效支付 ' || o.payment_no, p.id
        FROM money_payment p JOIN money_payment o ON o.case_id = p.case_id AND o.id < p.id
        WHERE p.status IN ('drawn', 'sent', 'paid') AND o.status IN ('drawn', 'sent', 'paid')
    """,
        Of.PAYMENT,
    ),
    "one_live_payment_a_subject": Invariant(
        """
        SELECT p.payment_no, p.year || ' 年度 ' || p.subject || ' 还有另一笔有效支付 ' || o.payment_no, p.id
        FROM money_payment p
        JOIN cases_case c ON c.id = p.case_id
        JOIN money_payment o ON o.year = p.year AND o.subject = p.subject AND o.share = p.share AND o.id < p.id
        JOIN cases_case d ON d.id = o.case_id AND d.scheme = c.scheme AND d.round = c.round
        WHERE p.status IN ('drawn', 'sent', 'paid') AND o.status IN ('drawn', 'sent', 'paid')
    """,
        Of.PAYMENT,
    ),
    "payment_is_of_its_case": Invariant(
        """
        SELECT p.payment_no, '支付 ' || p.amount || ' 元，业务件 ' || c.id || ' 为 ' || c.amount || ' 元', p.id
        FROM money_payment p JOIN cases_case c ON c.id = p.case_id
        WHERE (p.scheme, p.year, p.subject) <> (c.scheme, c.year, c.subject)
           OR (p.status IN ('drawn', 'sent', 'paid') AND p.amount <> c.amount)
    """,
        Of.PAYMENT,
    ),
    "case_stands_as_its_payment": Invariant(
        """
        SELECT '业务件 ' || c.id, '业务件为 ' || c.status || '，有效支付为 ' || coalesce(p.status, '无'), c.id
        FROM cases_case c
        LEFT JOIN money_payment p ON p.case_id = c.id AND p.status IN ('drawn', 'sent', 'paid')
        WHERE (c.status = 'batched') <> coalesce(p.status IN ('drawn', 'sent'), false)
           OR (c.status = 'paid') <> coalesce(p.status = 'paid', false)
    """,
    ),
    "returned_cases_had_a_return": Invariant(
        """
        SELECT '业务件 ' || c.id, '记为银行退回，最后一笔支付却不是退回', c.id
        FROM cases_case c LEFT JOIN LATERAL (
            SELECT p.status FROM money_payment p
            WHERE p.case_id = c.id AND p.status <> 'cancelled' ORDER BY p.attempt DESC LIMIT 1
        ) p ON true
        WHERE c.status = 'returned' AND p.status IS DISTINCT FROM 'returned'
    """,
    ),
    "attempts_without_gaps": Invariant(
        """
        SELECT p.payment_no, p.subject || ' 的支付次数不连续', p.id
        FROM money_payment p
        WHERE p.status <> 'cancelled' AND p.attempt > 1 AND NOT EXISTS (
            SELECT FROM money_payment o
            WHERE (o.scheme, o.year, o.subject, o.share) = (p.scheme, p.year, p.subject, p.share)
              AND o.attempt = p.attempt - 1 AND o.status <> 'cancelled')
    """,
        Of.PAYMENT,
    ),
    "sent_after_the_announcement": Invariant(
        """
        SELECT p.payment_no, p.sent_on || ' 送银行，公示至 ' || a.last_day, p.id
        FROM money_payment p
        JOIN cases_announcementline l ON l.case_id = p.case_id AND l.live
        JOIN cases_announcement a ON a.id = l.announcement_id
        WHERE p.sent_on <= a.last_day OR p.sent_on < a.first_day
    """,
        Of.PAYMENT,
    ),
    "sent_only_what_was_announced": Invariant(
        """
        SELECT p.payment_no, '已送银行，却没有公示', p.id
        FROM money_payment p
        WHERE p.sent_on IS NOT NULL AND NOT EXISTS (
            SELECT FROM cases_announcementline l JOIN cases_announcement a ON a.id = l.announcement_id
            WHERE l.case_id = p.case_id AND a.status = 'published')
    """,
        Of.PAYMENT,
    ),
    "nothing_sent_under_objection": Invariant(
        """
        SELECT p.payment_no, '送银行时有尚未处理的异议 ' || o.id, p.id
        FROM money_payment p
        JOIN cases_announcementline l ON l.case_id = p.case_id
        JOIN cases_objection o ON o.line_id = l.id
        WHERE o.received_on <= p.sent_on AND (o.status = 'open' OR o.decided_on > p.sent_on)
    """,
        Of.PAYMENT,
    ),
    "payment_stands_as_its_batch": Invariant(
        """
        SELECT p.payment_no, '支付为 ' || p.status || '，批次为 ' || b.status, p.id
        FROM money_payment p JOIN money_batch b ON b.id = p.batch_id
        WHERE (p.status = 'drawn' AND b.status NOT IN ('drawn', 'released', 'reported', 'funded'))
           OR (p.status IN ('sent', 'paid', 'returned') AND (b.status <> 'sent' OR p.sent_on <> b.sent_on))
    """,
        Of.PAYMENT,
    ),
    "batch_totals": Invariant(
        """
        SELECT '批次 ' || b.batch_no, '记为 ' || b.lines || ' 笔 ' || b.amount || ' 元，明细为 '
            || p.lines || ' 笔 ' || p.sum || ' 元', b.id
        FROM money_batch b CROSS JOIN LATERAL (
            SELECT count(*) AS lines, coalesce(sum(p.amount), 0) AS sum
            FROM money_payment p WHERE p.batch_id = b.id AND p.status <> 'cancelled'
        ) p
        WHERE b.status <> 'dissolved' AND (b.lines, b.amount) <> (p.lines, p.sum)
    """,
        Of.BATCH,
    ),
    "requested_is_paid_returned_or_pending": Invariant(
        """
        SELECT '批次 ' || b.batch_no, '应付 ' || b.amount || ' 元，到账流水 ' || p.moved || ' 元、退回 ' || p.returned
            || ' 元、在途 ' || p.pending || ' 元', b.id
        FROM money_batch b CROSS JOIN LATERAL (
            SELECT coalesce(sum(p.amount) FILTER (WHERE p.status = 'returned'), 0) AS returned,
                   coalesce(sum(p.amount) FILTER (WHERE p.status IN ('drawn', 'sent')), 0) AS pending,
                   coalesce(sum((
                       SELECT sum(m.amount) FROM money_movement m WHERE m.payment_id = p.id AND m.kind <> 'given_back')), 0) AS moved
            FROM money_payment p WHERE p.batch_id = b.id
        ) p
        WHERE b.status <> 'dissolved' AND b.amount <> p.moved + p.returned + p.pending
    """,
        Of.BATCH,
    ),
    "movements_are_the_bank_results": Invariant(
        """
        SELECT '银行回盘 ' || f.name, '记为 ' || f.paid || ' 笔到账，流水为 ' || m.paid || ' 笔', f.id
        FROM money_resultfile f CROSS JOIN LATERAL (
            SELECT count(*) AS paid FROM money_movement m WHERE m.result_file_id = f.id AND m.kind = 'paid'
        ) m
        WHERE f.paid <> m.paid
    """,
        Of.OTHER,
        NEAR_FILES,
    ),
    "bank_file_is_its_batch": Invariant(
        """
        SELECT '批次 ' || b.batch_no, '第 ' || f.issue || ' 份银行文件为 ' || f.lines || ' 笔 ' || f.amount || ' 元', b.id
        FROM money_bankfile f JOIN money_batch b ON b.id = f.batch_id
        WHERE b.status <> 'sent' OR (f.lines, f.amount) <> (b.lines, b.amount)
    """,
        Of.BATCH,
    ),
    "bank_results_follow_sending": Invariant(
        """
        SELECT p.payment_no, p.sent_on || ' 送银行，' || least(p.paid_on, p.returned_on) || ' 已有结果', p.id
        FROM money_payment p WHERE least(p.paid_on, p.returned_on) < p.sent_on
    """,
        Of.PAYMENT,
    ),
    "movements_are_the_payment": Invariant(
        """
        SELECT p.payment_no, '支付为 ' || p.status || '，流水合计 ' || m.sum || ' 元', p.id
        FROM money_payment p CROSS JOIN LATERAL (
            SELECT coalesce(sum(m.amount), 0) AS sum,
                   count(*) FILTER (WHERE m.kind = 'paid') AS paid,
                   count(*) FILTER (WHERE m.kind = 'returned') AS returned
            FROM money_movement m WHERE m.payment_id = p.id AND m.kind <> 'given_back'
        ) m
        WHERE m.sum <> CASE p.status WHEN 'paid' THEN p.amount ELSE 0 END
           OR m.paid <> (p.paid_on IS NOT NULL)::int
           OR (p.paid_on IS NOT NULL AND m.returned <> (p.returned_on IS NOT NULL)::int)
    """,
        Of.PAYMENT,
    ),
    "movement_on_its_day": Invariant(
        """
        SELECT p.payment_no, m.kind || ' 流水记在 ' || m.on || '，支付记在 ' || coalesce(p.paid_on::text, '无'), p.id
        FROM money_movement m JOIN money_payment p ON p.id = m.payment_id
        WHERE m.kind <> 'given_back' AND m.on IS DISTINCT FROM CASE m.kind WHEN 'paid' THEN p.paid_on ELSE p.returned_on END
    """,
        Of.PAYMENT,
    ),
    "statement_line_is_its_movements": Invariant(
        """
        SELECT '对账单 ' || l.on || ' ' || l.amount || ' 元', '勾对的流水合计 ' || x.sum || ' 元', l.id
        FROM money_statementline l CROSS JOIN LATERAL (
            SELECT sum(m.amount) AS sum,
                   bool_and(coalesce(p.city_office_id, v.city_office_id) = l.office_id) AS of_this_account
            FROM money_match x JOIN money_movement m ON m.id = x.movement_id
            LEFT JOIN money_payment p ON p.id = m.payment_id
            LEFT JOIN money_repayment r ON r.id = m.repayment_id
            LEFT JOIN money_recovery v ON v.id = r.recovery_id
            WHERE x.line_id = l.id
        ) x
        WHERE x.sum <> l.amount OR NOT x.of_this_account OR (x.sum IS NOT NULL AND l.settled_at IS NOT NULL)
    """,
        Of.OTHER,
        NEAR_LINES,
    ),
    "closed_month_is_movements_and_bank": Invariant(
        """
        SELECT o.name || ' ' || r.month, '关账时流水 ' || r.ours || ' 元、对账单 ' || r.banks || ' 元，现为 ' || m.sum
            || ' 元、' || l.sum || ' 元，未核实 ' || m.open || ' 笔、' || l.open || ' 笔', r.id
        FROM money_reconciledmonth r
        JOIN people_office o ON o.id = r.office_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(m.amount), 0) AS sum, count(*) AS count,
                   count(*) FILTER (WHERE x.id IS NULL AND n.id IS NULL) AS open
            FROM money_movement m
            LEFT JOIN money_payment p ON p.id = m.payment_id
            LEFT JOIN money_repayment y ON y.id = m.repayment_id
            LEFT JOIN money_recovery v ON v.id = y.recovery_id
            LEFT JOIN money_match x ON x.movement_id = m.id
            LEFT JOIN money_movementnote n ON n.movement_id = m.id
            WHERE coalesce(p.city_office_id, v.city_office_id) = r.office_id
              AND m.on >= (r.month || '-01')::date AND m.on < (r.month || '-01')::date + interval '1 month'
        ) m
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(l.amount), 0) AS sum, count(*) AS count,
                   count(*) FILTER (WHERE l.settled_at IS NULL AND NOT EXISTS (
                       SELECT FROM money_match x WHERE x.line_id = l.id)) AS open
            FROM money_statementline l WHERE l.office_id = r.office_id AND l.month = r.month
        ) l
        WHERE r.status = 'closed' AND (
            (r.ours, r.ours_count, r.banks, r.banks_count) <> (m.sum, m.count, l.sum, l.count)
            OR m.open > 0 OR l.open > 0)
    """,
        Of.OTHER,
        NEAR_MONTHS,
    ),
    "recovery_is_its_account": Invariant(
        """
        SELECT '追回 ' || r.key, '记为应追 ' || r.amount || '、冲减 ' || r.reduced || '、退还 ' || r.repaid
            || '，台账为 ' || e.found || '、' || e.reduced || '、' || e.repaid, r.id
        FROM money_recovery r CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.amount) FILTER (WHERE e.kind = 'found'), 0) AS found,
                   coalesce(-sum(e.amount) FILTER (WHERE e.kind = 'reduced'), 0) AS reduced,
                   coalesce(-sum(e.amount) FILTER (WHERE e.kind = 'repaid'), 0) AS repaid
            FROM money_recoveryentry e WHERE e.recovery_id = r.id
        ) e
        WHERE (r.amount, r.reduced, r.repaid) <> (e.found, e.reduced, e.repaid)
    """,
        Of.RECOVERY,
        NEAR_RECOVERIES,
    ),
    "repaid_is_what_came_back": Invariant(
        """
        SELECT '追回 ' || r.key, '退还 ' || r.repaid || ' 元，已确认的退还 ' || p.sum || ' 元，流水 ' || p.moved || ' 元', r.id
        FROM money_recovery r CROSS JOIN LATERAL (
            SELECT coalesce(sum(p.amount), 0) AS sum,
                   coalesce(sum(CASE WHEN g.id IS NULL THEN -m.amount ELSE p.amount END), 0) AS moved
            FROM money_repayment p LEFT JOIN money_movement m ON m.repayment_id = p.id
            LEFT JOIN money_movement g ON g.bank_ref = split_part(p.bank_ref, '#', 1) AND g.bank_ref <> ''
            WHERE p.recovery_id = r.id AND p.status = 'confirmed'
        ) p
        WHERE r.repaid <> p.sum OR r.repaid <> p.moved
    """,
        Of.RECOVERY,
        NEAR_RECOVERIES,
    ),
    "repaid_only_what_was_confirmed": Invariant(
        """
        SELECT '退还 ' || p.bank_ref, '流水记在 ' || m.on || '，退还为 ' || p.status || '，' || p.on, p.recovery_id
        FROM money_movement m JOIN money_repayment p ON p.id = m.repayment_id
        WHERE p.status <> 'confirmed' OR (m.on, m.amount) <> (p.on, -p.amount)
    """,
        Of.RECOVERY,
        NEAR_RECOVERIES,
    ),
    "recovered_no_more_than_paid": Invariant(
        """
        SELECT '支付 ' || p.payment_no, '支付 ' || p.amount || ' 元，追回 ' || r.sum || ' 元', p.id
        FROM money_payment p CROSS JOIN LATERAL (
            SELECT sum(r.amount - r.reduced) AS sum FROM money_recovery r WHERE r.payment_id = p.id
        ) r
        WHERE r.sum > p.amount
    """,
        Of.PAYMENT,
    ),
    "recovery_ends_with_nothing_owed": Invariant(
        """
        SELECT '追回 ' || r.key, r.status || '，尚欠 ' || r.amount - r.reduced - r.repaid || ' 元', r.id
        FROM money_recovery r
        WHERE (r.status IN ('closed', 'withdrawn')) <> (r.amount = r.reduced + r.repaid)
    """,
        Of.RECOVERY,
        NEAR_RECOVERIES,
    ),
    "use_report_is_its_lines": Invariant(
        """
        SELECT '资金使用报告 ' || u.id, '记为 ' || u.total || ' 元，明细为 ' || l.sum || ' 元', u.id
        FROM money_usereport u CROSS JOIN LATERAL (
            SELECT coalesce(sum(l.amount), 0) AS sum FROM money_useline l
            WHERE l.report_id = u.id AND l.handing = u.handing
        ) l
        WHERE u.total <> l.sum
    """,
        Of.OTHER,
        NEAR_REPORTS,
    ),
    "waived_after_three_reminders_and_a_list": Invariant(
        """
        SELECT '业务件 ' || c.id, '视为放弃，催办 ' || r.count || ' 次，' || CASE WHEN f.listed THEN '已' ELSE '未' END || '公告', c.id
        FROM cases_case c
        CROSS JOIN LATERAL (SELECT count(*) AS count FROM money_reminder r WHERE r.case_id = c.id) r
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM money_finalcallline l WHERE l.case_id = c.id) AS listed) f
        WHERE c.status = 'waived' AND (r.count < 3 OR NOT f.listed)
    """,
    ),
}
