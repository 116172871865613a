"""追回 as people carry it on: proposed, confirmed by another, ordered back, delivered, urged, handed over (N6.2).

Every paper has a number and is kept; every step is an entry of the recovery's account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction

from caseworks.base import files, notices
from caseworks.base.documents import papers
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.files import EVIDENCE, Uploaded
from caseworks.base.identifiers import uscc_problem
from caseworks.base.models import Document
from caseworks.base.money import ZERO, in_capitals, thousands
from caseworks.base.notices import Event
from caseworks.cases.models import Case
from caseworks.law import policies
from caseworks.money import recoveries
from caseworks.money.enums import EntryKind, PaymentStatus, RecoveryKind, RecoveryOrigin, RecoveryStatus
from caseworks.money.models import Payment, Recovery
from caseworks.money.recoveries import Found
from caseworks.people.actors import Actor

PAPERS = Path(__file__).parent / "papers"
TOLD = {DocumentKind.RECOVERY_NOTICE: "recovery_ordered", DocumentKind.RECOVERY_URGING: "recovery_urged"}
TERMS_OF = "refunds"  # whose policy row tells the term where a scheme's own does not
# What a subject was paid of a year and has not to give back for the same cause already.
_LEFT = """
    SELECT coalesce((SELECT sum(p.amount) FROM money_payment p
                     WHERE p.scheme = %(scheme)s AND p.year = %(year)s AND p.subject = %(subject)s
                       AND p.status = 'paid'), 0)
         - coalesce((SELECT sum(r.amount - r.reduced) FROM money_recovery r
                     WHERE r.scheme = %(scheme)s AND r.year = %(year)s AND r.subject = %(subject)s
                       AND r.kind = %(kind)s), 0)
"""


@dataclass(frozen=True)
class Claim:
    """What a person found: that a subject was paid what was not due, or used it as it must not."""

    scheme: str
    year: int
    subject: str
    kind: RecoveryKind
    origin: RecoveryOrigin
    amount: Decimal
    reason: str
    basis: str


def propose(claim: Claim, *, by: Actor, at: datetime, on: date) -> Recovery:
    """Put a recovery forward; another person confirms it. Never more than was paid and is not claimed back already."""
    if not claim.reason.strip() or not claim.basis.strip():
        raise Refusal("请写明事实和依据，未作任何更改。")
    with transaction.atomic():
        paid = Payment.objects.filter(
            scheme=claim.scheme, year=claim.year, subject=claim.subject, status=PaymentStatus.PAID
        ).select_related("office")
        last = paid.select_for_update(of=("self",)).order_by("-pk").first()
        if last is None:
            raise Refusal(f"{claim.subject} 在 {claim.year} 年度没有已到账的支付，无可追回，未作任何更改。")
        if not by.may("recovery.propose", last.office):
            raise Refusal(f"您没有对{last.office}的单位提出追回的权限，未作任何更改。")
        left = left_of(claim.scheme, claim.year, claim.subject, claim.kind)
        if not ZERO < claim.amount <= left:
            raise Refusal(f"追回金额应大于 0 且不超过 {left:,.2f} 元（已拨付减已登记追回），未作任何更改。")
        number = Recovery.objects.filter(scheme=claim.scheme, year=claim.year, subject=claim.subject).count() + 1
        row = Found(
            key=f"{claim.origin}:{claim.scheme}:{claim.year}:{claim.subject}:{number}",
            kind=claim.kind, origin=claim.origin, scheme=claim.scheme, year=claim.year, subject=claim.subject,
            name=last.name, office=last.office_id, city_office=last.city_office_id, amount=claim.amount,
            reason=claim.reason.strip(), basis=claim.basis.strip()[:500],
            case=last.case_id if last.amount >= claim.amount else None,
        )  # fmt: skip
        if not recoveries.find([row], by=by, at=at, on=on, proposed=True):
            raise Refusal("同一单位的追回刚被他人登记，未作任何更改。请刷新后重试。")
    return Recovery.objects.get(key=row.key)


def left_of(scheme: str, year: int, subject: str, kind: str) -> Decimal:
    """What may at most be claimed back for this cause."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"scheme": scheme, "year": year, "subject": subject, "kind": kind})
        return Decimal(cursor.fetchone()[0])


