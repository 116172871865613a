"""Queues: whose work it is, how old, where; a role that an office lacks is served by the office above. (N6.2, J1)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from caseworks.base.enums import Role
from caseworks.cases import history, queues
from caseworks.cases.models import Case
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from tests.cases.conftest import AT, CLOCK, Bureau, open_some

pytestmark = pytest.mark.django_db
ON = dt.date(2024, 7, 8)  # Monday
STAFF = Callable[..., Actor]


def at(day: int, month: int = 7) -> dt.datetime:
    return dt.datetime(2024, month, day, 10, tzinfo=timezone.get_default_timezone())


def open_at(bureau_office: object, moment: dt.datetime, prefix: str) -> int:
    """A case opened at a moment."""
    before = set(Case.objects.values_list("pk", flat=True))
    from tests.cases.conftest import ROWS

    params = {"count": 1, "prefix": prefix, "office_id": bureau_office.pk, "city_id": bureau_office.city_or_self_id}  # type: ignore[attr-defined]
    history.open_cases(scheme="refunds", year=2024, select=ROWS, params=params, by=CLOCK, at=moment)
    return next(iter(set(Case.objects.values_list("pk", flat=True)) - before))


def names(person: Actor, stage: str = "first") -> list[int]:
    rows = queues.waiting(stage, scheme="refunds", year=2024)
    assert person.person is not None
    return list(queues.due(rows, stage, person.person, ON, AT).order_by("pk").values_list("pk", flat=True))


def test_a_missing_role_is_served_by_the_office_above(bureau: Bureau, staff: STAFF) -> None:
    (county,), (city,), (far,) = (
        open_some(o, prefix=p) for o, p in zip((bureau.county, bureau.city, bureau.other), "ABC", strict=True)
    )
    of_city, of_province = staff(Role.CLERK, bureau.city), staff(Role.CLERK, bureau.province)
    assert names(of_city) == [county, city]
    assert names(of_province) == [far]
    of_county = staff(Role.CLERK, bureau.county)
    assert (names(of_county), names(of_city), names(of_province)) == ([county], [city], [far])
    seats = offices.seats([Role.CLERK], ON)
    assert [seats[o.pk] for o in (bureau.county, bureau.city, bureau.other)] == [
        bureau.county.pk,
        bureau.city.pk,
        bureau.province.pk,
    ]
    assert set(offices.seats([Role.REVIEWER], ON).values()) == {None}
    # what is served below stays possible
    assert (
        queues.passable(queues.waiting("first", scheme="refunds", year=2024), "first", of_city.person, ON).count() == 2
    )


def test_ages_are_counted_in_working_days_at_the_stage(bureau: Bureau, staff: STAFF, settings: object) -> None:
    settings.REVIEW_AMBER_DAYS, settings.REVIEW_RED_DAYS = 3, 5  # type: ignore[attr-defined]
    clerk = staff(Role.CLERK, bureau.city)
    # Monday the 8th: since Tuesday the 2nd 4 working days have passed, since Friday the 28th of June 6
    old, middle, fresh = (
        open_at(bureau.county, at(28, 6), "A"),
        open_at(bureau.county, at(2), "B"),
        open_at(bureau.city, at(3), "C"),
    )
    limits = queues.Limits.on(ON)
    assert [limits.tone(Case.objects.get(pk=pk).moved_at) for pk in (old, middle, fresh)] == ["red", "amber", "green"]
    found = queues.overview(clerk.person, ON, AT, scheme="refunds", year=2024)[0]
    figures = found.all
    assert (figures.count, figures.amount, figures.red, figures.amber, figures.fresh) == (3, Decimal("303.00"), 1, 1, 1)
    assert (figures.oldest, figures.median, found.own) == (dt.date(2024, 6, 28), dt.date(2024, 7, 2), 3)
    history.take("pass_first", [old], by=clerk, at=at(8))
    assert queues.overview(clerk.person, ON, AT, scheme="refunds", year=2024)[1].all.oldest == ON
    history.transfer_cases([old], to=bureau.other, by=clerk, at=at(9), note="移交")
    assert Case.objects.get(pk=old).moved_at == at(8)  # it stands where it stood


def test_what_waits_is_told_office_by_office_with_who_serves_it(bureau: Bureau, staff: STAFF) -> None:
    supervisor = staff(Role.SUPERVISOR, bureau.province)
    open_some(bureau.county, 2, "A")
    open_some(bureau.other, 1, "B")
    staff(Role.CLERK, bureau.city)
    found = queues.by_office(supervisor.person, ON, "first", scheme="refunds", year=2024)
    assert [(row.office, row.seat, row.queue.count, row.queue.amount) for row in found] == [
        (bureau.county, bureau.city, 2, Decimal("203.00")),
        (bureau.other, None, 1, Decimal("101.00")),
    ]
    city = staff(Role.REVIEWER, bureau.city)
    assert [row.office for row in queues.by_office(city.person, ON, "first", scheme="refunds", year=2024)] == [
        bureau.county
    ]


def test_who_may_pass_is_told_by_name(bureau: Bureau, staff: STAFF) -> None:
    near, above = staff(Role.CLERK, bureau.county), staff(Role.CLERK, bureau.province)
    staff(Role.CLERK, bureau.other)
    staff(Role.REVIEWER, bureau.county)
    assert set(offices.holders(bureau.county, "case.review", ON)) == {near.person, above.person}
    for both in ({bureau.county.pk, bureau.city.pk}, {bureau.county.pk, bureau.other.pk}, set[int]()):
        each = [set(offices.holders(Office.objects.get(pk=pk), "case.review", ON)) for pk in both]
        assert set(offices.holders_of_all(both, "case.review", ON)) == (set.intersection(*each) if each else set())
