"""Changed social-security cards: entered at the counter or brought by a file (`loading.cards`), confirmed or refused by
another person (N5.4, N6.2).

While one waits, nothing is paid to the person (the scheme tells the second check); the card in use stays until then.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from caseworks.base.errors import Refusal
from caseworks.base.sealed import lookup_hash
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.registry.enums import CardChangeStatus
from caseworks.registry.models import CardChange, Worker

UNCHANGED = "未作任何更改。"


@dataclass(frozen=True)
class Card:
    """A card as it is handed in; the account is digits only."""

    bank: str
    account: str
    active: bool


@dataclass(frozen=True)
class Decided:
    """What came of a decision: how many, and in words why not the others."""

    done: int
    left: list[str]


def office_of(worker: Worker) -> Office:
    """The office that looks after a person."""
    return Office.objects.get(pk=offices.place(worker.region).office_id)


def propose(worker: Worker, card: Card, *, source: str, by: Actor, at: datetime.datetime) -> CardChange:
    """Enter another card of a person, with where it was read: it waits for another person.

    Refusal without the right at the person's office, where the card is the one in use, or where another one waits.
    """
    if not source.strip():
        raise Refusal(f"请写明依据（如“本人出示社保卡，读卡核对”），{UNCHANGED}")
    with transaction.atomic():
        known = Worker.objects.select_for_update(no_key=True).get(pk=worker.pk)
        office = office_of(known)
        if by.person is None or not by.may("account.enter", office):
            raise Refusal(f"您没有为{office}的人员登记社保卡的权限，{UNCHANGED}请由经办人员办理。")
        digest = lookup_hash(card.account)
        same = known.card_hash is not None and bytes(known.card_hash) == digest
        if same and known.card_active == card.active and known.card_bank == card.bank.strip():
            raise Refusal(f"与登记的社保卡相同，{UNCHANGED}无需变更。")
        if CardChange.objects.waiting().filter(id_hash=known.id_hash).exists():
            raise Refusal(f"此人另有一笔社保卡变更待确认，{UNCHANGED}请先由另一人确认或退回。")
        return CardChange.objects.create(
            id_hash=known.id_hash, name=known.name, region=known.region, office=office,
            city_office_id=office.city_or_self_id, bank=card.bank.strip(), account=card.account, account_hash=digest,
            account_tail=card.account[-4:], active=card.active, before=known.card_account, before_hash=known.card_hash,
            before_tail=known.card_tail, source=source.strip()[:200], status=CardChangeStatus.PROPOSED,
            proposed_at=at, proposed_by=by.person, proposed_label=by.label,
        )  # fmt: skip


def confirm(ids: Iterable[int], *, by: Actor, at: datetime.datetime) -> Decided:
    """The cards of these changes come into use; one or thousands, those that cannot are told with the reason.

    Not where the registry has another card by now than the one that was to be replaced.
    """
    with transaction.atomic():
        ours, left = _taken(ids, by)
        done = _in_use(ours)
        left += [f"{row.name}：登记的社保卡在这笔变更之后已更新，请核对后退回" for row in ours if row.pk not in done]
        _decide(done, CardChangeStatus.CONFIRMED, by, at)
        return Decided(len(done), left)


def refuse(ids: Iterable[int], *, because: str, by: Actor, at: datetime.datetime) -> Decided:
    """The cards are not taken, for a reason; those in use stay."""
    if not because.strip():
        raise Refusal(f"请填写退回理由，{UNCHANGED}")
    with transaction.atomic():
        ours, left = _taken(ids, by)
        _decide([row.pk for row in ours], CardChangeStatus.REFUSED, by, at, because.strip()[:300])
        return Decided(len(ours), left)


def _taken(ids: Iterable[int], by: Actor) -> tuple[list[CardChange], list[str]]:
    """The changes under lock that this person may decide about, and why not the others."""
    rows = CardChange.objects.select_for_update(of=("self",)).select_related("office").filter(pk__in=list(ids))
    may: dict[int, bool] = {}
    ours, left = [], []
    for row in rows.defer("account", "before").order_by("pk"):
        if row.office_id not in may:
            may[row.office_id] = by.person is not None and by.may("registry.confirm", row.office)
        if row.status != CardChangeStatus.PROPOSED:
            left.append(f"{row.name}：已处理（{row.get_status_display()}）")
        elif not may[row.office_id]:
            left.append(f"{row.name}：您没有确认{row.office}社保卡变更的权限，请由复核人员办理")
        elif by.person is not None and by.person.pk == row.proposed_by_id:
            left.append(f"{row.name}：须由登记人以外的人员确认")
        else:
            ours.append(row)
    return ours, left


def _in_use(changes: list[CardChange]) -> list[int]:
    """Put the cards into use in one statement; the changes whose person still has the card that was to be replaced."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE registry_worker w SET card_bank = k.bank, card_account = k.account, card_hash = k.account_hash,
                      card_tail = k.account_tail, card_active = k.active
               FROM registry_cardchange k
               WHERE k.id = ANY(%s) AND w.id_hash = k.id_hash AND w.card_hash IS NOT DISTINCT FROM k.before_hash
               RETURNING k.id""",
            [[change.pk for change in changes]],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _decide(ids: list[int], status: CardChangeStatus, by: Actor, at: datetime.datetime, because: str = "") -> None:
    CardChange.objects.filter(pk__in=ids).update(
        status=status, decided_at=at, decided_by=by.person, decided_label=by.label, refused_because=because
    )
