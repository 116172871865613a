"""Payments that the bank returned: the account mended and confirmed by two, then another attempt (N5.2, N6.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db import connection, transaction

from caseworks.base.errors import Refusal
from caseworks.cases import history
from caseworks.cases.models import Case
from caseworks.money import facts
from caseworks.money.enums import PaymentStatus
from caseworks.money.models import Payment
from caseworks.people.actors import Actor

NAMED = 10
# The last payment of each returned case, and whether another account would be paid now.
_RETURNED = """
    SELECT DISTINCT ON (p.case_id) p.id, p.case_id, c.name, p.kept_by_id,
           coalesce(w.mark <> p.account_hash, false), p.kept_by_id IS NOT NULL,
           EXISTS (SELECT FROM registry_account a WHERE a.uscc = p.subject AND a.status = 'proposed')
           OR EXISTS (SELECT FROM registry_cardchange a
                      WHERE a.status = 'proposed'
                        AND a.id_hash = CASE WHEN length(p.subject) = 64 THEN decode(p.subject, 'hex') END)
    FROM money_payment p
    JOIN cases_case c ON c.id = p.case_id AND c.status = 'returned'
    LEFT JOIN unnest(%(cases)s::bigint[], %(marks)s::bytea[]) AS w(case_id, mark) ON w.case_id = c.id
    WHERE p.case_id = ANY(%(cases)s::bigint[]) AND p.status = 'returned'
    ORDER BY p.case_id, p.id DESC
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """A returned case: its last payment, who vouched for the account, and whether it is another one now."""

    payment: int
    case: int
    name: str
    kept_by: int | None
    mended: bool
    kept: bool
    proposed: bool

    @property
    def ready(self) -> bool:
        """May be paid again, once another person says so."""
        return (self.mended or self.kept) and not self.proposed

    @property
    def state(self) -> str:
        """What became of the account, in a caseworker's words."""
        if self.proposed:
            return "新账户待另一人确认"
        if self.mended:
            return "账户已更正，可以重新支付"
        return "已核实无误，待另一人确认" if self.kept else "待更正或核实账户"


def returned(scheme: str, year: int, case_ids: Iterable[int] | None = None) -> list[Returned]:
    """The returned cases of a year, each with what became of its account."""
    if case_ids is None:
        ids = list(
            Case.objects.filter(scheme=scheme, year=year, status="returned").order_by("pk").values_list("pk", flat=True)
        )
    else:
        ids = sorted(set(case_ids))
    if not ids:
        return []
    payees = facts.source(scheme, year)
    rows = facts.figures(payees, ids)
    came_back = Payment.objects.filter(case__in=ids, returned_on__isnull=False)  # not those taken out of a batch
    latest = came_back.order_by("-returned_on").values_list("returned_on", flat=True).first()
    if latest is None:
        return []
    found = facts.of(ids, payees, rows, on=latest, ours=[], own=[])
    with connection.cursor() as cursor:
        cursor.execute(
            _RETURNED,
            {
                "cases": [payee.case for payee in found],
                "marks": [payee.account_mark if payee.account is not None else None for payee in found],
            },
        )
        return [Returned(*row) for row in cursor.fetchall()]


def returned_of(rows: Iterable[Payment]) -> dict[int, Returned]:
    """What became of the accounts of these payments, by payment: of those alone that still wait after a return."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in rows:
        groups[row.scheme, row.year].append(row.case_id)
    found = chain.from_iterable(returned(scheme, year, ids) for (scheme, year), ids in sorted(groups.items()))
    return {row.payment: row for row in found}


def keep_account(payment: Payment, *, words: str, by: Actor, at: datetime) -> Payment:
    """Vouch in words that the account of a returned payment is right; another person must then pay it again."""
    words = words.strip()
    if not words:
        raise Refusal("请写明账户核实的情况，未作任何更改。")
    if by.person is None:
        raise Refusal("账户须由本人核实，不能由命令代办，未作任何更改。")
    with transaction.atomic():
        taken = Payment.objects.select_for_update(of=("self",)).select_related("office", "case").get(pk=payment.pk)
        if not by.may("payment.keep", taken.office):
            raise Refusal(f"您没有核实{taken.office}收款账户的权限，未作任何更改。")
        if taken.status != PaymentStatus.RETURNED or taken.case.status != "returned":
            raise Refusal(f"支付 {taken} 不在银行退回状态，未作任何更改。请刷新后查看。")
        taken.kept_because, taken.kept_by, taken.kept_at = words[:300], by.person, at
        taken.save(update_fields=["kept_because", "kept_by", "kept_at"])
    return taken


def resend(*, scheme: str, year: int, case_ids: Iterable[int], by: Actor, at: datetime, note: str = "") -> int:
    """Let returned cases be paid again; returns how many. All or none.

    Each needs another account than the one that was returned, confirmed by a second person, or the word of another
    person that the account is right. They then wait to be drawn up, as a new attempt with its own number.
    """
    ids = sorted(set(case_ids))
    with transaction.atomic():
        list(Case.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
        found = returned(scheme, year, ids)
        if not ids or len(found) != len(ids):
            raise Refusal(f"{len(ids) - len(found)} 件不在银行退回状态，未作任何更改。请刷新后重试。")
        waiting = [row.name for row in found if not row.ready]
        if waiting:
            more = " 等" if len(waiting) > NAMED else ""
            raise Refusal(
                f"{len(waiting)} 件的收款账户尚未更正并经另一人确认，未作任何更改："
                f"{'、'.join(waiting[:NAMED])}{more}。请先更正账户，或由另一人写明账户无误。"
            )
        person = by.person.pk if by.person else None
        alone = [row.name for row in found if not row.mended and row.kept_by == person]
        if alone:
            raise Refusal(f"{'、'.join(alone[:NAMED])}的账户由您本人核实，须由另一人确认重新支付，未作任何更改。")
        Payment.objects.filter(pk__in=[row.payment for row in found]).update(resent_by=by.person, resent_at=at)
        return history.take("mend", ids, by=by, at=at, note=note or "收款账户已更正或核实，重新支付")


def resend_payments(rows: Iterable[Payment], *, by: Actor, at: datetime) -> int:
    """Let the cases of these returned payments be paid again, all or none; returns how many."""
    groups: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row in rows:
        groups[row.scheme, row.year].add(row.case_id)
    if not groups:
        raise Refusal("没有选中银行退回的支付，未作任何更改。请刷新后重试。")
    with transaction.atomic():
        return sum(
            resend(scheme=scheme, year=year, case_ids=ids, by=by, at=at)
            for (scheme, year), ids in sorted(groups.items())
        )
