"""Roles by appointment: what excludes each other, by day, by stand-in, and at the same moment. (N6.2)"""

from __future__ import annotations

import datetime
import itertools
import threading

import pytest
from django.db import IntegrityError, connections, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.people import appointments, staff
from caseworks.people.actors import Actor
from caseworks.people.enums import CLASS_OF_ROLE
from caseworks.people.models import Appointment, Person, StandIn

from .builders import AT, SHELL, SINCE, office, person, seeded, unit_user

DAY = datetime.timedelta(days=1)
MONDAY = datetime.date(2024, 6, 3)
FRIDAY = datetime.date(2024, 6, 7)


@pytest.fixture(autouse=True)
def _offices(db: None) -> None:
    seeded()


def appoint(who: Person, role: str, since: datetime.date = SINCE, until: datetime.date | None = None) -> Appointment:
    return appointments.appoint(who, office=office(), role=role, since=since, until=until, by=SHELL, at=AT)


@pytest.mark.parametrize(("first", "second"), itertools.product(Role.values, Role.values))
def test_which_roles_go_together(first: str, second: str) -> None:
    who = person("wang", first)
    if first == second:
        with pytest.raises(Refusal, match="已担任该角色"):
            appoint(who, second)
    elif CLASS_OF_ROLE[first] == CLASS_OF_ROLE[second]:
        appoint(who, second)
    else:
        with pytest.raises(Refusal, match="互相排斥"):
            appoint(who, second)
    together = CLASS_OF_ROLE[first] == CLASS_OF_ROLE[second]
    assert who.roles(MONDAY) == ({first, second} if together else {first})