def confirm(row: Recovery, *, by: Actor, at: datetime, on: date, note: str = "") -> Recovery:
    """Another person says that it is owed."""
    _may(by, "recovery.confirm", "确认追回", row)
    return recoveries.confirm(row.key, by=by, at=at, on=on, note=note)


def withdraw(row: Recovery, *, because: str, by: Actor, at: datetime, on: date) -> Recovery:
    """It was not owed after all: a supervisor strikes off what is left."""
    _may(by, "recovery.withdraw", "撤销追回", row)
    return recoveries.withdraw(row.key, on=on, because=because, by=by, at=at)


def order_back(row: Recovery, *, by: Actor, at: datetime, on: date) -> Document:
    """责令退回通知书: amount in capitals, basis, term, remedies. One a recovery; the term begins with its delivery."""
    _may(by, "recovery.notice", "出具责令退回通知书", row)
    with transaction.atomic():
        taken = _open(row)
        if notice_of(taken) is not None:
            raise Refusal("责令退回通知书已经出具，未作任何更改。如须重新送达，请登记送达。")
        term = f"自收到本通知书之日起 {term_of(taken, on)} 日内"
        return _issue(
            taken, DocumentKind.RECOVERY_NOTICE, EntryKind.NOTICED, {"term": term, "reason": taken.reason.rstrip("。")},
            by=by, at=at, on=on,
        )  # fmt: skip


def deliver(
    row: Recovery, *, how: str, receiver: str, proof: Uploaded | None, by: Actor, at: datetime, on: date, today: date
) -> Recovery:
    """送达回证: when, how and to whom the notice was delivered, with its scan; the term counts from that day."""
    _may(by, "recovery.notice", "登记送达", row)
    if not how.strip() or not receiver.strip():
        raise Refusal("请写明送达方式和签收人，未作任何更改。")
    accepted = files.accept(proof, EVIDENCE) if proof is not None else None
    with transaction.atomic():
        taken = _open(row)
        notice = notice_of(taken)
        if notice is None:
            raise Refusal("还没有出具责令退回通知书，不能登记送达，未作任何更改。")
        if not notice.dated <= on <= today:
            raise Refusal(f"送达日期应在 {notice.dated} 与今天之间，未作任何更改。")
        file = files.store(accepted, label=by.label, at=at) if accepted is not None else None
        return recoveries.record(
            taken.key, EntryKind.DELIVERED, on=on, by=by, at=at, file=file,
            note=f"{how.strip()}，{receiver.strip()}签收", due_on=on + timedelta(days=term_of(taken, on)),
        )  # fmt: skip


def urge(row: Recovery, *, by: Actor, at: datetime, on: date) -> Document:
    """催告书: after the term, what is still owed and a last term."""
    _may(by, "recovery.notice", "催告", row)
    with transaction.atomic():
        taken = _open(row)
        notice = notice_of(taken)
        if notice is None or taken.due_on is None or taken.due_on >= on:
            raise Refusal("退还期限未届满（以送达之日起算），不能催告，未作任何更改。")
        more = {
            "notice": notice.number,
            "due": f"{taken.due_on:%Y年%-m月%-d日}",
            "term": "自收到本催告书之日起十日内",
        }
        return _issue(taken, DocumentKind.RECOVERY_URGING, EntryKind.URGED, more, by=by, at=at, on=on)


def hand_over(row: Recovery, *, to: str, because: str, by: Actor, at: datetime, on: date) -> Document:
    """移交函: the claim goes to those who can enforce it, with what was done so far."""
    _may(by, "recovery.hand_over", "移交", row)
    if not to.strip() or not because.strip():
        raise Refusal("请写明移交单位和理由，未作任何更改。")
    with transaction.atomic():
        taken = _open(row)
        if not taken.entries.filter(kind=EntryKind.URGED).exists():
            raise Refusal("须先责令退回并催告，才能移交，未作任何更改。")
        steps = [
            [
                f"{entry.on}",
                entry.get_kind_display(),
                _step_words(entry.note, ZERO if entry.kind == EntryKind.FOUND else entry.amount),
            ]
            for entry in taken.entries.order_by("pk")
        ]
        more = {
            "to": to.strip(), "because": because.strip().rstrip("。"), "reason": taken.reason,
            "claimed": thousands(taken.amount - taken.reduced), "repaid": thousands(taken.repaid), "steps": steps,
        }  # fmt: skip
        document = _paper(taken, DocumentKind.RECOVERY_HANDOVER, more, by=by, at=at, on=on)
        recoveries.hand_over(
            taken.key, to=to, on=on, because=because, by=by, at=at, ref=document.number, document=document
        )
        return document


