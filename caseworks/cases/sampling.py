"""Which cases are no matter for a bulk step: flagged ones, the quality sample, those that may not be paid any more.

The sample is drawn when a case is opened, by the digest of its number and of its first event: nobody can foresee it,
anybody can draw it again. Its share is a figure of the policy row. (N6.2)
"""

from __future__ import annotations

from dataclasses import dataclass

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
_EXCEPTIONS = """
    SELECT c.id, c.name, c.amount, s.flags, {left} AS left,
           s.sampled AND NOT EXISTS (
               SELECT FROM cases_examination x
               WHERE x.case_id = c.id AND x.person_id = %(person)s AND x.fingerprint = c.fingerprint) AS unopened,
           s.payable, s.sampled
    FROM cases_case c JOIN cases_reviewsheet s ON s.case_id = c.id
    WHERE c.id = ANY(%(ids)s) AND (s.flags <> '{{}}' OR s.sampled OR NOT s.payable)
    ORDER BY NOT s.payable DESC, s.flags = '{{}}', c.id
"""


@dataclass(frozen=True)
class Marked:
    """A case that a bulk step leaves out, or that needs something first."""

    case_id: int
    name: str
    amount: object
    flags: tuple[str, ...]
    flags_left: tuple[str, ...]
    unopened: bool
    payable: bool
    sampled: bool

    @property
    def singly(self) -> bool:
        """Whether it must be passed one by one."""
        return bool(self.flags) or not self.payable or self.unopened

    def missing(self) -> str:
        """What is to be done before it can be passed; empty where nothing is."""
        if not self.payable:
            return "重新核定后已不符合条件，只能不予支付或撤回"
        if self.flags_left:
            return "有提示尚未核实"
        if self.unopened:
            return "属于抽查件，须先逐件打开核对"
        return ""


def marked(stage: str, ids: list[int], person_id: int | None) -> list[Marked]:
    """Those of these cases with flags, in the sample or no longer payable, as they stand for this person.

    At the first review a flag counts as cleared only where the person cleared it. (contract, 2)
    """
    cleared_by = "AND k.person_id = %(person)s" if stage == Stage.FIRST else ""
    sql = _EXCEPTIONS.format(left=_FLAGS_LEFT.format(cleared_by=cleared_by))
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": ids, "person": person_id})
        return [
            Marked(pk, name, amount, tuple(flags), tuple(left), unopened, payable, sampled)
            for pk, name, amount, flags, left, unopened, payable, sampled in cursor.fetchall()
        ]