@pytest.mark.parametrize("excluded", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_the_database_refuses_what_the_operation_does_not_see(excluded: str) -> None:
    who = person("wang", Role.CASHIER)
    with pytest.raises(IntegrityError, match="appointment_one_class_at_a_time"), transaction.atomic():
        Appointment.objects.create(
            person=who,
            office=office("220100"),
            role=excluded,
            role_class=CLASS_OF_ROLE[excluded],
            since=MONDAY,
            made_at=AT,
        )
    with pytest.raises(IntegrityError, match="appointment_class_of_role"), transaction.atomic():
        Appointment.objects.create(
            person=who, office=office(), role=excluded, role_class="business", since=MONDAY, made_at=AT
        )


def test_after_the_last_day_another_class_may_begin() -> None:
    who = person("wang", Role.CLERK)
    held = who.appointments.get()
    appointments.end(held, last_day=FRIDAY, by=SHELL)
    with pytest.raises(Refusal, match="互相排斥"):
        appoint(who, Role.AUDITOR, since=FRIDAY)
    appoint(who, Role.AUDITOR, since=FRIDAY + DAY)
    who = Person.objects.get(pk=who.pk)
    assert who.roles(FRIDAY) == {Role.CLERK}
    assert who.roles(FRIDAY + DAY) == {Role.AUDITOR}


def test_an_appointment_ends_once_and_not_before_it_began() -> None:
    who = person("wang", Role.CLERK)
    held = who.appointments.get()
    with pytest.raises(Refusal, match="早于该任职的起始日"):
        appointments.end(held, last_day=SINCE - DAY, by=SHELL)
    ended = appointments.end(held, last_day=FRIDAY, by=SHELL)
    assert (ended.until, ended.ended_by_label) == (FRIDAY, "os:ops manage.py setup")
    with pytest.raises(Refusal, match="已于2024-06-07结束"):
        appointments.end(held, last_day=FRIDAY, by=SHELL)
    with pytest.raises(Refusal, match="截止日早于起始日"):
        appoint(who, Role.REVIEWER, since=FRIDAY, until=MONDAY)


def test_a_stand_in_works_exactly_in_its_days() -> None:
    absent, deputy = person("zhang", Role.REVIEWER, at_office="220100"), person("li", Role.CLERK, at_office="220200")
    standing = appointments.stand_in(
        absent=absent, deputy=deputy, since=MONDAY, until=FRIDAY, reason="休假", by=SHELL, at=AT
    )
    deputy = Person.objects.get(pk=deputy.pk)
    by_day = {
        day: sorted((held.role, held.office.code) for held in deputy.holdings(day))
        for day in (MONDAY - DAY, MONDAY, FRIDAY, FRIDAY + DAY)
    }
    alone, both = [("clerk", "220200")], [("clerk", "220200"), ("reviewer", "220100")]
    assert list(by_day.values()) == [alone, both, both, alone]
    assert absent.roles(MONDAY) == {Role.REVIEWER}
    wednesday = MONDAY + 2 * DAY
    appointments.end_stand_in(standing, last_day=wednesday, by=SHELL)
    deputy.forget_holdings()
    assert deputy.roles(wednesday) == {Role.CLERK, Role.REVIEWER}
    assert deputy.roles(wednesday + DAY) == {Role.CLERK}
    with pytest.raises(Refusal, match="提前结束"):
        appointments.end_stand_in(StandIn.objects.get(), last_day=FRIDAY, by=SHELL)


@pytest.mark.parametrize(
    ("absents", "deputys"),
    [
        (Role.AUDITOR, Role.CLERK),
        (Role.ADMINISTRATOR, Role.CASHIER),
        (Role.CLERK, Role.AUDITOR),
        (Role.SUPERVISOR, Role.ADMINISTRATOR),
        (Role.AUDITOR, Role.ADMINISTRATOR),
    ],
)
def test_a_stand_in_may_not_join_what_excludes_each_other(absents: str, deputys: str) -> None:
    absent, deputy = person("zhang", absents), person("li", deputys)
    with pytest.raises(Refusal, match="li在同一时期不能兼任互相排斥的角色"):
        appointments.stand_in(absent=absent, deputy=deputy, since=MONDAY, until=FRIDAY, reason="休假", by=SHELL, at=AT)
    assert not StandIn.objects.exists()
    assert Person.objects.get(pk=deputy.pk).roles(MONDAY) == {deputys}


def test_nor_may_an_appointment_during_the_stand_in() -> None:
    absent, deputy = person("zhang", Role.CLERK), person("li")
    appointments.stand_in(absent=absent, deputy=deputy, since=MONDAY, until=FRIDAY, reason="休假", by=SHELL, at=AT)
    with pytest.raises(Refusal, match="互相排斥"):
        appoint(deputy, Role.AUDITOR, since=FRIDAY, until=FRIDAY)
    appoint(deputy, Role.AUDITOR, since=FRIDAY + DAY)
    appoint(absent, Role.REVIEWER, since=FRIDAY)
    deputy.forget_holdings()
    assert [deputy.roles(day) for day in (MONDAY, FRIDAY, FRIDAY + DAY)] == [
        {"clerk"},
        {"clerk", "reviewer"},
        {"auditor"},
    ]


def test_what_was_lent_ends_with_what_was_held_and_is_not_lent_on() -> None:
    zhang, li, zhao = person("zhang", Role.CLERK), person("li", Role.REVIEWER), person("zhao", Role.CASHIER)
    appointments.stand_in(absent=zhang, deputy=li, since=MONDAY, until=FRIDAY, reason="休假", by=SHELL, at=AT)
    appointments.stand_in(absent=li, deputy=zhao, since=MONDAY, until=FRIDAY, reason="出差", by=SHELL, at=AT)
    assert zhao.roles(MONDAY) == {Role.CASHIER, Role.REVIEWER}
    appointments.end(zhang.appointments.get(), last_day=MONDAY, by=SHELL)
    li.forget_holdings()
    assert li.roles(MONDAY) == {Role.CLERK, Role.REVIEWER}
    assert li.roles(MONDAY + DAY) == {Role.REVIEWER}
    lent = li.appointments.exclude(stand_in=None).get()
    with pytest.raises(Refusal, match="请结束代理"):
        appointments.end(lent, last_day=MONDAY, by=SHELL)


def test_what_else_a_stand_in_is_refused_for() -> None:
    zhang, li, nobody = person("zhang", Role.CLERK), person("li"), person("nobody")
    enterprise = unit_user("firm")
    week = {"since": MONDAY, "until": FRIDAY, "by": SHELL, "at": AT}
    for absent, deputy, reason, words in [
        (zhang, zhang, "休假", "代理人不能是本人"),
        (zhang, enterprise, "休假", "不是在用的工作人员"),
        (zhang, li, "  ", "请填写代理事由"),
        (nobody, li, "休假", "没有任何角色"),
    ]:
        with pytest.raises(Refusal, match=words):
            appointments.stand_in(absent=absent, deputy=deputy, reason=reason, **week)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="截止日早于起始日"):
        appointments.stand_in(absent=zhang, deputy=li, since=FRIDAY, until=MONDAY, reason="休假", by=SHELL, at=AT)
    appointments.stand_in(absent=zhang, deputy=li, reason="休假", **week)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="已代理同一人"):
        appointments.stand_in(absent=zhang, deputy=li, reason="又休假", **week)  # type: ignore[arg-type]
    assert StandIn.objects.count() == 1


