"""A signature holds for what was signed, and dies when that changes (N6.2).

Schemes say which cases would be judged differently now (`case_changed`); their signatures end and they go back to their
first review, all in one step a kind of change. Nothing is announced or put into a batch on a signature for other contents.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db import connection, transaction

from caseworks.base.errors import Refusal
from caseworks.cases import history, sources, takings
from caseworks.cases.enums import SendBackReason
from caseworks.cases.history import NAMED
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case, Review
from caseworks.people.actors import Actor
from caseworks.registry import successions

SIGNED = STEPS["send_back"].sources
_FOR_OTHER_CONTENTS = """
    SELECT c.name FROM cases_case c
    WHERE c.id = ANY(%s) AND EXISTS (
        SELECT FROM cases_review r
        WHERE r.case_id = c.id AND r.standing AND r.stage IN ('approval', 'further')
          AND (r.fingerprint, r.amount) IS DISTINCT FROM (c.fingerprint, c.amount))
    ORDER BY c.id
"""


def end_changed(*, by: Actor, at: dt.datetime, units: Iterable[str] | None = None) -> int:
    """End the signatures of every case that would be judged differently now; again is as good as once. How many fell.

    Of some units, and of those that took them over, or of all.
    """
    fallen = 0
    subjects = None if units is None else successions.with_heirs(units)
    for scheme, _ in sources.with_cases():
        signed = Case.objects.filter(scheme=scheme, status__in=SIGNED).order_by("pk")
        if subjects is not None:
            signed = signed.filter(subject__in=subjects)
        found = sources.changed(scheme, signed.values_list("pk", flat=True))
        if found:
            fallen += _end(scheme, found, by=by, at=at)
    return fallen


def require_for_contents(ids: Iterable[int]) -> None:
    """Refuse cases that were approved with other contents than they have."""
    with connection.cursor() as cursor:
        cursor.execute(_FOR_OTHER_CONTENTS, [sorted(set(ids))])
        names = [name for (name,) in cursor.fetchall()]
    _refuse(names, "件的审批不是对现有内容和金额作出的")


def require_unchanged(scheme: str, ids: Iterable[int]) -> None:
    """Refuse cases that would be judged differently now than they were when they were signed."""
    found = sources.changed(scheme, ids)
    if found:
        names = dict(Case.objects.filter(pk__in=found).order_by("pk").values_list("pk", "name"))
        _refuse([f"{name}（{found[pk]}）" for pk, name in names.items()], "件审批之后数据有变化，签署不再有效")


def _refuse(named: list[str], words: str) -> None:
    if named:
        more = " 等" if len(named) > NAMED else ""
        raise Refusal(
            f"{len(named)} {words}，未作任何更改：{'、'.join(named[:NAMED])}{more}。请退回初审，重新核定后再审核。",
            named,
        )


def _end(scheme: str, found: Iterable[int], *, by: Actor, at: dt.datetime) -> int:
    with transaction.atomic():
        locked = Case.objects.select_for_update(no_key=True).filter(pk__in=list(found), status__in=SIGNED)
        ids = list(locked.order_by("pk").values_list("pk", flat=True))
        groups: dict[str, list[int]] = defaultdict(list)
        for case, words in sources.changed(scheme, ids).items():  # as it is under the lock
            groups[words].append(case)
        for words, part in sorted(groups.items()):
            note = f"审核之后数据有变化（{words}），签署不再有效，请重新核定"
            history.take(
                "send_back", part, by=by, at=at, note=note, data={"reasons": [SendBackReason.DATA_CHANGED.value]}
            )
            Review.objects.filter(case__in=part, standing=True).update(standing=False)
            takings.end(part, because="已退回", at=at)
    return sum(map(len, groups.values()))
