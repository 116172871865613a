"""What of the province a person sees: the own regions and those below. (J1)

Every query that a person makes goes through a scope, by equality on the two office columns a scoped row carries.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from caseworks.base.enums import Role

from .enums import OfficeLevel, PersonKind
from .models import Office, Person
from .permissions import roles_for

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Scope:
    """The whole province, some cities, some counties, or (an enterprise user) some units."""

    province: bool = False
    cities: frozenset[int] = frozenset()
    offices: frozenset[int] = frozenset()
    usccs: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Sees nothing."""
        return not (self.province or self.cities or self.offices or self.usccs)

    def limit(self, rows: QuerySet[Row], prefix: str = "") -> QuerySet[Row]:
        """The rows within the scope; `prefix` leads to the scoped row (`"unit__"`)."""
        if self.province:
            return rows
        if self.is_empty:
            return rows.none()
        wanted = Q()
        for column, values in (("city_office", self.cities), ("office", self.offices), ("uscc", self.usccs)):
            if len(values) == 1:
                wanted |= Q(**{f"{prefix}{column}": next(iter(values))})
            elif values:
                wanted |= Q(**{f"{prefix}{column}__in": sorted(values)})
        return rows.filter(wanted)

    def covers(self, office: Office) -> bool:
        """Whether rows of the office are within the scope."""
        return self.province or office.pk in self.offices or office.city_or_self_id in self.cities


NOTHING = Scope()
EVERYTHING = Scope(province=True)


def scope_of(person: Person, on: datetime.date, permission: str | None = None) -> Scope:
    """The scope of a person's roles on a day: of those that hold the permission, or of all but 系统管理."""
    if not person.is_active:
        return NOTHING
    if person.kind == PersonKind.WORKER:
        return NOTHING
    if person.kind == PersonKind.UNIT:
        return Scope(usccs=frozenset(person.units.values_list("uscc", flat=True)))
    roles = roles_for(permission) if permission else frozenset(Role) - {Role.ADMINISTRATOR}
    province, cities, counties = False, set(), set()
    for held in person.holdings(on):
        if held.role not in roles:
            continue
        if held.office.level == OfficeLevel.PROVINCE:
            province = True
        elif held.office.level == OfficeLevel.CITY:
            cities.add(held.office_id)
        else:
            counties.add(held.office_id)
    return Scope(province=province, cities=frozenset(cities), offices=frozenset(counties))


def offices_in_scope(person: Person, on: datetime.date, permission: str | None = None) -> QuerySet[Office]:
    """The offices whose rows a person sees, for the choices of a filter."""
    scope = scope_of(person, on, permission)
    if scope.province:
        return Office.objects.all()
    return Office.objects.filter(Q(pk__in=scope.offices | scope.cities) | Q(city__in=scope.cities))
