"""What every page of the desk needs: the person, the office, the menu with its counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from caseworks.base.enums import NoticeChannel, Role
from caseworks.base.models import Notice
from caseworks.desk.menu import Group, menu
from caseworks.desk.waiting import menu_counts
from caseworks.law.training import is_training
from caseworks.people.enums import PersonKind
from caseworks.people.models import Person

HOMES: dict[str, str] = {
    PersonKind.STAFF: "desk:home",
    PersonKind.UNIT: "portal:home",
    PersonKind.WORKER: settings.WORKER_HOME,
}


@dataclass(frozen=True)
class Shell:
    """The frame of a page: top bar and menu."""

    training: bool = False
    person: str = ""
    office: str = ""
    roles: str = ""
    menu: list[Group] = field(default_factory=list)
    home: str = "/"
    login_url: str = ""
    logout_url: str = ""
    password_url: str = ""
    portal: Portal | None = None


@dataclass(frozen=True)
class Portal:
    """The unit that an enterprise user acts for, and how many messages wait to be read."""

    uscc: str
    unread: int
    several: bool


def shell(request: HttpRequest) -> dict[str, object]:
    """The frame for whoever asks; htmx fragments need none."""
    if getattr(request, "htmx", False):
        return {}
    match = request.resolver_match
    if match is not None and "public" in match.namespaces:  # pages for anybody know nobody, so that they may be cached
        return {"shell": Shell(login_url=_address("people:login"), training=is_training())}
    user = getattr(request, "user", None)
    if not isinstance(user, Person):
        return {"shell": Shell(login_url=_address("people:login"), training=is_training())}
    on = timezone.localdate()
    staff = user.kind == "staff"
    # A message says that something was just done: then the counts are taken afresh.
    counts = menu_counts(user, on, fresh=len(get_messages(request)) > 0) if staff else {}
    return {
        "shell": Shell(
            training=is_training(),
            person=user.full_name or user.username,
            office=_office(user, on),
            roles=_roles(user, on) if staff else str(user.get_kind_display()),
            menu=menu(user.has_perm, request.path, counts, admin=user.is_staff) if staff else [],
            home=_address(HOMES[user.kind]),
            portal=None if staff else _portal(user, getattr(request, "uscc", "")),
            logout_url=_address("people:logout"),
            password_url="" if user.kind == PersonKind.WORKER else _address("people:password_change"),
        )
    }


def _portal(person: Person, uscc: str) -> Portal | None:
    if not uscc:
        return None
    unread = Notice.objects.filter(subject=uscc, channel=NoticeChannel.PORTAL, read_at__isnull=True).count()
    return Portal(uscc, unread, person.units.count() > 1)


def _office(person: Person, on: dt.date) -> str:
    """The office's name, taken from the appointments, which are read anyway."""
    near = (held.office for held in person.holdings(on) if held.office_id == person.office_id)
    office = next(near, None) or person.office
    return office.name if office else ""


def _roles(person: Person, on: dt.date) -> str:
    held = person.roles(on)
    return "、".join(role.label for role in Role if role in held)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
