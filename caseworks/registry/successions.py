"""承继: entered by a clerk with date and document, confirmed by another person; revoked with a reason.

What follows from it for a judgement is the scheme's matter: `refunds.successions` confirms and judges again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted, store
from caseworks.base.identifiers import normalise
from caseworks.people.actors import Actor
from caseworks.registry.enums import SuccessionStatus
from caseworks.registry.models import Succession, Unit
from caseworks.registry.names import SEPARATOR, former_names, name_key

UNCHANGED = "未作任何更改。"


def propose(
    *,
    predecessor: str,
    successor: str,
    effective_on: datetime.date,
    document_no: str,
    file: Accepted,
    by: Actor,
    at: datetime.datetime,
    note: str = "",
) -> Succession:
    """Enter that a unit goes on as another from a day on; it counts once another person has confirmed it."""
    if not document_no.strip():
        raise Refusal(f"请写明依据文号（如登记机关的准予登记通知书），{UNCHANGED}")
    if effective_on > timezone.localdate(at):
        raise Refusal(f"承继日期 {effective_on} 在今天之后，{UNCHANGED}请改正日期。")
    try:
        with transaction.atomic():
            old, new = _unit(predecessor), _unit(successor)
            if old.uscc == new.uscc:
                raise Refusal(f"被承继单位和承继单位是同一个代码，{UNCHANGED}")
            _may("succession.propose", (old, new), "登记", by)
            _refuse_circle(old.uscc, new.uscc)
            return Succession.objects.create(
                predecessor=old.uscc,
                predecessor_name=old.name,
                predecessor_key=SEPARATOR.join(
                    name_key(name) for name in (old.name, *former_names(old.former_names))
                )[:1200],
                successor=new.uscc,
                successor_name=new.name,
                office_id=new.office_id,
                city_office_id=new.city_office_id,
                effective_on=effective_on,
                document_no=document_no.strip()[:100],
                note=note.strip(),
                file=store(file, label=by.label, at=at),
                status=SuccessionStatus.PROPOSED,
                proposed_by=by.person,
                proposed_label=by.label,
                proposed_at=at,
            )  # fmt: skip
    except IntegrityError as problem:
        if "succession_one_successor" in str(problem):
            raise Refusal(f"该单位已有一条承继登记（待确认或有效），{UNCHANGED}请先处理那一条。") from problem
        raise


def confirm(row: Succession, *, by: Actor, at: datetime.datetime, note: str = "") -> Succession:
    """Another person says that it is so. Joins the caller's transaction."""
    with transaction.atomic():
        taken = _taken(row, SuccessionStatus.PROPOSED, "确认", by)
        _refuse_circle(taken.predecessor, taken.successor)
        return _decided(taken, SuccessionStatus.CONFIRMED, by, at, note)


def refuse(row: Succession, *, by: Actor, at: datetime.datetime, note: str) -> Succession:
    """Another person does not confirm, and says why."""
    if not note.strip():
        raise Refusal(f"请写明不予确认的原因，{UNCHANGED}")
    with transaction.atomic():
        return _decided(_taken(row, SuccessionStatus.PROPOSED, "退回", by), SuccessionStatus.REFUSED, by, at, note)


def revoke(row: Succession, *, by: Actor, at: datetime.datetime, because: str) -> Succession:
    """It was wrong: it holds no longer. By another person than who entered it. Joins the caller's transaction."""
    if not because.strip():
        raise Refusal(f"请写明撤销理由，{UNCHANGED}")
    with transaction.atomic():
        taken = _taken(row, SuccessionStatus.CONFIRMED, "撤销", by)
        taken.status = SuccessionStatus.REVOKED
        taken.revoked_label, taken.revoked_at, taken.revoked_because = by.label, at, because.strip()[:500]
        taken.save(update_fields=["status", "revoked_label", "revoked_at", "revoked_because"])
        return taken


def edges(on: datetime.date | None = None) -> dict[str, str]:
    """Predecessor → successor, of all that hold (on a day)."""
    rows = Succession.objects.confirmed()
    if on is not None:
        rows = rows.filter(effective_on__lte=on)
    return dict(rows.order_by("predecessor").values_list("predecessor", "successor"))


def with_heirs(usccs: Iterable[str]) -> set[str]:
    """These units and whoever took them over, and those in turn: what is corrected of one is corrected of its heir."""
    found, known = set(usccs), edges()
    for uscc in list(found):
        while uscc in known:
            uscc = known[uscc]
            found.add(uscc)
    return found


def names_taken_over(usccs: Iterable[str]) -> dict[str, list[str]]:
    """The names of the predecessors of these units, and what those were called before: they lead to the successor."""
    known = edges()
    wanted = set(usccs)
    lines: dict[str, list[str]] = {}
    for old in known:
        heir = old
        while heir in known:
            heir = known[heir]
        if heir in wanted:
            lines.setdefault(heir, []).append(old)
    old_usccs = {old for found in lines.values() for old in found}
    said = {
        row.predecessor: row.predecessor_name
        for row in Succession.objects.confirmed().filter(predecessor__in=old_usccs)
    }  # fmt: skip
    former = dict(Unit.objects.filter(uscc__in=old_usccs).values_list("uscc", "former_names"))
    return {
        heir: [name for old in sorted(found) for name in (said[old], *former_names(former.get(old, "")))]
        for heir, found in lines.items()
    }


# -- pieces


def _unit(text: str) -> Unit:
    code = normalise(text, identifier=True)
    unit = Unit.objects.select_related("office").filter(uscc=code).first()
    if unit is None:
        raise Refusal(f"参保单位中没有代码 {code}，{UNCHANGED}请核对。")
    return unit


def _may(permission: str, units: Iterable[Unit], verb: str, by: Actor) -> None:
    barred = [unit.office.name for unit in units if not by.may(permission, unit.office)]
    if barred:
        raise Refusal(
            f"您没有对{'、'.join(dict.fromkeys(barred))}的单位{verb}承继的权限，{UNCHANGED}"
            "两个单位分属不同机构的，由共同的上级机构办理。"
        )


def _refuse_circle(old: str, new: str) -> None:
    """The successor must not go on, at last, as the predecessor."""
    known = edges()
    seen = new
    while seen in known:
        seen = known[seen]
        if seen == old:
            raise Refusal(f"承继关系成了循环：{new} 已由 {old} 承继，{UNCHANGED}请核对两个单位。")


def _taken(row: Succession, status: SuccessionStatus, verb: str, by: Actor) -> Succession:
    # one after the other, so that no two that are confirmed at once make a circle
    list(
        Succession.objects.select_for_update().filter(status__in=("proposed", "confirmed")).order_by("pk").values("pk")
    )
    taken = Succession.objects.get(pk=row.pk)
    if taken.status != status:
        raise Refusal(f"该承继登记已不在可{verb}的状态（{taken.get_status_display()}），{UNCHANGED}请刷新后重试。")
    _may("registry.confirm", [_unit(taken.predecessor), _unit(taken.successor)], verb, by)
    own = by.person is not None and taken.proposed_by_id == by.person.pk
    if own or taken.proposed_label == by.label:
        raise Refusal(f"该承继由 {taken.proposed_label} 登记，须由另一人{verb}，{UNCHANGED}")
    return taken


def _decided(row: Succession, status: SuccessionStatus, by: Actor, at: datetime.datetime, note: str) -> Succession:
    row.status, row.decided_by, row.decided_label = status, by.person, by.label
    row.decided_at, row.decision_note = at, note.strip()[:500]
    fields: list[Any] = ["status", "decided_by", "decided_label", "decided_at", "decision_note"]
    row.save(update_fields=fields)
    return row
