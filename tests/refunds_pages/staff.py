"""A small bureau for tests of pages: the offices of the seed, staff by role, and a signed-in browser of Django's."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from caseworks.base.enums import Role
from caseworks.people import appointments, offices, staff
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person

AT = dt.datetime(2024, 6, 28, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SHELL = Actor.of_command("test")
PASSWORD = "Changbai-2024-fenxi"
NAMES = {
    "clerk": "王经办", "reviewer": "李复核", "approver": "张审批", "cashier": "刘财务", "supervisor": "陈主管",
    "auditor": "杨稽核", "administrator": "赵管理",
}  # fmt: skip


def make_person(role: str, office: str = "220000", username: str = "") -> Person:
    """Somebody of a role at an office of the seed, who may sign in with PASSWORD."""
    if not Office.objects.exists():
        offices.load_seed(SHELL)
    seat = Office.objects.get(code=office)
    person = staff.create(
        username or f"{role}-{office}", full_name=NAMES[role], office=seat, password=PASSWORD, must_change=False,
        by=SHELL, at=AT,
    )  # fmt: skip
    appointments.appoint(person, office=seat, role=Role(role), since=dt.date(2020, 1, 1), by=SHELL, at=AT)
    return person