def notice_of(row: Recovery) -> Document | None:
    """The notice that ordered the money back."""
    entry = row.entries.filter(kind=EntryKind.NOTICED).select_related("document").order_by("-pk").first()
    return entry.document if entry is not None else None


def term_of(row: Recovery, on: date) -> int:
    """How many days the policy row gives: of the recovery's own scheme, else that of the refund."""
    for scheme in dict.fromkeys((row.scheme, TERMS_OF)):
        try:
            figures = policies.parameters(policies.for_screening(scheme, row.year, _region_of(row), on))
        except Refusal:
            continue
        days = cast(int | None, getattr(figures, "recovery_days", None))
        if days is not None:
            return days
    raise Refusal(f"{row.year} 年度的政策没有规定退回期限，未作任何更改。请主管补充政策参数。")


def _region_of(row: Recovery) -> str:
    prefix = row.office.regions.order_by("prefix").values_list("prefix", flat=True).first()
    return str(prefix or "")


def _open(row: Recovery) -> Recovery:
    taken = Recovery.objects.select_for_update(of=("self",)).select_related("office").get(pk=row.pk)
    if taken.status != RecoveryStatus.OPEN:
        raise Refusal(f"“{taken}”{taken.get_status_display()}，未作任何更改。请刷新后查看。")
    return taken


def _issue(
    row: Recovery, kind: DocumentKind, entry: EntryKind, more: dict[str, Any], *, by: Actor, at: datetime, on: date
) -> Document:
    document = _paper(row, kind, more, by=by, at=at, on=on)
    recoveries.record(row.key, entry, on=on, by=by, at=at, ref=document.number, document=document)
    said = {
        "business": str(row.get_scheme_display()), "amount": thousands(row.owed), "number": document.number,
        "term": str(more["term"]), "recovery": row.number,
    }  # fmt: skip
    told = Event(
        f"recovery:{row.pk}:{document.pk}", row.subject, row.name, row.office_id, row.city_office_id, row.scheme,
        row.year, row.case_id, said,
    )  # fmt: skip
    notices.post([told], template=TOLD[kind], at=at)
    return document


def _paper(row: Recovery, kind: DocumentKind, more: dict[str, Any], *, by: Actor, at: datetime, on: date) -> Document:
    data = {
        "name": row.name, "subject": row.subject if uscc_problem(row.subject) is None else "", "year": row.year, "scheme": row.get_scheme_display(),
        "recovery": row.number, "basis": row.basis, "amount": thousands(row.owed), "capitals": in_capitals(row.owed),
        "account": settings.REPAY_ACCOUNT or "请向本机构查询", **more,
    }  # fmt: skip
    return papers.issue(
        kind, issuer=row.office.issuer, year=on.year, title=str(kind.label), template=PAPERS / f"{kind}.typ", data=data,
        at=at, label=by.label, office_id=row.office_id, city_office_id=row.city_office_id,
        subject="" if kind == DocumentKind.RECOVERY_HANDOVER else row.subject,  # the hand-over is not to the one who owes
        name=row.name, case_id=row.case_id, on=on,
    )  # fmt: skip


def _step_words(note: str, amount: Decimal) -> str:
    return "，".join(part for part in (note, f"{abs(amount):,.2f} 元" if amount else "") if part)


def _may(by: Actor, permission: str, verb: str, row: Recovery) -> None:
    if not by.may(permission, row.office):
        raise Refusal(f"您没有对{row.office}的追回办理“{verb}”的权限，未作任何更改。")


def cases_of(row: Recovery) -> list[Case]:
    """The cases of which money is claimed back, round by round."""
    return list(Case.objects.filter(scheme=row.scheme, year=row.year, subject=row.subject).order_by("round"))
