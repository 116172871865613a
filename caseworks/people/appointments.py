"""Appointing people, ending appointments, and standing in for somebody. (N6.2)

The constraints of `models.Appointment` decide; a breach is turned into words here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import Q

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal

from .actors import Actor
from .enums import CLASS_OF_ROLE, PersonKind
from .models import Appointment, Office, Person, StandIn

_WORDS = {
    "appointment_one_class_at_a_time": (
        "{name}在同一时期不能兼任互相排斥的角色：系统管理、稽核与业务角色（经办、复核、审批、财务、主管）三类只能任一类。"
        "未作任何更改。请先结束原任职，或另选人员。"
    ),
    "appointment_once_at_a_time": "{name}在该机构已担任该角色，未作任何更改。",
    "appointment_begins_before_it_ends": "截止日早于起始日，未作任何更改。请更正日期。",
    "stand_in_begins_before_it_ends": "截止日早于起始日，未作任何更改。请更正日期。",
    "stand_in_is_another_person": "代理人不能是本人，未作任何更改。请另选人员。",
    "stand_in_once_a_day": "{name}在这段日期内已代理同一人，未作任何更改。",
}


@contextmanager
def in_words(name: str) -> Iterator[None]:
    """Turn a breach of a constraint into what a person reads."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        words = _WORDS.get(getattr(diagnosis, "constraint_name", None) or "")
        if words is None:
            raise
        raise Refusal(words.format(name=name)) from error


def _check_may(by: Actor) -> None:
    if not by.may("people.manage"):
        raise Refusal("只有系统管理员可以办理任职和代理，未作任何更改。")


def _lock(*people: Person) -> None:
    """Take the people's rows in one order, so that appointing and standing in wait for each other."""
    list(Person.objects.select_for_update().filter(pk__in=[person.pk for person in people]).order_by("pk"))


@transaction.atomic
def appoint(
    person: Person,
    *,
    office: Office,
    role: str,
    since: datetime.date,
    until: datetime.date | None = None,
    by: Actor,
    at: datetime.datetime,
) -> Appointment:
    """Appoint somebody to a role at an office from a day on (to a day, where one is given)."""
    _check_may(by)
    if person.kind != PersonKind.STAFF:
        raise Refusal(f"{person}是单位用户，不能担任工作人员角色，未作任何更改。")
    _lock(person)
    with in_words(str(person)):
        made = Appointment.objects.create(
            person=person,
            office=office,
            role=role,
            role_class=CLASS_OF_ROLE[role],
            since=since,
            until=until,
            made_by_label=by.label,
            made_at=at,
        )
    for standing in StandIn.objects.filter(absent=person, until__gte=since).select_related("deputy"):
        _lend(standing, made, by=by, at=at)
    person.forget_holdings()
    return made


@transaction.atomic
def end(appointment: Appointment, *, last_day: datetime.date, by: Actor) -> Appointment:
    """End an appointment; the last day still counts. What a stand-in lent of it ends with it."""
    _check_may(by)
    if appointment.role == Role.ADMINISTRATOR:
        check_another_administrator(appointment.person, last_day)
    _lock(appointment.person)
    appointment = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if appointment.stand_in_id is not None:
        raise Refusal("这是代理带来的角色，请结束代理，未作任何更改。")
    if appointment.until is not None and appointment.until <= last_day:
        raise Refusal(f"该任职已于{appointment.until}结束，未作任何更改。")
    lent = Appointment.objects.filter(
        stand_in__absent=appointment.person, office=appointment.office, role=appointment.role
    )
    lent.filter(since__gt=last_day).delete()
    lent.filter(Q(until__isnull=True) | Q(until__gt=last_day)).update(until=last_day, ended_by_label=by.label)
    with in_words(str(appointment.person)):
        if last_day < appointment.since:
            raise Refusal(f"截止日早于该任职的起始日{appointment.since}，未作任何更改。请更正日期。")
        appointment.until, appointment.ended_by_label = last_day, by.label
        appointment.save(update_fields=["until", "ended_by_label"])
    return appointment


def check_another_administrator(person: Person, last_day: datetime.date) -> None:
    """Refuse what would leave nobody to manage people."""
    administrators = Appointment.objects.filter(role=Role.ADMINISTRATOR).own()
    list(administrators.select_for_update().order_by("pk"))  # two who go at the same moment wait for each other
    left = administrators.filter(Q(until__isnull=True) | Q(until__gt=last_day), person__is_active=True)
    if not left.exclude(person=person).exists():
        raise Refusal("这是最后一名系统管理员，未作任何更改。请先任命另一名系统管理员。")


def _lend(standing: StandIn, held: Appointment, *, by: Actor, at: datetime.datetime) -> None:
    """Give the deputy one of the absent person's roles for the days both hold."""
    since = max(standing.since, held.since)
    until = min(standing.until, held.until) if held.until else standing.until
    if since > until:
        return
    with in_words(str(standing.deputy)):
        Appointment.objects.create(
            person=standing.deputy,
            office=held.office,
            role=held.role,
            role_class=held.role_class,
            since=since,
            until=until,
            stand_in=standing,
            made_by_label=by.label,
            made_at=at,
        )
    standing.deputy.forget_holdings()


@transaction.atomic
def stand_in(
    *,
    absent: Person,
    deputy: Person,
    since: datetime.date,
    until: datetime.date,
    reason: str,
    by: Actor,
    at: datetime.datetime,
) -> StandIn:
    """Have a deputy work in the absent person's own roles exactly from a day to a day."""
    _check_may(by)
    for person in (absent, deputy):
        if person.kind != PersonKind.STAFF or not person.is_active:
            raise Refusal(f"{person}不是在用的工作人员，未作任何更改。")
    if not reason.strip():
        raise Refusal("请填写代理事由，未作任何更改。")
    _lock(absent, deputy)
    with in_words(str(deputy)):
        standing = StandIn.objects.create(
            absent=absent,
            deputy=deputy,
            since=since,
            until=until,
            reason=reason.strip(),
            made_by=by.person,
            made_by_label=by.label,
            made_at=at,
        )
    own = Appointment.objects.filter(person=absent, since__lte=until).own()
    held = list(own.filter(Q(until__isnull=True) | Q(until__gte=since)).select_related("office"))
    if not held:
        raise Refusal(f"{absent}在这段日期内没有任何角色，无需代理，未作任何更改。")
    for appointment in held:
        _lend(standing, appointment, by=by, at=at)
    return standing


@transaction.atomic
def end_stand_in(standing: StandIn, *, last_day: datetime.date, by: Actor) -> StandIn:
    """End a stand-in earlier; the last day still counts."""
    _check_may(by)
    _lock(standing.absent, standing.deputy)
    standing = StandIn.objects.select_for_update().get(pk=standing.pk)
    if not standing.since <= last_day < standing.until:
        raise Refusal(f"代理只能在{standing.since}至{standing.until}之间提前结束，未作任何更改。")
    standing.lent.filter(since__gt=last_day).delete()
    standing.lent.filter(until__gt=last_day).update(until=last_day, ended_by_label=by.label)
    standing.until = last_day
    standing.save(update_fields=["until"])
    return standing
