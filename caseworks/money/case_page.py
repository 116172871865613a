"""What money adds to the page of a case: its payments, what is claimed back, and both in the timeline. (settings.PANELS)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from caseworks.base.money import thousands
from caseworks.base.panels import Panel
from caseworks.cases.models import Case
from caseworks.cases.timeline import Moment
from caseworks.money.enums import PaymentStatus
from caseworks.money.models import Payment, Recovery, RecoveryEntry, RecoveryQuerySet
from caseworks.people.models import Person

ENTRY_TONES = {"found": "amber", "repaid": "green", "closed": "green", "withdrawn": "grey"}


def case_panels(case: Case, person: Person, on: date) -> Iterator[Panel]:
    """The payments of a case, and what is claimed back from its subject for the year."""
    if not person.has_perm("payment.view"):
        return
    payments = list(Payment.objects.visible_to(person, on).filter(case=case).order_by("pk"))
    claims = list(_recoveries([case]).visible_to(person, on).order_by("pk"))
    if payments or claims:
        yield Panel("拨付与追回", "money/_case_money.html", {"payments": payments, "recoveries": claims}, wide=True)


def case_moments(cases: Sequence[Case]) -> Iterator[Moment]:
    """Sent, credited, returned, claimed back: by the days on which they happened."""
    for row in Payment.objects.filter(case__in=cases).exclude(status=PaymentStatus.CANCELLED).order_by("pk"):
        words = (
            f"支付 {row.payment_no}（{thousands(row.amount)} 元，{row.get_account_kind_display()} *{row.account_tail}）"
        )
        if row.sent_on:
            yield Moment(row.case_id, row.sent_on, f"{words}送银行", tone="blue")
        if row.paid_on:
            yield Moment(row.case_id, row.paid_on, f"{words}到账", tone="green")
        if row.returned_on:
            yield Moment(row.case_id, row.returned_on, f"{words}被银行退回：{row.reason}", tone="amber")
    found = {row.pk: row for row in _recoveries(cases)}
    known = {case.pk for case in cases}
    for entry in RecoveryEntry.objects.filter(recovery__in=found).order_by("pk"):
        claim = found[entry.recovery_id]
        case = claim.case_id if claim.case_id in known else cases[0].pk
        amount = f" {thousands(abs(entry.amount))} 元" if entry.amount else ""
        note = f"：{entry.note}" if entry.note else ""
        words = f"{claim.get_kind_display()}追回{entry.get_kind_display()}{amount}{note}"
        yield Moment(case, entry.on, words, entry.label, tone=ENTRY_TONES.get(entry.kind, "blue"))


def _recoveries(cases: Sequence[Case]) -> RecoveryQuerySet:
    """Those of the cases, and those of their subject and year that name no case."""
    first = cases[0]
    of_year = Recovery.objects.filter(scheme=first.scheme, year=first.year, subject=first.subject, case__isnull=True)
    return Recovery.objects.filter(case__in=cases) | of_year
