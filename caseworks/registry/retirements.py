"""Records that a replacing file no longer has: moved out once another person confirms, their content kept. (contract section 1)"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.registry.enums import FileKind, RetirementStatus
from caseworks.registry.loading.landing import FEW
from caseworks.registry.loading.replacing import key_equals
from caseworks.registry.models import Retirement
from caseworks.registry.specs import SPECS

CHANGED_SINCE = "提出之后该记录又有变化，未作废"
_UNCHANGED = "未作任何更改。"


@dataclass(frozen=True)
class Outcome:
    """How many were moved out, how many stay because they changed since, and whose they were (None: too many to name)."""

    retired: int
    kept: int
    touched: list[str] | None = field(default=None, compare=False)


def _take(proposals: QuerySet[Retirement], expected: int | None, by: Actor) -> list[int]:
    if not by.may("registry.confirm"):
        raise Refusal(f"没有确认作废记录的权限，{_UNCHANGED}请由复核人员办理。")
    waiting = proposals.filter(status=RetirementStatus.PROPOSED)
    if by.person is not None and waiting.filter(Q(proposed_by=by.person)).exists():
        raise Refusal(f"作废记录须由导入人以外的人员确认，{_UNCHANGED}")
    taken = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
    if not taken:
        raise Refusal(f"没有待确认的作废记录，{_UNCHANGED}请刷新后查看。")
    if expected is not None and expected != len(taken):
        raise Refusal(f"待确认的记录现为{len(taken)}条，与页面显示的{expected}条不同，{_UNCHANGED}请刷新后核对。")
    return taken


def confirm(
    proposals: QuerySet[Retirement], *, expected: int | None = None, by: Actor, at: datetime.datetime
) -> Outcome:
    """Move the records out; one that changed since it was listed stays. `expected` is the number that was shown."""
    retired = 0
    with transaction.atomic():
        taken = _take(proposals, expected, by)
        decided = {"at": at, "person": by.person.pk if by.person else None, "label": by.label, "taken": taken}
        kinds = Retirement.objects.filter(pk__in=taken).values_list("kind", flat=True).distinct().order_by()
        with connection.cursor() as cursor:
            for kind in list(kinds):
                spec = SPECS[FileKind(kind)]
                cursor.execute(
                    f"""
                    WITH gone AS (
                        DELETE FROM {spec.table} t USING registry_retirement r
                        WHERE r.id = ANY(%(taken)s) AND r.kind = %(kind)s AND {key_equals(spec, "t", "r.key")}
                          AND to_jsonb(t) = r.snapshot
                        RETURNING r.id
                    )
                    UPDATE registry_retirement r SET status = 'confirmed', decided_at = %(at)s,
                           confirmed_by_id = %(person)s, decided_label = %(label)s
                    FROM gone WHERE r.id = gone.id
                    """,
                    {**decided, "kind": kind},
                )
                retired += cursor.rowcount
        kept = _close(taken, CHANGED_SINCE, by, at)
        gone = Retirement.objects.filter(pk__in=taken, status=RetirementStatus.CONFIRMED).exclude(uscc="")
        touched = sorted(set(gone.values_list("uscc", flat=True))) if retired <= FEW else None
    return Outcome(retired, kept, touched)


def keep(
    proposals: QuerySet[Retirement], *, because: str, expected: int | None = None, by: Actor, at: datetime.datetime
) -> int:
    """The records stay, for a reason."""
    because = because.strip()
    if not because:
        raise Refusal(f"请填写保留理由。{_UNCHANGED}")
    with transaction.atomic():
        return _close(_take(proposals, expected, by), because, by, at)


def _close(taken: list[int], reason: str, by: Actor, at: datetime.datetime) -> int:
    return Retirement.objects.filter(pk__in=taken, status=RetirementStatus.PROPOSED).update(
        status=RetirementStatus.KEPT, decided_at=at, confirmed_by=by.person, decided_label=by.label, reason=reason[:300]
    )
