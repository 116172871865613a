"""A small bureau: the province, two cities, a county; staff by role; cases by the dozen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone

from caseworks.cases import history
from caseworks.cases.models import Case
from caseworks.people.actors import Actor
from caseworks.people.enums import CLASS_OF_ROLE, OfficeLevel
from caseworks.people.models import Appointment, Office, Person

AT = dt.datetime(2024, 7, 1, 9, 30, tzinfo=dt.UTC)
CLOCK = Actor.of_command("test")
ROWS = """
    SELECT %(prefix)s || lpad(n::text, 6, '0') AS subject, '示例单位' || n AS name, %(office_id)s::bigint AS office_id,
           %(city_id)s::bigint AS city_office_id, (100 + n)::numeric(14,2) AS amount,
           sha256(n::text::bytea) AS fingerprint
    FROM generate_series(1, %(count)s) n
"""


@dataclass(frozen=True)
class Bureau:
    """Offices of a small province."""

    province: Office
    city: Office
    county: Office
    other: Office


@pytest.fixture
def bureau(db: None) -> Bureau:
    province = Office.objects.create(code="T22", name="测试省", level=OfficeLevel.PROVINCE)
    city = Office.objects.create(code="T2201", name="测试甲市", level=OfficeLevel.CITY, parent=province)
    other = Office.objects.create(code="T2202", name="测试乙市", level=OfficeLevel.CITY, parent=province)
    for office in (city, other):
        Office.objects.filter(pk=office.pk).update(city=office)
        office.refresh_from_db()
    county = Office.objects.create(code="T220102", name="测试县", level=OfficeLevel.COUNTY, parent=city, city=city)
    return Bureau(province, city, county, other)


@pytest.fixture
def staff() -> Callable[..., Actor]:
    """Somebody of a role at an office, as an actor."""

    def make(role: str, office: Office) -> Actor:
        person = Person.objects.create(
            username=f"{role}-{office.code}", full_name=f"{role} {office.name}", office=office
        )
        Appointment.objects.create(
            person=person,
            office=office,
            role=role,
            role_class=CLASS_OF_ROLE[role],
            since=dt.date(2020, 1, 1),
            made_at=timezone.now(),
        )
        return Actor(person=person, os_user="", command="", address="192.0.2.7")

    return make


def open_some(office: Office, count: int = 1, prefix: str = "S") -> list[int]:
    """Open cases at an office and return their numbers."""
    before = set(Case.objects.values_list("pk", flat=True))
    params = {"count": count, "prefix": prefix, "office_id": office.pk, "city_id": office.city_or_self_id}
    history.open_cases(scheme="refunds", year=2024, select=ROWS, params=params, by=CLOCK, at=AT)
    return sorted(set(Case.objects.values_list("pk", flat=True)) - before)


def put(case: int, status: str) -> None:
    """Bring an opened case to a status by the steps that lead there."""
    for step in PATHS[status]:
        history.take(step, [case], by=CLOCK, at=AT, note="测试")


PATHS: dict[str, tuple[str, ...]] = {
    "opened": (),
    "first_passed": ("pass_first",),
    "second_passed": ("pass_first", "pass_second"),
    "endorsed": ("pass_first", "pass_second", "endorse"),
    "approved": ("pass_first", "pass_second", "approve"),
    "announced": ("pass_first", "pass_second", "approve", "announce"),
    "cleared": ("pass_first", "pass_second", "approve", "announce", "clear"),
    "batched": ("pass_first", "pass_second", "approve", "announce", "clear", "batch"),
    "paid": ("pass_first", "pass_second", "approve", "announce", "clear", "batch", "pay"),
    "returned": ("pass_first", "pass_second", "approve", "announce", "clear", "batch", "bounce"),
    "refused": ("refuse",),
    "withdrawn": ("withdraw",),
    "waived": ("pass_first", "pass_second", "approve", "announce", "clear", "waive"),
}
