"""Double benefit, the other way round (J3.2): a training subsidy that was imported after a claim was granted.

A finding keeps both records side by side. Where the claim is paid, its recovery is proposed, for a second person to
confirm; where it is not, the payment waits. Looking again finds nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.cases.sources import Source
from caseworks.money import recoveries
from caseworks.money.enums import RecoveryStatus
from caseworks.money.models import Recovery
from caseworks.people.actors import Actor
from subsidies import claims
from subsidies.facts import SUBJECT
from subsidies.models import Overlap
from subsidies.models.overlaps import RECOVERY

# A standing claim `c` and a training subsidy `t` that its judgement did not know: the same level; a lower one after the
# application; a higher one before it. `f` is the row's first day of the rule.
_MEETS = """
    FROM subsidies_claim c
    JOIN law_policyfigure f ON f.policy_id = c.policy_id AND f.name = 'training_overlap_from' AND f.text <> ''
    JOIN registry_trainingsubsidy t ON t.id_hash = c.id_hash AND t.occupation_code = c.occupation_code
     AND t.id > c.training_seen AND t.paid_on >= f.text::date
     AND (t.level = c.level OR (t.level > c.level AND t.paid_on > c.applied_on)
          OR (t.level < c.level AND t.paid_on <= c.applied_on))
    WHERE c.held
"""
_FIND = f"""
    INSERT INTO subsidies_overlap (claim_id, kind, training, occupation_code, level, paid_on, amount, found_on, found_at,
                                   found_label, dismissed_label, dismissed_because)
    SELECT c.id, CASE WHEN t.level = c.level THEN 'same' WHEN t.level > c.level THEN 'lower' ELSE 'higher' END, t.id,
           t.occupation_code, t.level, t.paid_on, t.amount, %(on)s, %(at)s, %(label)s, '', ''
    {_MEETS}
    ORDER BY c.id, t.id
    ON CONFLICT (claim_id, level, paid_on) DO NOTHING
"""
_TO_RECOVER = f"""
    SELECT DISTINCT ON (c.id) '{RECOVERY}' || c.id AS key, 'overpaid' AS kind, 'recalculation' AS origin,
           'subsidies' AS scheme, c.year::int AS year, {SUBJECT} AS subject, c.name, c.office_id AS office,
           c.city_office_id AS city_office, p.amount,
           c.applied_on || ' 申领' || c.occupation || ' ' || c.level || ' 级技能提升补贴 ' || p.amount || ' 元，已于 '
               || p.paid_on || ' 拨付；' || o.paid_on || ' 另领同一职业 ' || o.level || ' 级职业培训补贴 ' || o.amount
               || ' 元' AS reason,
           b.clause AS basis, c.case_id AS "case", p.id AS payment, NULL::date AS due_on
    FROM subsidies_overlap o
    JOIN subsidies_claim c ON c.id = o.claim_id
    JOIN money_payment p ON p.case_id = c.case_id AND p.status = 'paid'
    JOIN law_policyfigure b ON b.policy_id = c.policy_id AND b.name = 'rule.training_subsidy_overlap'
    WHERE o.dismissed_at IS NULL
    ORDER BY c.id, o.id
"""
_WAITS = f"""
    SELECT DISTINCT {SUBJECT} AS subject,
           '与 ' || t.paid_on || ' 发放的职业培训补贴重复，待核实' AS reason
    FROM ({{meets}}) m
    JOIN subsidies_claim c ON c.id = m.claim_id
    JOIN registry_trainingsubsidy t ON t.id = m.training_id
    JOIN cases_case k ON k.id = c.case_id AND k.status NOT IN ('paid', 'refused', 'withdrawn', 'waived')
    WHERE NOT EXISTS (
        SELECT FROM subsidies_overlap o
        WHERE o.claim_id = c.id AND o.level = t.level AND o.paid_on = t.paid_on AND o.dismissed_at IS NOT NULL)
""".format(meets=f"SELECT c.id AS claim_id, t.id AS training_id {_MEETS}")
_CARDS = """
    SELECT encode(w.id_hash, 'hex') AS subject,
           '社会保障卡变更（' || to_char(w.proposed_at, 'YYYY-MM-DD') || ' 登记）待另一人确认' AS reason
    FROM registry_cardchange w WHERE w.status = 'proposed'
"""


@dataclass(frozen=True)
class Looked:
    """What a look found anew: findings, and recoveries proposed."""

    found: int
    proposed: int


def key_of(claim_id: int) -> str:
    """The key of the recovery that a claim's findings lead to."""
    return f"{RECOVERY}{claim_id}"


def look(*, by: Actor, at: datetime) -> Looked:
    """Find what was imported since, and propose to recover what was paid; twice is as good as once."""
    on = timezone.localdate(at)
    with transaction.atomic(), connection.cursor() as cursor:
        claims.release(at)
        cursor.execute(_FIND, {"on": on, "at": at, "label": by.label})
        found = cursor.rowcount
        proposed = recoveries.find_select(_TO_RECOVER, {}, by=by, at=at, on=on, proposed=True)
    return Looked(int(found), len(proposed))


def obstacles() -> Source:
    """People whose payment waits for somebody's word: a claim that meets a training subsidy, a card that was changed."""
    return Source(f"{_WAITS} UNION ALL {_CARDS}", {})


def dismiss(overlap: Overlap, *, because: str, by: Actor, at: datetime) -> Overlap:
    """It is no double benefit, with the reason; a recovery that was only proposed is withdrawn."""
    because = because.strip()
    if not because:
        raise Refusal("请写明不构成重复享受的理由，未作任何更改。")
    with transaction.atomic():
        row = Overlap.objects.select_for_update(of=("self",)).select_related("claim__office").get(pk=overlap.pk)
        if not by.may("overlap.dismiss", row.claim.office):
            raise Refusal(f"您没有认定{row.claim.office}重复享受的权限，未作任何更改。请由复核人员办理。")
        if row.dismissed_at is not None:
            raise Refusal("该情形已认定为不构成重复，未作任何更改。请刷新后查看。")
        row.dismissed_at, row.dismissed_by = at, by.person
        row.dismissed_label, row.dismissed_because = by.label, because
        row.save(update_fields=["dismissed_at", "dismissed_by", "dismissed_label", "dismissed_because"])
        recovery = recovery_of(row.claim_id)
        others = Overlap.objects.open().filter(claim=row.claim_id).exists()
        if recovery is not None and not others:
            if recovery.status == RecoveryStatus.PROPOSED:
                on: date = timezone.localdate(at)
                recoveries.withdraw(recovery.key, on=on, because=because, by=by, at=at)
            elif recovery.status != RecoveryStatus.WITHDRAWN:
                raise Refusal("追回已经确认，不能再认定为不构成重复，未作任何更改。请在“追回”中办理。")
    return row


def recovery_of(claim_id: int) -> Recovery | None:
    """The recovery that the findings of a claim led to."""
    return Recovery.objects.filter(key=key_of(claim_id)).first()
