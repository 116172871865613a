"""无对公账户声明: entered by one person with source and date, confirmed by another, then the tax account may be paid (N5.2).

For one unit or for thousands, all or none. A corporate account that is in use or proposed speaks against it.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from caseworks.base import files
from caseworks.base.enums import AccountKind
from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.registry.enums import AccountStatus, DeclarationStatus
from caseworks.registry.models import Account, AccountDeclaration, Unit

UNCHANGED = "未作任何更改。"
NAMED = 10  # so many units are named in a refusal
STANDING = (DeclarationStatus.PROPOSED, DeclarationStatus.CONFIRMED)
USED = (AccountStatus.CURRENT, AccountStatus.PROPOSED)


def wanting() -> QuerySet[Unit]:
    """Units that have a tax account and no corporate one, and have not declared that they have none."""
    accounts = Account.objects.filter(uscc=OuterRef("uscc"))
    return Unit.objects.filter(
        Exists(accounts.filter(kind=AccountKind.TAX, status=AccountStatus.CURRENT)),
        ~Exists(accounts.filter(kind=AccountKind.CORPORATE, status__in=USED)),
        ~Exists(AccountDeclaration.objects.filter(uscc=OuterRef("uscc"), status__in=STANDING)),
    )


def declare(
    usccs: Iterable[str],
    *,
    source: str,
    declared_on: datetime.date,
    by: Actor,
    at: datetime.datetime,
    file: Accepted | None = None,
) -> int:
    """Enter the declarations of these units; another person confirms them. Returns how many."""
    source, wanted = source.strip(), sorted(set(usccs))
    if not source:
        raise Refusal(f"请写明声明的来源（如单位书面声明），{UNCHANGED}")
    if declared_on > timezone.localdate(at):
        raise Refusal(f"声明日期 {declared_on} 在今天之后，{UNCHANGED}请改正日期。")
    with transaction.atomic():
        units = list(Unit.objects.select_for_update(no_key=True).filter(uscc__in=wanted).order_by("uscc"))
        if not units or len(units) != len(wanted):
            raise Refusal(f"没有选中单位，或其中有的不在参保登记中，{UNCHANGED}请刷新后重试。")
        _may("account.declare", units, "登记声明", by)
        _without_corporate(units)
        known = AccountDeclaration.objects.filter(uscc__in=wanted, status__in=STANDING).values_list("uscc", flat=True)
        _none_of(units, set(known), "已有声明在办或有效")
        kept = files.store(file, label=by.label, at=at) if file else None
        AccountDeclaration.objects.bulk_create(
            [
                AccountDeclaration(
                    uscc=unit.uscc,
                    source=source[:200],
                    declared_on=declared_on,
                    file=kept,
                    status=DeclarationStatus.PROPOSED,
                    proposed_at=at,
                    proposed_by=by.person,
                    proposed_label=by.label,
                )
                for unit in units
            ],
            batch_size=2000,
        )
    return len(units)


def confirm(ids: Iterable[int], *, by: Actor, at: datetime.datetime) -> int:
    """Another person says that it is so; a corporate account that came in between speaks against it. All or none."""
    with transaction.atomic():
        rows, units = _take(ids, DeclarationStatus.PROPOSED, "确认", by)
        _without_corporate(units)
        return _decide(rows, DeclarationStatus.CONFIRMED, "", by, at)


def refuse(ids: Iterable[int], *, because: str, by: Actor, at: datetime.datetime) -> int:
    """They are not taken; they may be entered anew."""
    return _end(ids, DeclarationStatus.PROPOSED, DeclarationStatus.REFUSED, "退回", because, by, at)


def end(ids: Iterable[int], *, because: str, by: Actor, at: datetime.datetime) -> int:
    """They hold no longer: the tax accounts are not paid until they are declared anew."""
    return _end(ids, DeclarationStatus.CONFIRMED, DeclarationStatus.ENDED, "终止", because, by, at)


def _end(
    ids: Iterable[int], before: DeclarationStatus, after: DeclarationStatus, verb: str, because: str, by: Actor,
    at: datetime.datetime,
) -> int:  # fmt: skip
    because = because.strip()
    if not because:
        raise Refusal(f"请填写{verb}理由，{UNCHANGED}")
    with transaction.atomic():
        rows, _ = _take(ids, before, verb, by)
        return _decide(rows, after, because[:300], by, at)


def _take(
    ids: Iterable[int], status: DeclarationStatus, verb: str, by: Actor
) -> tuple[list[AccountDeclaration], list[Unit]]:
    wanted = set(ids)
    rows = list(AccountDeclaration.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if not rows or len(rows) != len(wanted) or any(row.status != status for row in rows):
        raise Refusal(f"没有选中声明，或其中有的已被处理，{UNCHANGED}请刷新后重试。")
    units = list(Unit.objects.filter(uscc__in=[row.uscc for row in rows]).order_by("uscc"))
    _may("registry.confirm", units, f"{verb}声明", by)
    if by.person is not None and any(row.proposed_by_id == by.person.pk for row in rows):
        raise Refusal(f"声明须由登记人以外的人{verb}，{UNCHANGED}")
    return rows, units


def _decide(
    rows: Collection[AccountDeclaration], status: DeclarationStatus, because: str, by: Actor, at: datetime.datetime
) -> int:
    taken = AccountDeclaration.objects.filter(pk__in=[row.pk for row in rows])
    return taken.update(status=status, because=because, decided_at=at, decided_by=by.person, decided_label=by.label)


def _may(permission: str, units: Iterable[Unit], verb: str, by: Actor) -> None:
    offices = Office.objects.filter(pk__in={unit.office_id for unit in units}).order_by("code")
    barred = [office.name for office in offices if not by.may(permission, office)]
    if barred:
        raise Refusal(f"您没有对{'、'.join(barred[:NAMED])}的单位{verb}的权限，{UNCHANGED}")


def _without_corporate(units: Iterable[Unit]) -> None:
    found = Account.objects.filter(
        uscc__in=[unit.uscc for unit in units], kind=AccountKind.CORPORATE, status__in=USED
    ).values_list("uscc", flat=True)
    _none_of(units, set(found), "已有对公账户（在用或待确认）")


def _none_of(units: Iterable[Unit], found: set[str], words: str) -> None:
    named = [unit.name for unit in units if unit.uscc in found]
    if named:
        more = " 等" if len(named) > NAMED else ""
        raise Refusal(f"{len(named)} 户{words}，未作任何更改：{'、'.join(named[:NAMED])}{more}。")
