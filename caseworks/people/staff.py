"""People: making them, giving passwords, taking them out of service, binding users to units."""

from __future__ import annotations

import datetime
import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import normalise, uscc_problem

from . import appointments, offices
from .actors import Actor
from .enums import PersonKind
from .models import Appointment, Office, Person, UnitAccount

# Without letters and digits that are taken for one another when read aloud.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def fresh_password() -> str:
    """A first password to hand over; the person changes it at the first sign-in."""
    while True:
        password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
        if any(char.isdigit() for char in password) and any(char.isalpha() for char in password):
            return password


def _check_may(by: Actor) -> None:
    if not by.may("people.manage"):
        raise Refusal("只有系统管理员可以维护人员，未作任何更改。")


@transaction.atomic
def create(
    username: str,
    *,
    full_name: str,
    office: Office | None = None,
    kind: str = PersonKind.STAFF,
    phone: str = "",
    password: str | None = None,
    must_change: bool = True,
    by: Actor,
    at: datetime.datetime,
) -> Person:
    """Make a person. Without a password nobody can sign in as them until one is given."""
    _check_may(by)
    if kind == PersonKind.UNIT and office is not None:
        raise Refusal("单位用户没有所在机构，未作任何更改。请清空所在机构。")
    person = Person(
        username=username, full_name=full_name, office=office, kind=kind, phone=phone, must_change_password=must_change
    )
    _give(person, password, at)
    try:
        person.clean_fields(exclude=["password"])
        with transaction.atomic():
            person.save()
    except ValidationError as error:
        raise Refusal("人员信息不完整或不正确，未作任何更改。", error.messages) from error
    except IntegrityError as error:
        if "person_username_once" in str(error) or "username" in str(error):
            raise Refusal(f"用户名 {username} 已有人使用，未作任何更改。请换一个用户名。") from error
        raise
    return person


def make_worker(username: str, *, full_name: str) -> Person:
    """A worker's own user, known by a code sent to the registered phone: no password, no office, no roles. (J4.2)"""
    person = Person(username=username, full_name=full_name, kind=PersonKind.WORKER, must_change_password=False)
    person.set_unusable_password()
    person.save()
    return person


def _give(person: Person, password: str | None, at: datetime.datetime) -> None:
    if password is None:
        person.set_unusable_password()
        return
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refusal("密码不符合要求，未作任何更改。", error.messages) from error
    person.set_password(password)
    person.password_changed_at = at


@transaction.atomic
def reset_password(person: Person, *, by: Actor, at: datetime.datetime) -> str:
    """Give a fresh first password, to be changed at the next sign-in; returned once and kept nowhere."""
    _check_may(by)
    person = Person.objects.select_for_update().get(pk=person.pk)
    password = fresh_password()
    _give(person, password, at)
    person.must_change_password = True
    person.save(update_fields=["password", "password_changed_at", "must_change_password"])
    return password


@transaction.atomic
def change_own_password(person: Person, password: str, *, at: datetime.datetime) -> None:
    """The person's own new password, checked by the form against the rules."""
    _give(person, password, at)
    person.must_change_password = False
    person.save(update_fields=["password", "password_changed_at", "must_change_password"])


@transaction.atomic
def set_active(person: Person, active: bool, *, by: Actor, on: datetime.date) -> None:
    """Take a person out of service or back; their records stay."""
    _check_may(by)
    if by.person is not None and by.person.pk == person.pk:
        raise Refusal("不能停用或启用自己的账号，未作任何更改。请由另一名系统管理员办理。")
    if not active and Appointment.objects.running(on).filter(person=person, role=Role.ADMINISTRATOR).exists():
        appointments.check_another_administrator(person, on)
    Person.objects.filter(pk=person.pk).update(is_active=active)
    person.is_active = active
    person.forget_holdings()


@transaction.atomic
def change(
    person: Person,
    *,
    full_name: str,
    office: Office | None,
    phone: str,
    active: bool,
    by: Actor,
    on: datetime.date,
) -> Person:
    """Change a person's particulars, and whether they are in service; roles are changed by appointments."""
    _check_may(by)
    before = Person.objects.select_for_update().get(pk=person.pk)
    if before.kind == PersonKind.UNIT and office is not None:
        raise Refusal("单位用户没有所在机构，未作任何更改。请清空所在机构。")
    before.full_name, before.office, before.phone = full_name, office, phone
    before.save(update_fields=["full_name", "office", "phone"])
    if before.is_active != active:
        set_active(before, active, by=by, on=on)
    return before


@transaction.atomic
def make_administrator(username: str, *, by: Actor, at: datetime.datetime, on: datetime.date) -> tuple[Person, str]:
    """The first administrator of a new bureau, with the password to hand over (`setup --administrator NAME`)."""
    if Appointment.objects.running(on).filter(role=Role.ADMINISTRATOR, person__is_active=True).exists():
        raise Refusal("已有系统管理员，未作任何更改。请由系统管理员在管理页面中添加人员。")
    office = offices.root()
    password = fresh_password()
    person = create(username, full_name=username, office=office, password=password, by=by, at=at)
    appointments.appoint(person, office=office, role=Role.ADMINISTRATOR, since=on, by=by, at=at)
    return person, password


@transaction.atomic
def bind_unit(person: Person, uscc: str, *, by: Actor, at: datetime.datetime) -> UnitAccount:
    """Let an enterprise user see a unit; the same again is unchanged."""
    _check_may(by)
    if person.kind != PersonKind.UNIT:
        raise Refusal(f"{person}是工作人员，不能绑定单位，未作任何更改。")
    code = normalise(uscc, identifier=True)
    problem = uscc_problem(code)
    if problem:
        raise Refusal(f"{problem}，未作任何更改。请核对后重新填写。")
    account, _ = UnitAccount.objects.get_or_create(
        person=person, uscc=code, defaults={"made_by_label": by.label, "made_at": at}
    )
    return account
