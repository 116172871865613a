"""What a cashier would draw up now, of any scheme: the cleared cases of the own offices, the gate, and what must wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO
from caseworks.cases.enums import Scheme, Status
from caseworks.cases.holds import Held
from caseworks.cases.models import Case
from caseworks.money import composing, second_check
from caseworks.money.facts import Payee
from caseworks.money.gate import Gate
from caseworks.people.models import Person
from caseworks.people.scope import scope_of


@dataclass(frozen=True)
class Waiting:
    """What waits to be paid of a scheme's year."""

    scheme: str
    year: int
    count: int
    amount: Decimal

    @property
    def label(self) -> str:
        """The scheme's word."""
        return str(Scheme(self.scheme).label)


def waiting(person: Person, on: date) -> list[Waiting]:
    """What waits in the offices for which the person makes payments, by scheme and year, the newest year first."""
    rows = _cleared(person, on).order_by("-year", "scheme").values_list("scheme", "year")
    found = [Waiting(*row) for row in rows.annotate(count=Count("pk"), total=Sum("amount"))]
    return sorted(found, key=lambda group: (-group.year, Scheme.values.index(group.scheme)))


def _cleared(person: Person, on: date) -> QuerySet[Case]:
    return scope_of(person, on, "payment.make").limit(Case.objects.filter(status=Status.CLEARED))


@dataclass(frozen=True)
class Outlook:
    """The composition as it would be: all that was cleared, what can be paid of it, and why the rest waits."""

    ids: list[int] = field(default_factory=list)
    amount: Decimal = ZERO
    payable: list[Payee] = field(default_factory=list)
    waiting: list[tuple[Payee, list[Held]]] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    refused: str = ""

    @property
    def payable_amount(self) -> Decimal:
        """What would leave the fund."""
        return sum((payee.amount for payee in self.payable), ZERO)

    @property
    def ready(self) -> bool:
        """May it be drawn up?"""
        return bool(self.payable) and not self.refused and all(gate.is_open for gate in self.gates)


def of(scheme: str, year: int, person: Person, on: date) -> Outlook:
    """Look at what waits in the offices for which the person makes payments; nothing is written."""
    cleared = _cleared(person, on).filter(scheme=scheme, year=year)
    rows = dict(cleared.order_by("pk").values_list("pk", "amount"))
    if not rows:
        return Outlook()
    ids, amount = list(rows), sum(rows.values(), ZERO)
    try:
        checked = second_check.run(scheme, year, ids, on=on)
    except Refusal as refusal:
        return Outlook(ids, amount, refused=str(refusal))
    waiting = [(payee, checked.problems[payee.case]) for payee in checked.payees if payee.case in checked.problems]
    gates = composing.gates_of(checked, year)
    return Outlook(ids, amount, checked.payable, waiting, sorted(gates.values(), key=lambda gate: gate.region))
