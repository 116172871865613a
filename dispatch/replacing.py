"""Parts found wrong: a host's size settled by a clerk, and parts closed and replaced after payment by a supervisor.

What was paid stays; only who gets it changes. Vouchers and returns of a host that keeps a part go on counting.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.db import transaction

from caseworks.base.enums import Size
from caseworks.base.errors import Refusal
from caseworks.base.money import thousands
from caseworks.cases import openings
from caseworks.money.enums import PaymentStatus
from caseworks.money.models import Payment
from caseworks.people.actors import Actor
from dispatch import application_writers as writers
from dispatch import cases, checks, obligations, rights, rosters
from dispatch.checks import Looked
from dispatch.enums import Action, Closure, ObligationStatus, PartKind
from dispatch.models import Application, FundReturn, Obligation, Share, Voucher
from dispatch.policy import Part


def settle_host(
    application: Application, *, host_uscc: str, size: str, words: str, by: Actor, at: dt.datetime
) -> Application:
    """The size of a host that units.csv does not know, where the ratio goes by the host (contract 3: for the clerk)."""
    if size not in Size.values or not words.strip():
        raise Refusal("请选择用工单位划型，并写明依据，未作任何更改。")
    with transaction.atomic():
        row = Application.objects.select_for_update().get(pk=application.pk)
        rights.require(by, "dispatch.take", row.office_id)
        unknown = Share.objects.filter(application=row, host_uscc=host_uscc, kind=PartKind.HOST, ratio=None).live()
        if not unknown.exists():
            raise Refusal("该用工单位没有待核定的比例，未作任何更改。请刷新后查看。")
        writers.tell(row, Action.HOST_SETTLED, by=by, at=at, note=words, data={"host": host_uscc, "size": size})
        fine, why = cases.look_again(row, at)
        if not fine:
            raise Refusal(f"未作任何更改：{why}")
        if row.case_id is not None:
            openings.rejudge(row.case_id, by=by, at=at, note="核定用工单位划型")
    row.refresh_from_db()
    return row


def look(application: Application, path: Path) -> Looked:
    """What a corrected roster would make of a paid application; nothing is written."""
    ground = checks.ground(application.uscc, application.year, application.applied_on, resumed=True)
    roster = rosters.read(path)
    return checks.judged(
        ground, roster.rows, roster.problems, count=roster.count, sha256=roster.sha256, notices=roster.notices
    )


def replace(
    application: Application, path: Path, *, reason: str, new_due_on: dt.date | None = None, by: Actor,
    at: dt.datetime,
) -> Application:  # fmt: skip
    """Close the parts that a corrected roster shows to be wrong and put others in their place, by a supervisor.

    The sum must be what was paid: more is a payment of its own, less a recovery (both have their own way). `new_due_on`:
    until when parts that are new are to be forwarded, where the old deadline leaves too little time.
    """
    rights.named(by)
    if not reason.strip():
        raise Refusal("更换份额须写明理由，未作任何更改。请填写后重试。")
    looked = look(application, path)
    looked.refuse()
    with transaction.atomic():
        obligations.lock("dispatch.sweep")
        row = Application.objects.select_for_update().get(pk=application.pk)
        rights.require(by, "dispatch.supervise", row.office_id)
        payment = Payment.objects.filter(case=row.case_id, status=PaymentStatus.PAID).first() if row.case_id else None
        if payment is None:
            raise Refusal("该申请的款项没有到账，请退回补正后重新提交名册，未作任何更改。")
        if looked.amount != row.amount:
            raise Refusal(
                f"更正后的合计 {thousands(looked.amount)} 元与已拨付的 {thousands(row.amount)} 元不符，未作任何更改。"
                "多付的请先登记追回，少付的请另行补发。"
            )
        obligations.catch_up(by=by, at=at)
        _put(row, looked, payment, reason.strip(), new_due_on, by=by, at=at)
    row.refresh_from_db()
    return row


def _put(
    row: Application, looked: Looked, payment: Payment, reason: str, new_due_on: dt.date | None, *, by: Actor,
    at: dt.datetime,
) -> None:  # fmt: skip
    standing = {o.host_uscc: o for o in Obligation.objects.select_for_update().filter(payment=payment).standing()}
    before = {part.host_uscc: part for part in writers.parts_of(row) if part.kind == PartKind.HOST}
    after = {part.host_uscc: part for part in looked.parts if part.kind == PartKind.HOST}
    _refuse_forwarded(standing, before, after)
    writers.write_roster(row, looked)
    writers.write_parts(row, looked.parts, by=by, at=at, because=f"更换份额：{reason}")
    changed = [host for host, o in standing.items() if after.get(host) != before.get(host) or host not in after]
    for host in changed:
        old = standing[host]
        old.status, old.closed_at, old.closed_because = ObligationStatus.CLOSED, at, Closure.REPLACED
        old.save(update_fields=["status", "closed_at", "closed_because"])
        obligations.tell(old, "份额更换", by=by, at=at, note=reason)
    obligations.open_for([payment.pk], at=at)
    fresh = {o.host_uscc: o for o in Obligation.objects.filter(payment=payment).standing()}
    for host in changed:
        if host in fresh:
            counting = Voucher.objects.filter(obligation=standing[host], status__in=("pending", "verified"))
            counting.update(obligation=fresh[host])
            FundReturn.objects.filter(obligation=standing[host]).update(obligation=fresh[host])
    new = [o for host, o in fresh.items() if host not in standing]
    if new_due_on is not None:
        for obligation in new:
            obligation.extended_to, obligation.extended_because = new_due_on, f"更换份额：{reason}"[:300]
            obligation.extended_label, obligation.extended_at = by.label[:200], at
            obligation.due_on, obligation.provisional = new_due_on, False
            obligation.save()
    obligations.tally([o.pk for o in fresh.values()])
    writers.sum_up(row, looked)
    row.fingerprint = bytes(Application.objects.values_list("fingerprint", flat=True).get(pk=row.pk))  # what was signed
    row.save()
    writers.tell(row, Action.REPLACED, by=by, at=at, note=reason, data={"version": row.version, "sha256": row.sha256})


def _refuse_forwarded(standing: dict[str, Obligation], before: dict[str, Part], after: dict[str, Part]) -> None:
    """A part that is claimed back already, or of which more was forwarded than it would be, is not replaced."""
    wrong = []
    for host, old in standing.items():
        now = after.get(host)
        if now is not None and now == before.get(host):
            continue
        done = old.verified + old.pending + old.returned
        if old.claimed:
            wrong.append(f"{old.host_name or host}：已责令退回 {thousands(old.claimed)} 元")
        elif now is None and old.pending:
            wrong.append(f"{old.host_name or host}：有待核对的凭证，请先核对")
        elif now is not None and done > now.amount:
            wrong.append(f"{old.host_name or host}：已转付或退回 {thousands(done)} 元，多于更正后的份额")
    if wrong:
        raise Refusal("下列份额不能更换，未作任何更改：", wrong)
