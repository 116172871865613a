"""Standing rows into their table: inserted where they are new, updated where they differ."""

from __future__ import annotations

import datetime
from typing import Any

from caseworks.people.actors import Actor
from caseworks.people.offices import OFFICE_OF_REGION
from caseworks.registry import partitions
from caseworks.registry.enums import FileKind
from caseworks.registry.loading import cards
from caseworks.registry.loading.merge import Merge, run, scalar

FEW = 1_000  # rows up to which an import says whose they are
_OFFICES = OFFICE_OF_REGION.format(source="import_standing")


def _blank(value: object) -> str:
    """A default as SQL writes it."""
    if value is None:
        return "NULL"
    return "'\\x'::bytea" if isinstance(value, bytes) else "'" + str(value).replace("'", "''") + "'"


def land(merge: Merge, actor: Actor, at: datetime.datetime, source: str) -> list[str]:
    """Write the standing rows of a merge; `source` is the name of the file they came in. What people should hear of it."""
    if merge.spec.kind == FileKind.ACCOUNTS:
        _land_accounts(merge, actor, at, source)
        return []
    if merge.spec.kind == FileKind.CONTRIBUTIONS:
        partitions.ensure(
            scalar("SELECT array_agg(DISTINCT left(period, 4)::int) FROM import_standing WHERE is_new") or []
        )
    _land(merge, at)
    proposed = cards.propose(merge, actor, at, source) if cards.stated(merge) else 0
    if not proposed:
        return []
    return [f"{proposed} 人的社会保障卡账号与登记不同，已列为待确认，另一人确认前不向其拨付（技能补贴－社保卡变更）。"]


def touched(merge: Merge, rows: int) -> list[str] | None:
    """The units of the rows that landed: none where the file names none, None where the rows are too many to look."""
    if "uscc" not in {column.name for column in merge.landing}:
        return []
    if rows > FEW:
        return None
    return sorted(scalar("SELECT array_agg(DISTINCT uscc) FROM import_standing") or [])


def _land(merge: Merge, at: datetime.datetime) -> None:
    placed = merge.spec.kind == FileKind.UNITS
    names = [f'"{column.name}"' for column in merge.landing]
    missing = [c for c in merge.spec.stored if c.lands and c.name not in {column.name for column in merge.landing}]
    into = [*names, *(f'"{column.name}"' for column in missing)]
    taken = [*(f"s.{name}" for name in names), *(_blank(column.blank) for column in missing)]
    landed = cards.landed if cards.stated(merge) else 's."{}"'.format
    values = [
        f'"{column.name}" = {landed(column.name)}' for column in merge.landing if column.name not in merge.spec.key
    ]
    begin, joined = "", ""
    parameters: dict[str, Any] = {}
    if placed:
        begin, joined, parameters = f"WITH {_OFFICES} ", " JOIN office_of_region o ON o.region = s.region", {"at": at}
        into += ["office_id", "city_office_id", "updated_at"]
        taken += ["o.office_id", "o.city_office_id", "%(at)s"]
        values += ["office_id = o.office_id", "city_office_id = o.city_office_id", "updated_at = %(at)s"]
    run(
        f"{begin}INSERT INTO {merge.spec.table} ({', '.join(into)}) "
        f"SELECT {', '.join(taken)} FROM import_standing s{joined} WHERE s.is_new ORDER BY s.ord",
        parameters,
    )
    if not values:  # the file has nothing but the key
        return
    run(
        f"{begin}UPDATE {merge.spec.table} t SET {', '.join(values)} FROM import_standing s{joined} "
        f"WHERE NOT s.is_new AND {merge.keys('t', 's')}",
        parameters,
    )


def _land_accounts(merge: Merge, actor: Actor, at: datetime.datetime, source: str) -> None:
    """A unit's first account of a kind is current; a changed one is proposed, in place of an earlier proposal.

    A column that the file does not have is taken over from the current account where the number is the same.
    """
    present = {column.name for column in merge.landing}
    carried = [
        f"coalesce(c.\"{name}\", '')" if name not in present else f's."{name}"' for name in ("bank_name", "bank_code")
    ]
    parameters = {
        "at": at, "person": actor.person.pk if actor.person else None, "label": actor.label, "source": source[:200],
    }  # fmt: skip
    run(
        "UPDATE registry_account t SET status = 'superseded', decided_at = %(at)s, decided_label = %(label)s "
        f"FROM import_standing s WHERE t.status = 'proposed' AND {merge.keys('t', 's')}",
        parameters,
    )
    run(
        "INSERT INTO registry_account (uscc, kind, bank_name, bank_code, account_no, account_hash, account_tail, "
        "account_name, source, status, proposed_at, proposed_by_id, proposed_label, decided_label, refused_because) "
        f"SELECT s.uscc, s.kind, {', '.join(carried)}, s.account_no, s.account_hash, s.account_tail, s.account_name, "
        "%(source)s, CASE WHEN s.is_new THEN 'current' ELSE 'proposed' END, %(at)s, %(person)s, %(label)s, '', '' "
        "FROM import_standing s LEFT JOIN registry_account c ON c.status = 'current' AND c.uscc = s.uscc "
        "AND c.kind = s.kind AND c.account_hash = s.account_hash ORDER BY s.ord",
        parameters,
    )
