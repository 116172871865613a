"""Which cases are no matter for a bulk step: flagged ones, the quality sample, those that were sent back or that a
colleague has taken, those that may not be paid any more.

The sample is drawn when a case is opened, by the digest of its number and of its first event: nobody can foresee it,
anybody can draw it again. Its share is a figure of the policy row. (N6.2)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from caseworks.cases.enums import Stage

# SQL over a case `c` whose head is that of its first event and its source row `src`: is it in the sample?
SAMPLED = """
    ('x' || encode(substr(sha256(convert_to('sample:' || c.id, 'UTF8') || c.head), 1, 4), 'hex'))::bit(32)::bigint
        < src.sample_share * 4294967296
"""
_FLAGS_LEFT = """
    ARRAY(SELECT f FROM unnest(s.flags) f WHERE NOT EXISTS (
        SELECT FROM cases_flagclearing k
        WHERE k.case_id = c.id AND k.flag = f AND k.fingerprint = c.fingerprint {cleared_by}))
"""
# Was a case `c` sent back, and not passed or judged again since? Then it waits for its first review once more.
SENT_BACK = """
    c.status = 'opened' AND EXISTS (
        SELECT FROM cases_event e WHERE e.case_id = c.id AND e.step = 'send_back' AND NOT EXISTS (
            SELECT FROM cases_event l WHERE l.case_id = c.id AND l.seq > e.seq AND l.step <> 'transfer'))
"""
_EXCEPTIONS = """
    SELECT x.* FROM (
        SELECT c.id, c.name, c.amount, coalesce(s.flags, '{{}}') AS flags, {left} AS left,
               coalesce(s.sampled, false) AND NOT EXISTS (
                   SELECT FROM cases_examination x
                   WHERE x.case_id = c.id AND x.person_id = %(person)s AND x.fingerprint = c.fingerprint) AS unopened,
               coalesce(s.payable, true) AS payable, coalesce(s.sampled, false) AS sampled,
               {sent_back} AS sent_back, coalesce(p.full_name, '') AS taken_by
        FROM cases_case c
        LEFT JOIN cases_reviewsheet s ON s.case_id = c.id
        LEFT JOIN cases_taking t ON t.case_id = c.id AND t.ended_at IS NULL AND t.until > %(at)s::timestamptz
            AND t.person_id <> %(person)s AND t.stage = %(stage)s
        LEFT JOIN people_person p ON p.id = t.person_id
        WHERE c.id = ANY(%(ids)s)
    ) x
    WHERE x.flags <> '{{}}' OR x.sampled OR NOT x.payable OR x.sent_back OR x.taken_by <> ''
    ORDER BY x.payable, NOT x.sent_back, x.flags = '{{}}', x.taken_by <> '', x.id
"""


@dataclass(frozen=True)
class Marked:
    """A case that a bulk step leaves out, or that needs something first."""

    case_id: int
    name: str
    amount: Decimal
    flags: tuple[str, ...]
    flags_left: tuple[str, ...]
    unopened: bool
    payable: bool
    sampled: bool
    sent_back: bool
    taken_by: str

    @property
    def singly(self) -> bool:
        """Whether it must be passed one by one."""
        return bool(self.by_itself) or not self.payable or self.unopened or bool(self.taken_by)

    @property
    def by_itself(self) -> str:
        """Why it is passed one by one even where nothing is left to do; empty where it is not."""
        return "有提示" if self.flags else "曾被退回" if self.sent_back else ""

    def missing(self) -> str:
        """What is to be done before it can be passed; empty where nothing is."""
        if not self.payable:
            return "重新核定后已不符合条件，只能不予支付或撤回"
        if self.flags_left:
            return "有提示尚未核实"
        if self.unopened:
            return "属于抽查件，须先逐件打开核对"
        return f"由 {self.taken_by} 认领" if self.taken_by else ""


def marked(stage: str, ids: list[int], person_id: int | None, at: datetime | None = None) -> list[Marked]:
    """Those of these cases with flags, in the sample, sent back or no longer payable, as they stand for this person.

    With a moment also those that a colleague has taken until after it. At the first review a flag counts as cleared
    only where the person cleared it. (contract, 2)
    """
    cleared_by = "AND k.person_id = %(person)s" if stage == Stage.FIRST else ""
    sql = _EXCEPTIONS.format(left=_FLAGS_LEFT.format(cleared_by=cleared_by), sent_back=SENT_BACK)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": ids, "person": person_id, "at": at, "stage": stage})
        return [
            Marked(pk, name, amount, tuple(flags), tuple(left), *rest)
            for pk, name, amount, flags, left, *rest in cursor.fetchall()
        ]
