"""Who may do what with an agency's matters: staff by their role at its office, an enterprise user for the own unit."""

from __future__ import annotations

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.people.enums import PersonKind
from caseworks.people.models import Office


def is_agency(by: Actor, uscc: str) -> bool:
    """Is this an enterprise user bound to the unit?"""
    person = by.person
    return person is not None and person.kind == PersonKind.UNIT and person.units.filter(uscc=uscc).exists()


def require(by: Actor, permission: str, office_id: int, *, agency: str = "") -> None:
    """Refuse where neither the role nor, where `agency` is given, the binding to that unit allows it."""
    if agency and is_agency(by, agency):
        return
    office = Office.objects.get(pk=office_id)
    if not by.may(permission, office):
        raise Refusal(f"您没有对{office}的派遣单位办理此事的权限，未作任何更改。请由有权限的人员办理。")


def named(by: Actor) -> int:
    """The person who signs; a command or the clock cannot."""
    if by.person is None:
        raise Refusal("须由具名的工作人员办理，未作任何更改。")
    return by.person.pk