def test_enterprise_users_are_appointed_to_nothing() -> None:
    with pytest.raises(Refusal, match="单位用户"):
        appoint(unit_user("firm"), Role.CLERK)


def test_only_administrators_appoint() -> None:
    who, clerk = person("wang"), Actor.of_person(person("clerk", Role.SUPERVISOR))
    with pytest.raises(Refusal, match="只有系统管理员"):
        appointments.appoint(who, office=office(), role=Role.CLERK, since=SINCE, by=clerk, at=AT)
    administrator = Actor.of_person(person("admin", Role.ADMINISTRATOR))
    made = appointments.appoint(who, office=office(), role=Role.CLERK, since=SINCE, by=administrator, at=AT)
    assert made.made_by_label == "admin（admin）"


def test_somebody_always_remains_to_manage_people() -> None:
    one = person("one", Role.ADMINISTRATOR)
    with pytest.raises(Refusal, match="最后一名系统管理员"):
        appointments.end(one.appointments.get(), last_day=FRIDAY, by=SHELL)
    with pytest.raises(Refusal, match="最后一名系统管理员"):
        staff.set_active(one, False, by=SHELL, on=FRIDAY)
    two = person("two", Role.ADMINISTRATOR)
    with pytest.raises(Refusal, match="自己的账号"):
        staff.set_active(two, False, by=Actor.of_person(two), on=FRIDAY)
    staff.set_active(one, False, by=Actor.of_person(two), on=FRIDAY)
    with pytest.raises(Refusal, match="最后一名系统管理员"):
        appointments.end(two.appointments.get(), last_day=FRIDAY, by=SHELL)
    assert Person.objects.get(pk=one.pk).roles(FRIDAY) == frozenset()


@pytest.mark.django_db(transaction=True)
def test_of_two_appointments_at_the_same_moment_one_is_refused() -> None:
    who = person("wang")
    gate, outcomes = threading.Barrier(2, timeout=10), []

    def appoint_as(role: str) -> None:
        try:
            gate.wait()
            appointments.appoint(who, office=office(), role=role, since=SINCE, by=SHELL, at=AT)
            outcomes.append("appointed")
        except Refusal as refusal:
            outcomes.append("refused" if "互相排斥" in refusal.message else refusal.message)
        finally:
            connections.close_all()

    for _ in range(5):
        outcomes.clear()
        threads = [threading.Thread(target=appoint_as, args=(role,)) for role in (Role.CASHIER, Role.AUDITOR)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(outcomes) == ["appointed", "refused"]
        Appointment.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_go_at_the_same_moment_one_stays() -> None:
    held = [person(name, Role.ADMINISTRATOR).appointments.get() for name in ("one", "two")]
    gate, outcomes = threading.Barrier(2, timeout=10), []

    def go(appointment: Appointment) -> None:
        try:
            gate.wait()
            appointments.end(appointment, last_day=FRIDAY, by=SHELL)
            outcomes.append("gone")
        except Refusal as refusal:
            outcomes.append(refusal.message[:13])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=(appointment,)) for appointment in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["gone", "这是最后一名系统管理员，未"]


@pytest.mark.django_db(transaction=True)
def test_a_stand_in_and_an_appointment_at_the_same_moment_do_not_meet() -> None:
    absent, deputy = person("zhang", Role.CASHIER), person("li")
    gate, outcomes = threading.Barrier(2, timeout=10), []

    def carry_out(what: str) -> None:
        try:
            gate.wait()
            if what == "stand in":
                appointments.stand_in(
                    absent=absent, deputy=deputy, since=MONDAY, until=FRIDAY, reason="休假", by=SHELL, at=AT
                )
            else:
                appointments.appoint(deputy, office=office(), role=Role.AUDITOR, since=SINCE, by=SHELL, at=AT)
            outcomes.append("done")
        except Refusal:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=carry_out, args=(what,)) for what in ("stand in", "appoint")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["done", "refused"]
    assert len({held.role_class for held in Appointment.objects.filter(person=deputy)}) == 1
