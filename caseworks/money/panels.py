"""What money shows on a unit's page: its ledger over all schemes, signed, with running balances; and what a unit owes, in
its portal (N6.2, J2.0)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.urls import reverse

from caseworks.base.panels import Duty, Panel
from caseworks.money import ledgers, recoveries
from caseworks.money.enums import RecoveryStatus
from caseworks.money.models import UseReport
from caseworks.people.models import Person
from caseworks.registry.models import Unit


def unit_panels(unit: Unit, person: Person, on: date) -> Iterator[Panel]:
    """The ledger of a unit; the unit itself is within the person's scope."""
    lines = ledgers.of(unit.uscc)
    if lines and person.has_perm("payment.view"):
        context = {"lines": lines, "owing": list(recoveries.open_of(unit.uscc)), "last": lines[-1]}
        yield Panel("资金往来台账", "money/_unit_ledger.html", context, wide=True)


def portal_duties(uscc: str, on: date) -> Iterator[Duty]:
    """Money to be given back, and reports on the use of what was received."""
    for row in recoveries.open_of(uscc).filter(status=RecoveryStatus.OPEN, due_on__isnull=False):
        yield Duty(
            f"退还 {row.year} 年度{row.get_scheme_display()}资金 {row.owed:,.2f} 元",
            f"汇款附言请写明 {row.number}。退还之前各项资金暂停拨付。", row.due_on, reverse("portal:document_list"),
            "查看通知书", "red",
        )  # fmt: skip
    for report in UseReport.objects.filter(subject=uscc).owing():
        yield Duty(
            f"报告 {report.year} 年度{report.get_scheme_display()}资金使用情况", report.opinion, report.due_on,
            reverse("uses:report", args=[report.scheme, report.year]), "去报告",
        )  # fmt: skip
