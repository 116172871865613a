"""Changed bank accounts: proposed by an import, the unit or a clerk at the counter, confirmed or refused by another person. (N5.1, N5.2)"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from caseworks.base.enums import AccountKind
from caseworks.base.errors import Refusal
from caseworks.base.sealed import lookup_hash
from caseworks.people.actors import Actor
from caseworks.people.scope import scope_of
from caseworks.registry.enums import AccountStatus
from caseworks.registry.models import Account, Unit
from caseworks.registry.names import former_names, name_key

UNCHANGED = "未作任何更改。"
OPEN = (AccountStatus.CURRENT, AccountStatus.PROPOSED)


@dataclass(frozen=True)
class Given:
    """An account as it is handed in; the number is digits only."""

    kind: str
    bank_name: str
    bank_code: str
    account_no: str
    account_name: str


def propose(
    uscc: str,
    *,
    bank_name: str,
    bank_code: str,
    account_no: str,
    account_name: str,
    by: Actor,
    at: datetime.datetime,
) -> Account:
    """A unit hands in its corporate account (N5.2): it waits for another person, in place of an earlier proposal.

    By an enterprise user for the own unit. The name must be the unit's; who has no corporate account is paid to the
    tax account, which comes from the tax office alone.
    """
    with transaction.atomic():
        unit = _unit(uscc)
        if by.person is None or uscc not in scope_of(by.person, timezone.localdate(at)).usccs:
            raise Refusal(f"您没有绑定该单位，{UNCHANGED}")
        given = Given(AccountKind.CORPORATE, bank_name, bank_code, account_no, account_name)
        return _proposed(unit, given, "", by=by, at=at)


def enter(
    uscc: str, given: Given, *, source: str, sourced_on: datetime.date, by: Actor, at: datetime.datetime
) -> Account:
    """A clerk enters an account at the counter with its source and date; it waits for another person (N5.2).

    A corporate account in the unit's name, or the tax account. Who may be paid to the latter is for the second check.
    """
    if not source.strip():
        raise Refusal(f"请写明账户的来源，{UNCHANGED}")
    if sourced_on > timezone.localdate(at):
        raise Refusal(f"来源日期 {sourced_on} 在今天之后，{UNCHANGED}请改正日期。")
    with transaction.atomic():
        unit = _unit(uscc)
        if not by.may("account.enter", unit.office):
            raise Refusal(f"您没有为{unit.office}的单位登记账户的权限，{UNCHANGED}请由经办人员办理。")
        return _proposed(unit, given, f"{source.strip()}，{sourced_on}"[:200], by=by, at=at)


def _unit(uscc: str) -> Unit:
    rows = Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("office")
    unit = rows.filter(uscc=uscc).first()
    if unit is None:
        raise Refusal(f"参保登记中没有该单位，{UNCHANGED}请与参保地经办机构联系。")
    return unit


def _proposed(unit: Unit, given: Given, source: str, *, by: Actor, at: datetime.datetime) -> Account:
    if given.kind == AccountKind.CORPORATE and name_key(given.account_name) not in {
        name_key(unit.name), *map(name_key, former_names(unit.former_names))
    }:  # fmt: skip
        raise Refusal(f"户名“{given.account_name}”与单位名称“{unit.name}”不一致，{UNCHANGED}请填写本单位的对公账户。")
    digest = lookup_hash(given.account_no)
    rows = Account.objects.filter(uscc=unit.uscc, kind=given.kind)
    known = {row.status: bytes(row.account_hash) for row in rows.filter(status__in=OPEN)}
    if digest in known.values():
        words = "在用账户" if known.get(AccountStatus.CURRENT) == digest else "已提交、待核实的账户"
        raise Refusal(f"该账号与{words}相同，{UNCHANGED}无需再次提交。")
    rows.filter(status=AccountStatus.PROPOSED).update(
        status=AccountStatus.SUPERSEDED, decided_at=at, decided_label=by.label
    )
    return Account.objects.create(
        uscc=unit.uscc,
        kind=given.kind,
        bank_name=given.bank_name.strip(),
        bank_code=given.bank_code,
        account_no=given.account_no,
        account_hash=digest,
        account_tail=given.account_no[-4:],
        account_name=given.account_name.strip(),
        source=source,
        status=AccountStatus.PROPOSED,
        proposed_at=at,
        proposed_by=by.person,
        proposed_label=by.label,
    )


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
