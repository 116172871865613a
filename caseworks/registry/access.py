"""What of the registry a person sees: units by their office, imports by the office of whoever made them. (J1)"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from caseworks.people.models import OfficeRegion, Person
from caseworks.people.scope import offices_in_scope, scope_of
from caseworks.registry.models import ImportFile, Unit

Row = TypeVar("Row", bound=Model)


def of_visible_units(rows: QuerySet[Row], person: Person, on: dt.date) -> QuerySet[Row]:
    """Rows (with a column `uscc`) of units that the person sees; rows of no unit are the province's."""
    if scope_of(person, on).province:
        return rows
    return rows.filter(uscc__in=Unit.objects.visible_to(person, on).values("uscc"))


def visible_imports(person: Person, on: dt.date) -> QuerySet[ImportFile]:
    """Imports by people of the offices that the person sees; those by commands are the province's."""
    if scope_of(person, on).province:
        return ImportFile.objects.all()
    return ImportFile.objects.filter(Q(person=person) | Q(person__office__in=offices_in_scope(person, on)))


def replaceable_prefixes(person: Person, on: dt.date) -> tuple[str, ...] | None:
    """Regions that a replacing file of the person may stand for: those of the offices in scope; None is any."""
    if scope_of(person, on).province:
        return None
    offices = offices_in_scope(person, on)
    return tuple(OfficeRegion.objects.filter(office__in=offices).order_by("prefix").values_list("prefix", flat=True))
