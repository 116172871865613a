"""People and rows that the law room's tests share."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from caseworks.base.enums import Role
from caseworks.law import calendars, seeding
from caseworks.law.workdays import Calendar
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.enums import CLASS_OF_ROLE
from caseworks.people.models import Appointment, Office, Person

AT = datetime.datetime(2026, 11, 22, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
ON = AT.date()
SHELL = Actor(os_user="operator", command="setup")


@pytest.fixture
def province(db: None) -> Office:
    offices.load_seed(SHELL)
    return offices.root()


@pytest.fixture
def staff(province: Office) -> Callable[..., Person]:
    """Makes a person with a role at an office (the province's unless named)."""

    def make(username: str, role: Role = Role.SUPERVISOR, office: str = "220000") -> Person:
        seat = Office.objects.get(code=office)
        person = Person.objects.create(
            username=username, full_name=username, office=seat, must_change_password=False, password_changed_at=AT
        )
        Appointment.objects.create(
            person=person,
            office=seat,
            role=role,
            role_class=CLASS_OF_ROLE[role.value],
            since=datetime.date(2020, 1, 1),
            made_at=AT,
        )
        return person

    return make


@pytest.fixture
def drafter(staff: Callable[..., Person]) -> Actor:
    return Actor.of_person(staff("drafter"))


@pytest.fixture
def signer(staff: Callable[..., Person]) -> Actor:
    return Actor.of_person(staff("signer"))


@pytest.fixture(scope="session")
def published() -> Calendar:
    """The calendar of the seeded years, without a database."""
    years = seeding.calendar_years()
    return Calendar({d.day: d.kind == "off" for y in years for d in y.days}, frozenset(y.year for y in years))


@pytest.fixture
def loaded(db: None) -> Calendar:
    """The same, loaded into the database."""
    for y in seeding.calendar_years():
        calendars.load_year(y.year, y.days, document=y.document, note=y.note, by=SHELL, at=AT, on=ON)
    return calendars.current()
