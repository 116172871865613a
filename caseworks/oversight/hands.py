"""In whose hands open work is: it is given to nobody by name, so those count who may take its next step. (N6.2)"""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from caseworks.oversight.enums import NEXT
from caseworks.people import offices
from caseworks.people.models import Appointment
from caseworks.people.permissions import roles_for


class Hands:
    """Who may take the next step of a case: those of the nearest office, its own or above, that has somebody."""

    def __init__(self, on: dt.date) -> None:
        self.root = offices.root().pk
        self.holders: dict[tuple[str, int], list[int]] = {}
        running = Appointment.objects.running(on).filter(person__is_active=True)
        for person, office, role in running.order_by("person").values_list("person", "office", "role"):
            for status, permission in NEXT.items():
                if role in roles_for(permission):
                    held = self.holders.setdefault((status.value, office), [])
                    if person not in held:
                        held.append(person)

    def of(self, status: str, office: int, city: int) -> list[int]:
        """Their numbers; nobody where the clock or the bank is next."""
        return next((found for seat in (office, city, self.root) if (found := self.holders.get((status, seat)))), [])

    def condition(self, status: str, person: int) -> Q:
        """The cases of this state that are in a person's hands."""
        manned = [seat for (of, seat) in self.holders if of == status]
        mine = [seat for seat in manned if person in self.holders[status, seat]]
        found = Q(office__in=mine) | (~Q(office__in=manned) & Q(city_office__in=mine))
        if self.root in mine:
            found |= ~Q(office__in=manned) & ~Q(city_office__in=manned)
        return Q(status=status) & found
