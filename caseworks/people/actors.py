"""Who does something: a person at a page, or an operating-system user at a command."""

from __future__ import annotations

import datetime
import os
import pwd
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from .models import Office, Person
from .permissions import granted, roles_for
from .scope import scope_of


@dataclass(frozen=True)
class Actor:
    """The one by whom an operation is done; goes with it into every record."""

    person: Person | None = None
    os_user: str = ""
    command: str = ""
    address: str | None = None

    @classmethod
    def of_request(cls, request: HttpRequest) -> Actor:
        """The signed-in person of a request."""
        from .sign_ins import address_of

        if not isinstance(request.user, Person):
            raise PermissionError("nobody is signed in")
        return cls(person=request.user, address=address_of(request))

    @classmethod
    def of_person(cls, person: Person) -> Actor:
        """A person without a request: tasks that go on for somebody, training, tests."""
        return cls(person=person)

    @classmethod
    def of_command(cls, name: str) -> Actor:
        """The operating-system user at `manage.py <name>`."""
        try:
            user = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            user = str(os.geteuid())
        return cls(os_user=user, command=name)

    @property
    def label(self) -> str:
        """As records name it."""
        if self.person is not None:
            return f"{self.person}（{self.person.username}）"
        return f"os:{self.os_user} manage.py {self.command}"

    def __str__(self) -> str:
        return self.label

    def may(self, permission: str, office: Office | None = None, on: datetime.date | None = None) -> bool:
        """Whether the permission is held (for the office's rows); operators at a command may do everything."""
        if self.person is None:
            roles_for(permission)
            return True
        day = on or timezone.localdate()
        if office is None:
            return granted(self.person.roles(day), permission)
        return scope_of(self.person, day, permission).covers(office)
