"""Who sees what, and who may do what. (J1, N6.2)"""

from __future__ import annotations

import datetime

import pytest

from caseworks.base.enums import Role
from caseworks.people import appointments
from caseworks.people.actors import Actor
from caseworks.people.models import Appointment, Office, Person
from caseworks.people.permissions import PERMISSIONS
from caseworks.people.scope import EVERYTHING, NOTHING, Scope, offices_in_scope, scope_of

from .builders import AT, SHELL, SINCE, office, person, seeded, unit_user

pytestmark = pytest.mark.django_db
ON = datetime.date(2024, 6, 28)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _offices() -> None:
    seeded()


def of(*codes: str) -> frozenset[int]:
    return frozenset(Office.objects.filter(code__in=codes).values_list("pk", flat=True))


def test_each_level_sees_its_own_and_what_is_below() -> None:
    assert scope_of(person("pp", Role.CLERK), ON) == EVERYTHING
    assert scope_of(person("cc", Role.CLERK, at_office="220100"), ON) == Scope(cities=of("220100"))
    assert scope_of(person("xx", Role.CLERK, at_office="220102"), ON) == Scope(offices=of("220102"))
    assert scope_of(person("uu"), ON) == NOTHING
    assert scope_of(unit_user("firm", "91220102XNQNQPW14U"), ON) == Scope(usccs=frozenset({"91220102XNQNQPW14U"}))


def test_administrators_see_no_business_data() -> None:
    assert scope_of(person("admin", Role.ADMINISTRATOR), ON) == NOTHING


def test_a_scope_holds_on_its_days_and_while_in_service() -> None:
    clerk = person("cc", Role.CLERK, at_office="220100")
    assert scope_of(clerk, SINCE - DAY) == NOTHING
    clerk.is_active = False
    assert scope_of(clerk, ON) == NOTHING


def test_a_deputy_sees_the_absent_persons_office_during_the_stand_in_only() -> None:
    absent, deputy = person("zhang", Role.CLERK, at_office="220202"), person("li", Role.CLERK, at_office="220102")
    appointments.stand_in(absent=absent, deputy=deputy, since=ON, until=ON, reason="休假", by=SHELL, at=AT)
    assert scope_of(deputy, ON) == Scope(offices=of("220202", "220102"))
    assert scope_of(deputy, ON + DAY) == Scope(offices=of("220102"))


def test_a_scope_for_a_permission_counts_the_roles_that_hold_it() -> None:
    who = person("wang", Role.CLERK, at_office="220102")
    appointments.appoint(who, office=office("220200"), role=Role.SUPERVISOR, since=SINCE, by=SHELL, at=AT)
    assert scope_of(who, ON) == Scope(cities=of("220200"), offices=of("220102"))
    assert scope_of(who, ON, "screening.run") == Scope(offices=of("220102"))
    assert scope_of(who, ON, "policy.draft") == Scope(cities=of("220200"))
    assert scope_of(who, ON, "people.manage") == NOTHING
    actor = Actor.of_person(who)
    assert actor.may("screening.run", office("220102"), ON)
    assert not actor.may("screening.run", office("220200"), ON)
    assert not actor.may("screening.run", office("220100"), ON)
    assert actor.may("policy.draft", office("220202"), ON)
    assert actor.may("policy.draft", on=ON)
    assert not actor.may("policy.draft", on=SINCE - DAY)


def test_rows_are_limited_by_equality_on_the_office_columns() -> None:
    # Appointments carry an office as scoped rows do; their office's city stands for the second column.
    for username, code in [("aa", "220102"), ("bb", "220103"), ("cc", "220202"), ("dd", "220100")]:
        person(username, Role.CLERK, at_office=code)

    def seen(scope: Scope) -> set[str]:
        only_office = Scope(province=scope.province, offices=scope.offices)
        return set(only_office.limit(Appointment.objects.all()).values_list("person__username", flat=True))

    assert seen(EVERYTHING) == {"aa", "bb", "cc", "dd"}
    assert seen(NOTHING) == set()
    assert seen(Scope(offices=of("220102"))) == {"aa"}
    assert seen(Scope(offices=of("220102", "220202"))) == {"aa", "cc"}
    sql = str(Scope(offices=of("220102")).limit(Person.objects.all(), "appointments__").query)
    assert '"people_appointment"."office_id" = ' in sql
    assert Scope(usccs=frozenset({"x"})).limit(Person.objects.all(), "units__").count() == 0


def test_a_filter_offers_the_offices_within_the_scope() -> None:
    def offered(who: Person) -> set[str]:
        return set(offices_in_scope(who, ON).values_list("code", flat=True))

    assert len(offered(person("pp", Role.AUDITOR))) == Office.objects.count()
    assert offered(person("cc", Role.CLERK, at_office="220400")) == {"220400", "220402", "220403", "220421", "220422"}
    assert offered(person("xx", Role.CLERK, at_office="220402")) == {"220402"}
    assert offered(person("nn")) == set()


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_the_table_of_permissions_keeps_the_classes_apart(permission: str) -> None:
    """Auditors read all and change nothing; administrators keep people and see no cases and no money. (N6.2)"""
    holders, verb = PERMISSIONS[permission], permission.partition(".")[2]
    assert (Role.AUDITOR in holders) == (verb == "view")
    assert (Role.ADMINISTRATOR in holders) == (permission in {"desk.view", "people.view", "people.manage"})
    assert holders


def test_no_role_holds_both_hands() -> None:
    """Who enters does not confirm, who approves does not pay. (N6.2)"""
    for one, other in [
        ("registry.import", "registry.confirm"),
        ("determination.set", "determination.confirm"),
        ("case.review", "case.recheck"),
        ("case.recheck", "case.approve"),
        ("case.approve", "payment.make"),
    ]:
        assert PERMISSIONS[one].isdisjoint(PERMISSIONS[other])


def test_an_operator_at_a_command_may_do_everything_and_is_named() -> None:
    actor = Actor(os_user="ops", command="import_data")
    assert actor.may("registry.import", office(), ON)
    assert actor.label == "os:ops manage.py import_data"
    assert Actor.of_command("setup").label.startswith("os:")
    with pytest.raises(LookupError, match="no such"):
        actor.may("no such")
