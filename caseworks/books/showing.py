"""What a person sees of a look at the books: the rows of the own offices, each with the page of what it is about. (J1)"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from caseworks.books.enums import Of
from caseworks.books.invariants import Offence
from caseworks.books.models import BooksRun
from caseworks.cases.models import Announcement, Case, Objection
from caseworks.money.models import Batch, Payment, Recovery
from caseworks.people.models import Person
from caseworks.people.scope import scope_of

_ROWS: dict[str, Callable[[Person, date], QuerySet]] = {
    Of.CASE: lambda person, on: Case.objects.visible_to(person, on),
    Of.PAYMENT: lambda person, on: Payment.objects.visible_to(person, on),
    Of.BATCH: lambda person, on: Batch.objects.visible_to(person, on),
    Of.ANNOUNCEMENT: lambda person, on: Announcement.objects.visible_to(person, on),
    Of.OBJECTION: lambda person, on: Objection.objects.visible_to(person, on),
    Of.RECOVERY: lambda person, on: Recovery.objects.visible_to(person, on),
}
_PAGES = {
    Of.CASE: "cases:case_detail",
    Of.PAYMENT: "money:payment_detail",
    Of.BATCH: "money:batch_detail",
    Of.ANNOUNCEMENT: "announcements:announcement_detail",
    Of.OBJECTION: "announcements:objection_detail",
    Of.RECOVERY: "money:recovery_detail",
}


@dataclass(frozen=True)
class Line:
    """An offending row and where it is looked at."""

    offence: Offence
    kind: str
    url: str


def lines(run: BooksRun, person: Person, on: date) -> list[Line]:
    """The offending rows that the person may see; who serves the province sees all."""
    rows = list(run.rows())
    numbers: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.number is not None and row.of in _ROWS:
            numbers[row.of].add(row.number)
    seen = {
        of: set(_ROWS[of](person, on).filter(pk__in=found).values_list("pk", flat=True))
        for of, found in numbers.items()
    }
    whole = scope_of(person, on).province
    return [
        Line(row, str(Of(row.of).label), _page(row) if row.number in seen.get(row.of, ()) else "")
        for row in rows
        if whole or row.number in seen.get(row.of, ())
    ]


def _page(row: Offence) -> str:
    try:
        return reverse(_PAGES[Of(row.of)], args=[row.number])
    except (KeyError, NoReverseMatch):
        return ""
