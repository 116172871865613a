"""Whom a notice reaches: the telephone of a unit or a person, and the office that can be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caseworks.base.models import Notice
from caseworks.base.notices.recipients import Recipient
from caseworks.people.models import Office
from caseworks.registry.models import Unit, Worker

USCC = 18


def of(rows: Sequence[Notice]) -> Mapping[int, Recipient]:
    """The recipient of each notice by its key; an unknown subject has no number. Three queries, whatever the number."""
    subjects = {row.subject for row in rows}
    phones = dict(Unit.objects.filter(uscc__in=[s for s in subjects if len(s) == USCC]).values_list("uscc", "phone"))
    hashes = {bytes.fromhex(subject): subject for subject in subjects if len(subject) == 2 * 32}
    for digest, phone in Worker.objects.filter(id_hash__in=list(hashes)).values_list("id_hash", "phone"):
        phones[hashes[bytes(digest)]] = phone
    offices = Office.objects.in_bulk({row.office for row in rows})
    found = {}
    for row in rows:
        office = offices.get(row.office)
        found[row.pk] = Recipient(
            phones.get(row.subject, ""), office.issuer if office else "", office.phone if office else ""
        )
    return found
