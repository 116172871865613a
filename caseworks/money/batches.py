"""Batches: drawn up by one person, released by another, sent to the bank, each line by itself (N2.6, N6.2, N6.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from caseworks.base import auditing, faults
from caseworks.base.errors import Refusal
from caseworks.cases import approvals, history, holds
from caseworks.cases.enums import Status
from caseworks.cases.history import Shown
from caseworks.cases.holds import Held
from caseworks.money import composing, gate, priority, second_check, telling, writers
from caseworks.money.enums import GOING, BatchStatus, FiscalStep, PaymentStatus
from caseworks.money.models import Batch, Payment
from caseworks.money.second_check import LOOKED_FOR, Checked
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person

NAMED = 10  # so many cases are named in a refusal
DISSOLVABLE = (BatchStatus.DRAWN, BatchStatus.RELEASED, BatchStatus.REPORTED)
HEALED = "再次核对时已无此情形"


class DrawnUp(list[Batch]):
    """The batches drawn up, with the lines that wait and why."""

    def __init__(self, batches: Iterable[Batch], held: dict[int, list[Held]]) -> None:
        super().__init__(batches)
        self.held = held


@dataclass(frozen=True)
class Sent:
    """What went to the bank, and what fell out at the last check: case → why."""

    lines: int
    amount: Decimal
    taken_out: dict[int, str]


def draw_up(
    *,
    scheme: str,
    year: int,
    case_ids: Iterable[int],
    by: Actor,
    at: datetime,
    on: date,
    shown: Shown | None = None,
    as_of: date | None = None,
) -> DrawnUp:
    """Put cleared cases into batches by office, policy row and highest number of lines; one that must wait is held.

    The gate must be open for all of them (N2.6); the second check holds single lines, never the batch.
    """
    person = signer(by)
    ids = sorted(set(case_ids))
    with transaction.atomic():
        _lock(ids, scheme, year, by, on, shown)
        checked = second_check.run(scheme, year, ids, on=on, as_of=as_of)
        gates = composing.gates_of(checked, year)
        gate.require(gates.values())
        holds.settle(ids, LOOKED_FOR, checked.placed, because=HEALED, by=by, at=at)
        telling.account_wanted(list(checked.problems), at=at)
        payable = checked.payable
        if not payable:
            return DrawnUp([], checked.problems)
        groups = composing.groups_of(payable, checked.rows)
        batches = composing.create(groups, checked, gates, scheme=scheme, year=year, person=person, at=at, on=on)
        lines = [(payee, batch.pk) for batch, group in zip(batches, groups, strict=True) for payee in group]
        try:
            with transaction.atomic():
                writers.insert(
                    [payee.case for payee, _ in lines],
                    [batch for _, batch in lines],
                    [payee.account for payee, _ in lines if payee.account is not None],
                    persons=any(payee.person for payee, _ in lines),
                )
        except IntegrityError as problem:
            if "payment_one_live_a_case" in str(problem) or "payment_attempt_once" in str(problem):
                raise Refusal("其中有业务件刚被列入其他批次，未作任何更改。请刷新后重试。") from problem
            raise
        faults.point("batch.lines_written")
        history.take("batch", [payee.case for payee in payable], by=by, at=at, data={"on": on})
        auditing.around("组批 " + "、".join(map(str, batches[:3])), ids, by=by, at=at)
    faults.point("batch.drawn_up")
    return DrawnUp(batches, checked.problems)


def release(batch: Batch, *, by: Actor, at: datetime, shown: Shown | None = None) -> Batch:
    """Another person than the one who drew it up lets it go; from now on nothing is added."""
    person = signer(by)
    with transaction.atomic():
        taken = take(batch, "payment.release", "放行", by, (BatchStatus.DRAWN,))
        if taken.drawn_by_id == person.pk:
            raise Refusal("制单人不能放行自己的批次，未作任何更改。请由另一位财务或审批人员办理。")
        history.as_shown(shown, taken.lines, taken.amount)
        taken.status, taken.released_by, taken.released_at = BatchStatus.RELEASED, person, at
        taken.save(update_fields=["status", "released_by", "released_at"])
        auditing.around(f"放行批次 {taken}", _cases(taken), by=by, at=at)
    return taken


def send(batch: Batch, *, by: Actor, at: datetime, on: date, as_of: date | None = None) -> Sent:
    """Check once more and send to the bank; a line that no longer stands falls out and its case waits."""
    person = signer(by)
    with transaction.atomic():
        taken = take(batch, "payment.make", "送银行", by, GOING)
        if taken.next_step != "send":
            raise Refusal(
                f"批次 {taken} 须先办“{FiscalStep(taken.next_step).label}”再送银行，未作任何更改。请先登记财政环节。"
            )
        if on < taken.drawn_on:
            raise Refusal(f"送银行日期 {on} 早于制单日期 {taken.drawn_on}，未作任何更改。请改正日期。")
        priority.require(taken, on)
        payments = list(
            Payment.objects.filter(batch=taken, status=PaymentStatus.DRAWN)
            .order_by("pk")
            .values_list("pk", "case_id", "account_id", "account_hash")
        )
        cases = [case for _, case, *_ in payments]
        own = [pk for pk, *_ in payments]
        checked = second_check.run(taken.scheme, taken.year, cases, on=on, own=own, as_of=as_of)
        holds.settle(cases, LOOKED_FOR, checked.placed, because=HEALED, by=by, at=at)
        telling.account_wanted(list(checked.problems), at=at)
        out = _fallen(payments, checked)
        _take_out(taken, out, by=by, at=at)
        writers.send(taken.pk, on)
        faults.point("batch.lines_sent")
        if taken.lines:
            taken.status, taken.sent_by, taken.sent_at, taken.sent_on = BatchStatus.SENT, person, at, on
        else:
            taken.status, taken.dissolved_because = BatchStatus.DISSOLVED, "送银行前核对，全部移出"
        taken.save(update_fields=["status", "sent_by", "sent_at", "sent_on", "dissolved_because", "lines", "amount"])
        auditing.around(f"批次 {taken} 送银行", cases, by=by, at=at)
    faults.point("batch.sent")
    return Sent(taken.lines, taken.amount, {case: words for _, case, words in out})


def dissolve(batch: Batch, *, by: Actor, at: datetime, because: str) -> int:
    """Undo a batch that has not gone to the bank; its cases wait for another."""
    because = because.strip()
    if not because:
        raise Refusal("请填写撤销理由，未作任何更改。")
    with transaction.atomic():
        taken = take(batch, "payment.make", "撤销", by, DISSOLVABLE)
        standing = Payment.objects.filter(batch=taken, status=PaymentStatus.DRAWN).order_by("pk")
        out = [(pk, case, because) for pk, case in standing.values_list("pk", "case_id")]
        _take_out(taken, out, by=by, at=at)
        taken.status, taken.dissolved_because = BatchStatus.DISSOLVED, because[:300]
        taken.save(update_fields=["status", "dissolved_because", "lines", "amount"])
        auditing.around(f"撤销批次 {taken}", [case for _, case, _ in out], by=by, at=at)
    return len(out)


def _cases(batch: Batch) -> list[int]:
    return list(Payment.objects.filter(batch=batch).attempts().order_by("pk").values_list("case_id", flat=True))


def signer(by: Actor) -> Person:
    """The person who signs; an operator at a command does not."""
    if by.person is None:
        raise Refusal("拨付须由本人在页面上办理，不能由命令代办，未作任何更改。")
    return by.person


def take(batch: Batch, permission: str, verb: str, by: Actor, states: tuple[BatchStatus, ...]) -> Batch:
    """The batch under lock, if this person may do this with it now."""
    taken = Batch.objects.select_for_update(of=("self",)).select_related("office").get(pk=batch.pk)
    if not by.may(permission, taken.office):
        raise Refusal(f"您没有对{taken.office}的批次办理“{verb}”的权限，未作任何更改。")
    if taken.status not in states:
        raise Refusal(f"批次 {taken} {taken.get_status_display()}，不能{verb}，未作任何更改。请刷新后查看。")
    return taken


def _lock(ids: list[int], scheme: str, year: int, by: Actor, on: date, shown: Shown | None) -> None:
    """Lock the cases in the order of their numbers; all must be cleared, of this scheme and year, and the person's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, status, scheme, year, office_id, amount FROM cases_case WHERE id = ANY(%s) ORDER BY id"
            " FOR NO KEY UPDATE",
            [ids],
        )
        rows = cursor.fetchall()
    if not rows or len(rows) != len(ids):
        raise Refusal("没有选中业务件，或其中有的已不存在，未作任何更改。请刷新后重试。")
    if any((of_scheme, of_year) != (scheme, year) for _, _, of_scheme, of_year, _, _ in rows):
        raise Refusal("所选业务件不属于同一业务和年度，未作任何更改。请分别组批。")
    wrong = [f"{name}（{Status(status).label}）" for name, status, *_ in rows if status != Status.CLEARED]
    if wrong:
        more = " 等" if len(wrong) > NAMED else ""
        raise Refusal(
            f"{len(wrong)} 件不在可组批的状态，未作任何更改：{'、'.join(wrong[:NAMED])}{more}。请刷新后重试。"
        )
    offices = Office.objects.filter(pk__in={office for *_, office, _ in rows}).order_by("code")
    barred = [office.name for office in offices if not by.may("payment.make", office)]
    if barred:
        raise Refusal(f"您没有对{'、'.join(barred[:NAMED])}的业务件组批的权限，未作任何更改。请由有权限的人员办理。")
    approvals.require_for_contents(ids)
    history.as_shown(shown, len(rows), sum((amount for *_, amount in rows), Decimal(0)))


def _fallen(payments: Sequence[tuple[int, int, int | None, bytes]], checked: Checked) -> list[tuple[int, int, str]]:
    """Payment, case and words of what may not go: held since, or to another account now than the one drawn up."""
    now = {payee.case: payee for payee in checked.payees}
    found = []
    for payment, case, account, mark in payments:
        if case in checked.problems:
            found.append((payment, case, "；".join(held.reason for held in checked.problems[case])))
        elif now[case].account_mark != mark if now[case].person else now[case].account != account:
            found.append((payment, case, "组批后收款账户已变更，请按新账户重新组批。"))
    return found


def _take_out(batch: Batch, out: list[tuple[int, int, str]], *, by: Actor, at: datetime) -> None:
    if out:
        writers.cancel({payment: words for payment, _, words in out})
        history.take("unbatch", [case for _, case, _ in out], by=by, at=at, note=f"批次 {batch}：移出")
    standing = Payment.objects.filter(batch=batch).attempts().values_list("amount", flat=True)
    batch.lines, batch.amount = len(standing), sum(standing, Decimal(0))
