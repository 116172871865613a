"""What an enterprise sees of itself: its unit and office, duties, messages, documents."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from caseworks.base.enums import NoticeChannel
from caseworks.base.models import Document, Notice, SealedScan
from caseworks.base.notices import recipients
from caseworks.base.panels import Duty, functions_of
from caseworks.cases.enums import Status
from caseworks.cases.models import Case, Hold
from caseworks.law import calendars
from caseworks.money import telling
from caseworks.people.models import Office
from caseworks.registry.models import Account, Unit


@dataclass(frozen=True)
class Who:
    """The unit that is acted for; the name is its code where the registry does not know it."""

    uscc: str
    name: str
    unit: Unit | None
    office: Office | None

    @property
    def phone(self) -> str:
        """Whom to call."""
        return (self.office.phone if self.office else "") or settings.HOTLINE


def who(uscc: str) -> Who:
    """The unit of a code, with its office."""
    unit = Unit.objects.select_related("office").defer("phone", "phone_hash").filter(uscc=uscc).first()
    return Who(uscc, unit.name if unit else uscc, unit, unit.office if unit else None)


def messages(uscc: str) -> QuerySet[Notice]:
    """What was sent to the unit, the newest first."""
    return Notice.objects.filter(subject=uscc, channel=NoticeChannel.PORTAL).order_by("-id").select_related("version")


@dataclass(frozen=True)
class Letter:
    """A message in words."""

    notice: Notice
    title: str
    body: str


def letters(rows: list[Notice]) -> list[Letter]:
    """Messages in words."""
    to = recipients.of(rows)
    return [Letter(row, *recipients.words(row, to[row.pk])) for row in rows]


def documents(uscc: str) -> QuerySet[Document]:
    """The papers that were written to the unit, the newest first, with their sealed scans."""
    scans = Prefetch("scans", SealedScan.objects.select_related("file").order_by("-pk"))
    return Document.objects.filter(subject=uscc).order_by("-id").select_related("file").prefetch_related(scans)


def duties(uscc: str, on: dt.date) -> list[Duty]:
    """What the unit must do, the most pressing first."""
    found = [
        *_account(uscc),
        *(
            duty
            for source in functions_of([*settings.SCHEMES, *settings.PANELS], "portal_duties")
            for duty in source(uscc, on)
        ),
    ]
    calendar = calendars.current() if any(duty.due_on for duty in found) else None
    dated = [
        dataclasses.replace(duty, left=calendar.working_days_between(on, duty.due_on))
        if calendar and duty.due_on
        else duty
        for duty in found
    ]
    return sorted(dated, key=lambda duty: (duty.due_on is None, duty.due_on or on))


def account_wanted(uscc: str) -> str:
    """Why another account is needed to pay the unit; blank where none is, or where one waits to be confirmed."""
    if Account.objects.waiting().filter(uscc=uscc).exists():
        return ""
    holds = Hold.objects.standing().filter(case__subject=uscc, kind__in=telling.WANTED).order_by("-id")
    reason = holds.values_list("reason", flat=True).first()
    if reason:
        return reason
    if Case.objects.filter(subject=uscc, status=Status.RETURNED).exists():
        return "最近一次拨付被银行退回，请更正收款账户。"
    return ""


def _account(uscc: str) -> Iterator[Duty]:
    wanted = account_wanted(uscc)
    if wanted:
        yield Duty("提交收款账户", wanted, url=reverse("portal:account"), action="提交账户", tone="red")
