"""People for tests, made through the operations."""

from __future__ import annotations

import datetime

from caseworks.people import appointments, offices, staff
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person

SHELL = Actor(os_user="ops", command="setup")
AT = datetime.datetime(2024, 1, 2, 9, 0, tzinfo=datetime.UTC)
SINCE = datetime.date(2024, 1, 1)
PASSWORD = "spring-2024-rain"


def seeded() -> None:
    offices.load_seed(SHELL)


def office(code: str = "220000") -> Office:
    return Office.objects.get(code=code)


def person(
    username: str, *roles: str, at_office: str = "220000", since: datetime.date = SINCE, **extra: object
) -> Person:
    seat = office(at_office)
    made = staff.create(
        username,
        full_name=str(extra.pop("full_name", username)),
        office=seat,
        password=PASSWORD,
        must_change=bool(extra.pop("must_change", False)),
        by=SHELL,
        at=AT,
    )
    for role in roles:
        appointments.appoint(made, office=seat, role=role, since=since, by=SHELL, at=AT)
    return made


def unit_user(username: str, *usccs: str) -> Person:
    made = staff.create(
        username, full_name=username, kind="unit", password=PASSWORD, must_change=False, by=SHELL, at=AT
    )
    for uscc in usccs:
        staff.bind_unit(made, uscc, by=SHELL, at=AT)
    return made
