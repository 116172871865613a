"""How an agency stands over its years, what a host was sent, and the card of a case: sums of what is on record (J2.10)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.urls import reverse

from caseworks.base.money import ZERO
from caseworks.base.panels import Panel
from caseworks.cases.models import Bar, Case
from caseworks.people.models import Person
from dispatch.enums import ObligationStatus, PartKind
from dispatch.models import Application, Obligation, Share

SUMMED = ("amount", "verified", "pending", "returned", "claimed", "returned_late")
CARD_PARTS = 8  # obligations that a case's card names; the rest is on the application's page


@dataclass
class Sums:
    """Parts of money that is with an agency, added up."""

    parts: int = 0
    open: int = 0
    overdue: int = 0
    amount: Decimal = ZERO
    verified: Decimal = ZERO
    pending: Decimal = ZERO
    returned: Decimal = ZERO
    claimed: Decimal = ZERO
    returned_late: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """What is neither proved, given back nor claimed back; vouchers that wait are not taken off."""
        return self.amount - self.verified - self.returned - self.claimed

    def add(self, row: Obligation, on: dt.date) -> None:
        """One more part."""
        self.parts += 1
        if row.status == ObligationStatus.OPEN:
            self.open += 1
            self.overdue += not row.provisional and row.due_on < on and not row.covered
        for name in SUMMED:
            setattr(self, name, getattr(self, name) + getattr(row, name))


def summed(rows: Iterable[Obligation], on: dt.date) -> Sums:
    """Parts added up as of a day."""
    sums = Sums()
    for row in rows:
        sums.add(row, on)
    return sums


# -- an agency over its years


@dataclass
class Year:
    """An agency in one policy year: its application, the parts it owes, and whether it is barred."""

    year: int
    application: Application | None = None
    sums: Sums = field(default_factory=Sums)
    rows: list[Obligation] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)


def years_of(
    applications: Iterable[Application], rows: Iterable[Obligation], bars: Iterable[Bar], on: dt.date
) -> list[Year]:
    """The years of an agency, the newest first; a year that knows only a bar stands there as well."""
    found: dict[int, Year] = {}
    for application in applications:
        year = found.setdefault(application.year, Year(application.year))
        year.application = year.application or application
    for row in rows:
        year = found.setdefault(row.year, Year(row.year))
        year.rows.append(row)
        year.sums.add(row, on)
    for bar in bars:
        found.setdefault(bar.year, Year(bar.year)).bars.append(bar)
    return [found[number] for number in sorted(found, reverse=True)]


# -- what a host was sent


@dataclass
class OfAgency:
    """What a host has to do with one agency in one year."""

    year: int
    uscc: str
    name: str
    sums: Sums
    rows: list[Obligation]


def by_agency(rows: Sequence[Obligation], on: dt.date) -> list[OfAgency]:
    """Parts of a host by year and agency, the newest year first."""
    groups: dict[tuple[int, str], list[Obligation]] = defaultdict(list)
    for row in rows:
        groups[row.year, row.uscc].append(row)
    return [
        OfAgency(year, uscc, group[0].name, summed(group, on), group)
        for (year, uscc), group in sorted(groups.items(), key=lambda item: (-item[0][0], item[0][1]))
    ]


# -- the card of a case


def case_panels(case: Case, person: Person, on: dt.date) -> Iterator[Panel]:
    """The application behind a case: its split and roster, and how the forwarding stands once it is paid."""
    application = Application.objects.filter(case=case).first()
    if application is None:
        return
    shares = list(Share.objects.filter(application=application).live().order_by("host_uscc", "kind"))
    kinds = [
        (PartKind(kind).label, [share for share in shares if share.kind == kind]) for kind in PartKind.values
    ]  # fmt: skip
    rows = list(Obligation.objects.filter(payment__case=case).standing().order_by("due_on", "pk"))
    context = {
        "application": application,
        "kinds": [
            {
                "label": label,
                "many": len(parts),
                "workers": sum(part.workers for part in parts),
                "premium": sum((part.premium for part in parts), ZERO),
                "amount": sum((part.amount for part in parts), ZERO),
            }
            for label, parts in kinds
            if parts
        ],
        "rows": rows[:CARD_PARTS],
        "more": max(len(rows) - CARD_PARTS, 0),
        "sums": summed(rows, on),
        "bars": Bar.objects.filter(uscc=case.subject, year=case.year).standing(),
    }
    url = reverse("dispatch:application_detail", args=[application.pk])
    yield Panel("派遣申请与转付", "dispatch/_case_card.html", context, url=url, more="申请和名册", wide=True)
