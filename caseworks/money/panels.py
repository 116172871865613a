"""What money shows on a unit's page: its ledger over all schemes, signed, with running balances (N6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from caseworks.base.panels import Panel
from caseworks.money import ledgers, recoveries
from caseworks.people.models import Person
from caseworks.registry.models import Unit


def unit_panels(unit: Unit, person: Person, on: date) -> Iterator[Panel]:
    """The ledger of a unit; the unit itself is within the person's scope."""
    lines = ledgers.of(unit.uscc)
    if lines and person.has_perm("payment.view"):
        context = {"lines": lines, "owing": list(recoveries.open_of(unit.uscc)), "last": lines[-1]}
        yield Panel("资金往来台账", "money/_unit_ledger.html", context, wide=True)
