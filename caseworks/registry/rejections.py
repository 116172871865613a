"""Rejected rows that no later import mends: a person settles them in words, and the unit's flag falls. (contract section 2)"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import QuerySet

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.registry.models import RejectedRow


def settle(rows: QuerySet[RejectedRow], *, words: str, by: Actor, at: datetime.datetime) -> int:
    """Say why the standing ones of these rows need no mending; how many were settled."""
    words = words.strip()
    if not words:
        raise Refusal("请说明处理情况。未作任何更改。")
    if not by.may("registry.import"):
        raise Refusal("没有处理被拒绝行的权限，未作任何更改。请由经办人员办理。")
    with transaction.atomic():
        taken = list(rows.standing().select_for_update().values_list("pk", flat=True))  # type: ignore[attr-defined]
        if not taken:
            raise Refusal("没有待处理的被拒绝行，未作任何更改。请刷新后查看。")
        return RejectedRow.objects.filter(pk__in=taken).update(
            settled_at=at, settled_by=by.person, settled_label=by.label, settled_words=words
        )
