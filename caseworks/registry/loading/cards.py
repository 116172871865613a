"""Cards in workers.csv: the first card of a person is taken, another one is proposed for somebody else to confirm. (contract 1)

A file says nothing of a card whose cell is blank. One that waits, that was refused, or that people replaced by the card in
use is no news: it is not proposed again, so that a file of the card centre may come every month.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import connection

from caseworks.people.actors import Actor
from caseworks.people.offices import OFFICE_OF_REGION

if TYPE_CHECKING:
    from caseworks.registry.loading.merge import Merge

_ACCOUNT = frozenset({"card_bank", "card_account", "card_hash", "card_tail"})
_CARD = _ACCOUNT | {"card_active"}
# Staged rows `{s}` beside the stored person `t`: known already, whatever the file says of it.
_KNOWN = """EXISTS (
    SELECT FROM registry_cardchange k WHERE k.id_hash = t.id_hash AND (
        k.account_hash = {s}.card_hash AND k.status IN ('proposed', 'refused')
        OR k.before_hash = {s}.card_hash AND k.account_hash = t.card_hash AND k.status = 'confirmed'))"""
# Names another card than the person's, or none.
_OTHER = "t.card_hash IS NOT NULL AND s.card_hash IS DISTINCT FROM t.card_hash"
_NEWS = f"t.card_hash IS NOT NULL AND s.card_hash <> t.card_hash AND NOT {_KNOWN.format(s='s')}"
_FROM = f"FROM import_standing s JOIN registry_worker t ON t.id_hash = s.id_hash WHERE {_NEWS}"
_SUPERSEDE = f"""
    UPDATE registry_cardchange w SET status = 'superseded', decided_at = %(at)s, decided_label = %(label)s
    FROM import_standing s JOIN registry_worker t ON t.id_hash = s.id_hash
    WHERE w.id_hash = s.id_hash AND w.status = 'proposed' AND {_NEWS}
"""
_PROPOSE = f"""
    WITH {OFFICE_OF_REGION.format(source=f"(SELECT t.region {_FROM})")}
    INSERT INTO registry_cardchange (id_hash, name, region, office_id, city_office_id, bank, account, account_hash,
        account_tail, active, before, before_hash, before_tail, source, status, proposed_at, proposed_by_id,
        proposed_label, decided_label, refused_because)
    SELECT t.id_hash, t.name, t.region, o.office_id, o.city_office_id, {{bank}}, s.card_account, s.card_hash,
           s.card_tail, {{active}}, t.card_account, t.card_hash, t.card_tail, %(source)s, 'proposed', %(at)s, %(person)s,
           %(label)s, '', ''
    FROM import_standing s JOIN registry_worker t ON t.id_hash = s.id_hash JOIN office_of_region o ON o.region = t.region
    WHERE {_NEWS} ORDER BY s.ord
"""


def differs(merge: Merge) -> str:
    """Whether a staged row `j` says more of the stored person `t` than is known, in SQL."""
    names = [c.name for c in merge.landing if c.compares and c.name not in merge.spec.key]

    def same(wanted: Collection[str]) -> str:
        return " AND ".join(f't."{name}" IS NOT DISTINCT FROM j."{name}"' for name in wanted) or "true"

    of_card = [name for name in names if name in _CARD]
    stated = "j.card_active <> t.card_active" if "card_active" in of_card else "false"
    return f"""(NOT ({same([name for name in names if name not in _CARD])}) OR CASE
        WHEN t.card_hash IS NULL OR j.card_hash = t.card_hash THEN NOT ({same(of_card)})
        WHEN j.card_hash IS NULL THEN coalesce({stated}, false)
        ELSE NOT {_KNOWN.format(s="j")} END)"""


def landed(name: str) -> str:
    """What lands in a column of a person `t` who is known: of a card only what the file may say of it."""
    if name in _ACCOUNT:
        return f'CASE WHEN {_OTHER} THEN t."{name}" ELSE s."{name}" END'
    if name == "card_active":
        return f"CASE WHEN {_OTHER} AND (s.card_hash IS NOT NULL OR s.{name} IS NULL) THEN t.{name} ELSE s.{name} END"
    return f's."{name}"'


def propose(merge: Merge, actor: Actor, at: datetime.datetime, source: str) -> int:
    """Propose the other cards of a file, each in place of an earlier proposal; how many. After the rows have landed."""
    present = {column.name for column in merge.landing}
    parameters = {
        "at": at, "person": actor.person.pk if actor.person else None, "label": actor.label, "source": f"导入 {source}"[:200],
    }  # fmt: skip
    said = _PROPOSE.format(
        bank="s.card_bank" if "card_bank" in present else "''",
        active="coalesce(s.card_active, false)" if "card_active" in present else "false",
    )
    with connection.cursor() as cursor:
        cursor.execute(_SUPERSEDE, parameters)
        cursor.execute(said, parameters)
        return int(cursor.rowcount)


def stated(merge: Merge) -> bool:
    """Whether the file is one of people with their cards."""
    return merge.spec.table == "registry_worker" and any(column.name == "card_hash" for column in merge.landing)
