"""What does not fit in the histories: flipped bytes, cut tails, cases that say something else. Reads only. (N6.2)"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from caseworks.cases.anchors import DIGEST
from caseworks.cases.chain import digest_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One offending row."""

    check: str
    case: int
    seq: int
    words: str

    def __str__(self) -> str:
        return (
            f"{self.check}: 业务件 {self.case} 第 {self.seq} 条: {self.words}"
            if self.case
            else f"{self.check}: {self.words}"
        )


CHECKS: dict[str, str] = {
    "event_chain": f"""
        SELECT case_id, seq, CASE
            WHEN seq <> nth THEN '序号不连续，应为第 ' || nth || ' 条'
            WHEN from_status <> coalesce(status_before, '') THEN '原状态与上一条不符'
            ELSE '摘要不符，内容已被改动' END
        FROM (
            SELECT e.*, lag(e.digest) OVER w AS before, lag(e.to_status) OVER w AS status_before,
                   row_number() OVER w AS nth
            FROM cases_event e WINDOW w AS (PARTITION BY e.case_id ORDER BY e.seq)
        ) line
        WHERE seq <> nth OR from_status <> coalesce(status_before, '')
           OR digest <> {digest_of("line.before", "line")}
    """,
    "case_head": """
        SELECT c.id, c.seq, '业务件所记的状态、条数或摘要与历史末条不符'
        FROM cases_case c LEFT JOIN LATERAL (
            SELECT e.seq, e.to_status, e.digest FROM cases_event e WHERE e.case_id = c.id ORDER BY e.seq DESC LIMIT 1
        ) e ON true
        WHERE (c.seq, c.status, c.head) IS DISTINCT FROM (e.seq, e.to_status, e.digest)
    """,
    "case_identity": """
        SELECT c.id, 1, '业务件的业务、年度、对象与立件记录不符'
        FROM cases_case c JOIN cases_event e ON e.case_id = c.id AND e.seq = 1
        WHERE (e.step, e.data ->> 'scheme', e.data ->> 'year', e.data ->> 'round', e.data ->> 'subject')
            IS DISTINCT FROM ('open'::varchar, c.scheme::text, c.year::text, c.round::text, c.subject::text)
    """,
    "anchored_head": """
        SELECT h.case_number, h.seq, '锚点 ' || h.anchor_id || ' 所见的历史已不存在或已不同（末段被截去或改写）'
        FROM cases_anchorhead h
        LEFT JOIN cases_event e ON e.case_id = h.case_number AND e.seq = h.seq AND e.digest = h.digest
        WHERE e.id IS NULL
    """,
    "anchor_chain": f"""
        SELECT 0, 0, '锚点 ' || id || ' 的摘要或所列件数不符'
        FROM (
            SELECT a.id, a.digest, a.heads, count(h.id) AS listed,
                   {DIGEST.format(previous="coalesce(a.before, ''::bytea)", rows="h")} AS again
            FROM (SELECT a.*, lag(a.digest) OVER (ORDER BY a.id) AS before FROM cases_anchor a) a
            LEFT JOIN cases_anchorhead h ON h.anchor_id = a.id
            GROUP BY a.id, a.digest, a.heads, a.before
        ) anchor
        WHERE digest <> again OR heads <> listed
    """,
}


def findings(limit: int = 100) -> list[Finding]:
    """Every check's offending rows, so many a check."""
    found: list[Finding] = []
    with connection.cursor() as cursor:
        for name, sql in CHECKS.items():
            cursor.execute(f"{sql} ORDER BY 1, 2 LIMIT %s", [limit])
            found += [Finding(name, *row) for row in cursor.fetchall()]
    return found
