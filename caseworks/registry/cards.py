"""Changed social-security cards: entered by a clerk at the counter, confirmed or refused by another person (N5.4, N6.2).

While one waits, nothing is paid to the person (the scheme tells the second check); the card in use stays until then.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import transaction

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
            proposed_at=at, proposed_by=by.person,
        )  # fmt: skip


def confirm(change: CardChange, *, by: Actor, at: datetime.datetime) -> CardChange:
    """The card comes into use; refused where the registry has another card by now than the one that was to be replaced."""
    with transaction.atomic():
        taken = _taken(change, by)
        worker = Worker.objects.select_for_update(no_key=True).get(id_hash=taken.id_hash)
        if worker.card_hash != taken.before_hash:
            raise Refusal(f"登记的社保卡在这笔变更之后已由导入更新，{UNCHANGED}请核对后退回，需要时重新登记。")
        Worker.objects.filter(pk=worker.pk).update(
            card_bank=taken.bank, card_account=taken.account, card_hash=taken.account_hash,
            card_tail=taken.account_tail, card_active=taken.active,
        )  # fmt: skip
        return _decided(taken, CardChangeStatus.CONFIRMED, by, at)


def refuse(change: CardChange, *, because: str, by: Actor, at: datetime.datetime) -> CardChange:
    """The card is not taken, for a reason; the one in use stays."""
    if not because.strip():
        raise Refusal(f"请填写退回理由，{UNCHANGED}")
    with transaction.atomic():
        taken = _taken(change, by)
        taken.refused_because = because.strip()[:300]
        return _decided(taken, CardChangeStatus.REFUSED, by, at)


def _taken(change: CardChange, by: Actor) -> CardChange:
    taken = CardChange.objects.select_for_update(of=("self",)).select_related("office").get(pk=change.pk)
    if taken.status != CardChangeStatus.PROPOSED:
        raise Refusal(f"这笔变更已处理（{taken.get_status_display()}），{UNCHANGED}请刷新后查看。")
    if by.person is None or not by.may("registry.confirm", taken.office):
        raise Refusal(f"您没有确认{taken.office}社保卡变更的权限，{UNCHANGED}请由复核人员办理。")
    if by.person.pk == taken.proposed_by_id:
        raise Refusal(f"社保卡变更须由登记人以外的人员确认，{UNCHANGED}")
    return taken


def _decided(taken: CardChange, status: CardChangeStatus, by: Actor, at: datetime.datetime) -> CardChange:
    taken.status, taken.decided_at, taken.decided_by = status, at, by.person
    taken.save(update_fields=["status", "decided_at", "decided_by", "refused_because"])
    return taken
