"""The rows of an application, written inside the transaction of the operation that calls (J2.6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from caseworks.base.errors import Refusal
from caseworks.base.sealed import lookup_hash, seal
from caseworks.people.actors import Actor
from caseworks.registry.loading.copying import copy_into, csv_line
from dispatch.checks import Ground, Looked
from dispatch.enums import Action, ApplicationStatus, Channel, PartKind
from dispatch.models import Application, ApplicationLine, RosterRow, Share
from dispatch.policy import Part, Row

_ROW_COLUMNS = (
    "application_id", "version", "line", "id_type", "id_hash", "id_no", "name", "form", "host_uscc", "host_name",
    "host_type", "period_from", "period_to", "premium",
)  # fmt: skip
BREACHES = {
    "application_one_standing": "该单位本年度刚有一份申请，未作任何更改。请刷新后查看。",
    "application_once_a_round": "该单位本年度刚有一份申请，未作任何更改。请刷新后查看。",
}


def start(ground: Ground, *, applied_on: date, channel: Channel) -> Application:
    """A new application of an agency, still without a roster; the next round where earlier ones were withdrawn."""
    unit = ground.unit
    before = Application.objects.filter(year=ground.year, uscc=unit.uscc).order_by("-round").first()
    application = Application(
        year=ground.year, uscc=unit.uscc, round=before.round + 1 if before else 1, name=unit.name, region=unit.region,
        office_id=unit.office_id, city_office_id=unit.city_office_id, channel=channel, applied_on=applied_on,
        status=ApplicationStatus.DRAFT, fingerprint=b"",
    )  # fmt: skip
    stand_on(application, ground)
    try:
        with transaction.atomic():
            application.save()
    except IntegrityError as problem:
        raise Refusal(next((words for name, words in BREACHES.items() if name in str(problem)), str(problem))) from None
    return application


def stand_on(application: Application, ground: Ground) -> None:
    """Keep what the application stands on as it is now; saved by the caller."""
    assessment, unit = ground.assessment, ground.unit
    application.policy, application.refund_policy = ground.policy, ground.refund_policy
    application.unit_type, application.size = assessment.unit_type, assessment.size
    application.ratio, application.premium = ground.ratio, assessment.premium
    application.licence, application.licence_until = unit.dispatch_licence, unit.dispatch_licence_until
    application.manual = list(ground.manual)


def write_roster(application: Application, looked: Looked) -> None:
    """A new version of the roster, by COPY; the numbers are sealed on the way."""
    application.version += 1
    application.rows, application.sha256 = len(looked.rows), looked.sha256
    application.workers = len({row.id_no for row in looked.rows})
    with copy_into(RosterRow._meta.db_table, _ROW_COLUMNS) as copy:
        for row in looked.rows:
            copy.write(
                csv_line(
                    (
                        application.pk, application.version, row.line, row.id_type, lookup_hash(row.id_no),
                        seal(row.id_no), row.name, row.form, row.host_uscc, row.host_name, row.host_type,
                        row.period_from, row.period_to, row.premium,
                    )
                )
            )  # fmt: skip


def write_parts(application: Application, parts: Sequence[Part], *, by: Actor, at: datetime, because: str) -> bool:
    """Let these be the parts: what stays as it was is left alone, the rest is closed and replaced. True if any changed."""
    standing = {(share.kind, share.host_uscc): share for share in Share.objects.filter(application=application).live()}
    wanted = {(part.kind, part.host_uscc): part for part in parts}
    gone = [
        share.pk for key, share in standing.items() if key not in wanted or _content(share) != _content(wanted[key])
    ]
    fresh = [part for key, part in wanted.items() if key not in standing or _content(standing[key]) != _content(part)]
    Share.objects.filter(pk__in=gone).update(
        live=False, closed_at=at, closed_label=by.label[:200], closed_because=because[:300]
    )
    Share.objects.bulk_create(
        Share(
            application=application, version=application.version, kind=part.kind, host_uscc=part.host_uscc,
            host_name=part.host_name, host_type=part.host_type, roster_type=part.roster_type, workers=part.workers,
            premium=part.premium, ratio=part.ratio, amount=part.amount,
        )
        for part in fresh
    )  # fmt: skip
    return bool(gone or fresh)


def sum_up(application: Application, looked: Looked) -> None:
    """The sums, flags and digest of an application by its parts; saved by the caller."""
    application.amount = looked.amount
    application.own_amount = looked.part_amount(PartKind.OWN)
    application.host_amount = looked.part_amount(PartKind.HOST)
    application.undetermined = looked.undetermined
    application.flags, application.signs = looked.flags, dict(looked.signs)
    application.fingerprint = fingerprint(application, looked.parts)


def fingerprint(application: Application, parts: Iterable[Part]) -> bytes:
    """The digest over what a signature stands for: the agency, the roster, each part, and whether it is handed in."""
    said: list[Any] = [
        "dispatch", application.year, application.uscc, application.round, application.version, application.sha256,
        application.status, application.flags,
        [[p.kind, p.host_uscc, p.host_type, f"{p.premium:.2f}", _ratio(p), f"{p.amount:.2f}"] for p in parts],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).digest()


def _ratio(part: Part) -> str:
    return "" if part.ratio is None else f"{part.ratio:.4f}"


def tell(
    application: Application, action: Action, *, by: Actor, at: datetime, note: str = "",
    data: Mapping[str, Any] | None = None,
) -> ApplicationLine:  # fmt: skip
    """A line of the story."""
    return ApplicationLine.objects.create(
        application=application, action=action, at=at, person=by.person, label=by.label, note=note.strip(),
        data=dict(data or {}),
    )  # fmt: skip


def roster_of(application: Application, version: int | None = None) -> list[Row]:
    """The rows of a stored roster."""
    rows = RosterRow.objects.filter(application=application, version=version or application.version).order_by("line")
    return [
        Row(
            row.line, row.id_type, row.id_no, row.name, row.form, row.host_uscc, row.host_name, row.host_type,
            row.period_from, row.period_to, row.premium,
        )
        for row in rows.iterator(chunk_size=5000)
    ]  # fmt: skip


def settled_hosts(application: Application) -> dict[str, str]:
    """The sizes of hosts that clerks have settled, the last word on each (contract 3: an unknown host is for the clerk)."""
    told = ApplicationLine.objects.filter(application=application, action=Action.HOST_SETTLED).order_by("pk")
    return {line.data["host"]: line.data["size"] for line in told}


def parts_of(application: Application) -> list[Part]:
    """The parts that count now."""
    shares = Share.objects.filter(application=application).live().order_by("host_uscc", "kind")
    return [
        Part(
            share.kind, share.host_uscc, share.host_name, share.host_type, share.roster_type, share.workers,
            share.premium, share.ratio, share.amount,
        )
        for share in shares
    ]  # fmt: skip


def _content(row: Share | Part) -> tuple[object, ...]:
    return (
        row.kind, row.host_uscc, row.host_name, row.host_type, row.roster_type, row.workers, row.premium, row.ratio,
        row.amount,
    )  # fmt: skip
