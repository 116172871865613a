"""What must hold of every case: its history, signatures and announcement. Each SQL gives the offending rows. (N6.2)

Legal dates are compared with legal dates, never with the clock of a machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from caseworks.books.enums import Of
from caseworks.books.invariants import Invariant
from caseworks.cases.triggers import ANEW, SIGNATURES

SETTLED = "('announced', 'cleared', 'batched', 'paid', 'returned', 'waived')"
_STAGE_OF_STEP = {
    "pass_first": "first",
    "pass_second": "second",
    "approve": "approval",
    "endorse": "approval",
    "approve_further": "further",
}


def _in(words: tuple[str, ...]) -> str:
    return "({})".format(", ".join(f"'{word}'" for word in words))


_STEPS = ", ".join(f"('{step}', '{stage}')" for step, stage in _STAGE_OF_STEP.items())

# `person_id + 0`: found by case, never by person. Rows that an operation has just written have no statistics, and by the
# index of persons everything that somebody signed would be gone through for each of that person's signatures.
CHECKS: Mapping[str, Invariant] = {
    "case_is_its_last_event": Invariant(
        """
        SELECT '业务件 ' || c.id, '业务件为 ' || c.status || '，历史末条为 ' || coalesce(e.to_status, '无'), c.id
        FROM cases_case c LEFT JOIN LATERAL (
            SELECT e.seq, e.to_status, e.digest FROM cases_event e WHERE e.case_id = c.id ORDER BY e.seq DESC LIMIT 1
        ) e ON true
        WHERE (c.seq, c.status, c.head) IS DISTINCT FROM (e.seq, e.to_status, e.digest)
    """,
    ),
    "nobody_signed_twice": Invariant(
        f"""
        SELECT '业务件 ' || n.case_id, n.actor || '既办理 ' || o.step || '，又办理 ' || n.step, n.case_id
        FROM cases_event n
        JOIN cases_event o ON o.case_id = n.case_id AND o.seq < n.seq AND o.person_id + 0 = n.person_id
        WHERE n.step IN {_in(SIGNATURES)} AND o.step IN {_in(SIGNATURES)} AND NOT EXISTS (
            SELECT FROM cases_event s
            WHERE s.case_id = n.case_id AND s.seq > o.seq AND s.seq < n.seq AND s.step IN {_in(ANEW)})
    """,
    ),
    "signature_is_in_the_history": Invariant(
        f"""
        SELECT '业务件 ' || r.case_id, r.stage || ' 的签署没有对应的历史', r.case_id
        FROM cases_review r
        WHERE r.decision = 'passed' AND NOT EXISTS (
            SELECT FROM cases_event e JOIN (VALUES {_STEPS}) AS m(step, stage) USING (step)
            WHERE e.case_id = r.case_id AND m.stage = r.stage AND e.person_id + 0 = r.person_id)
    """,
    ),
    "approved_by_all_who_must": Invariant(
        f"""
        SELECT '业务件 ' || c.id, '缺少对现有内容和金额的签署：应 ' || c.due || ' 人，有 ' || c.signed || ' 人', c.id
        FROM (
            SELECT c.id, 3 + coalesce(s.further, false)::int AS due, (
                SELECT count(DISTINCT r.person_id) FROM cases_review r
                WHERE r.case_id = c.id AND r.standing AND r.fingerprint = c.fingerprint AND r.amount = c.amount
            ) AS signed
            FROM cases_case c LEFT JOIN cases_reviewsheet s ON s.case_id = c.id
            WHERE c.status = 'approved' OR c.status IN {SETTLED}
        ) c
        WHERE c.signed <> c.due
    """,
    ),
    "flags_cleared_before_passing": Invariant(
        """
        SELECT '业务件 ' || r.case_id, '提示 ' || f.flag || ' 未核实即通过初审', r.case_id
        FROM cases_review r
        JOIN cases_reviewsheet s ON s.case_id = r.case_id AND s.flags <> '{}'
        CROSS JOIN LATERAL unnest(s.flags) AS f(flag)
        WHERE r.standing AND r.stage = 'first' AND NOT EXISTS (
            SELECT FROM cases_flagclearing k
            WHERE k.case_id = r.case_id AND k.flag = f.flag AND k.fingerprint = r.fingerprint
              AND k.person_id = r.person_id)
    """,
    ),
    "sampled_cases_were_opened": Invariant(
        """
        SELECT '业务件 ' || r.case_id, '抽查件未经 ' || r.actor || ' 打开即签署', r.case_id
        FROM cases_review r JOIN cases_reviewsheet s ON s.case_id = r.case_id AND s.sampled
        WHERE r.standing AND NOT EXISTS (
            SELECT FROM cases_examination x
            WHERE x.case_id = r.case_id AND x.person_id = r.person_id AND x.fingerprint = r.fingerprint)
    """,
    ),
    "settled_cases_were_announced": Invariant(
        f"""
        SELECT '业务件 ' || c.id, '状态为 ' || c.status || '，却不在已发布的公示中', c.id
        FROM cases_case c
        WHERE c.status IN {SETTLED} AND NOT EXISTS (
            SELECT FROM cases_announcementline l JOIN cases_announcement a ON a.id = l.announcement_id
            WHERE l.case_id = c.id AND l.live AND a.status = 'published')
    """,
    ),
    "announced_as_it_is": Invariant(
        f"""
        SELECT '业务件 ' || c.id, '公示金额 ' || l.amount || '，现为 ' || c.amount, c.id
        FROM cases_announcementline l
        JOIN cases_announcement a ON a.id = l.announcement_id AND a.status = 'published'
        JOIN cases_case c ON c.id = l.case_id
        WHERE l.live AND c.status IN {SETTLED} AND (l.amount, l.fingerprint) <> (c.amount, c.fingerprint)
    """,
    ),
    "announcement_totals": Invariant(
        """
        SELECT '公示 ' || a.id, '记为 ' || a.count || ' 户 ' || a.total || ' 元，明细为 ' || l.lines || ' 户 ' || l.sum, a.id
        FROM cases_announcement a CROSS JOIN LATERAL (
            SELECT count(*) AS lines, coalesce(sum(l.amount), 0) AS sum
            FROM cases_announcementline l WHERE l.announcement_id = a.id
        ) l
        WHERE (a.count, a.total) <> (l.lines, l.sum)
    """,
        Of.ANNOUNCEMENT,
    ),
    "open_objection_holds_its_line": Invariant(
        """
        SELECT '异议 ' || o.id, '尚未处理，业务件 ' || c.id || ' 却未暂缓', o.id
        FROM cases_objection o
        JOIN cases_announcementline l ON l.id = o.line_id
        JOIN cases_case c ON c.id = l.case_id
        WHERE o.status = 'open' AND c.status IN ('announced', 'cleared') AND NOT EXISTS (
            SELECT FROM cases_hold h WHERE h.case_id = c.id AND h.kind = 'objection' AND h.released_at IS NULL)
    """,
        Of.OBJECTION,
    ),
    "objection_decided_by_another": Invariant(
        """
        SELECT '异议 ' || o.id, o.decided_label || ' 审核过该业务件', o.id
        FROM cases_objection o
        JOIN cases_announcementline l ON l.id = o.line_id
        JOIN cases_review r ON r.case_id = l.case_id AND r.person_id = o.decided_by_id AND r.at <= o.decided_at
        WHERE r.decision = 'passed'
    """,
        Of.OBJECTION,
    ),
}
