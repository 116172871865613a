"""Changed bank accounts: proposed by an import, confirmed or refused by another person. (N5.1, N5.2)"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.registry.enums import AccountStatus
from caseworks.registry.models import Account, Unit

UNCHANGED = "未作任何更改。"


def _take(account: Account, by: Actor) -> Account:
    """The proposal under lock, if this person may decide about it."""
    taken = Account.objects.select_for_update().get(pk=account.pk)
    if taken.status != AccountStatus.PROPOSED:
        raise Refusal(f"该账户变更已处理（{taken.get_status_display()}），{UNCHANGED}请刷新后查看。")
    unit = Unit.objects.select_related("office").filter(uscc=taken.uscc).first()
    if not by.may("registry.confirm", unit.office if unit else None):
        raise Refusal(f"没有确认该单位账户变更的权限，{UNCHANGED}")
    if by.person is not None and by.person.pk == taken.proposed_by_id:
        raise Refusal(f"账户变更须由提出人以外的人员确认，{UNCHANGED}")
    return taken


def confirm(account: Account, *, by: Actor, at: datetime.datetime) -> Account:
    """The proposed account comes into use in place of the one before."""
    with transaction.atomic():
        taken = _take(account, by)
        Account.objects.filter(uscc=taken.uscc, kind=taken.kind, status=AccountStatus.CURRENT).update(
            status=AccountStatus.SUPERSEDED, decided_at=at, decided_label=by.label
        )
        return _decide(taken, AccountStatus.CURRENT, by, at)


def refuse(account: Account, *, because: str, by: Actor, at: datetime.datetime) -> Account:
    """The proposed account is not taken; the one in use stays, and the same account is not proposed again."""
    because = because.strip()
    if not because:
        raise Refusal(f"请填写退回理由。{UNCHANGED}")
    with transaction.atomic():
        taken = _take(account, by)
        taken.refused_because = because[:300]
        return _decide(taken, AccountStatus.REFUSED, by, at)


def confirm_all(accounts: Iterable[Account], *, by: Actor, at: datetime.datetime) -> int:
    """Confirm several, all or none."""
    with transaction.atomic():
        return len([confirm(account, by=by, at=at) for account in accounts])


def _decide(account: Account, status: AccountStatus, by: Actor, at: datetime.datetime) -> Account:
    account.status, account.decided_at = status, at
    account.confirmed_by, account.decided_label = by.person, by.label
    account.save(update_fields=["status", "decided_at", "confirmed_by", "decided_label", "refused_because"])
    return account
