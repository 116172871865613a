"""Whom a notice reaches (NOTICE_RECIPIENTS): those of the registry, and who objected, by the contact given there (N5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseworks.base.models import Notice
from caseworks.base.notices.recipients import Recipient
from caseworks.base.subjects import OBJECTOR
from caseworks.cases.models import Objection
from caseworks.registry import recipients

_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)")


def mobile_in(contact: str) -> str:
    """The first number in a contact that a short message can reach; blank where there is none."""
    found = _MOBILE.search(contact)
    return re.sub(r"\D", "", found.group()) if found else ""


def of(rows: Sequence[Notice]) -> Mapping[int, Recipient]:
    """The recipient of each notice by its key; a contact is opened for the message alone and kept in no notice."""
    found = dict(recipients.of(rows))
    numbers = {row.pk: int(row.subject.removeprefix(OBJECTOR)) for row in rows if row.subject.startswith(OBJECTOR)}
    if numbers:
        contacts = dict(Objection.objects.filter(pk__in=numbers.values()).values_list("pk", "contact"))
        for pk, objection in numbers.items():
            found[pk] = replace(found[pk], phone=mobile_in(contacts.get(objection, "")))
    return found
