"""Applications of agencies: drafted, submitted, sent back and handed in again, withdrawn (J2.2–J2.6, N5.3).

looked = checks.look(path, uscc=…, year=…, on=…)            # for the page: problems by row, or the split
application = applications.submit(path, uscc=…, year=…, on=…, by=…, at=…)
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.files import SCANS, Accepted
from caseworks.cases import history, openings
from caseworks.cases.lifecycle import UNDER_REVIEW
from caseworks.people.actors import Actor
from dispatch import application_writers as writers
from dispatch import checks, rights, telling
from dispatch.checks import Looked
from dispatch.enums import Action, ApplicationStatus, AttachmentKind, Channel
from dispatch.models import Application, Attachment, Share

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Taken:
    """An application that was taken, with what was found."""

    application: Application
    looked: Looked


# -- handing in


def submit(
    path: Path,
    *,
    uscc: str,
    year: int,
    on: datetime.date,
    by: Actor,
    at: datetime.datetime,
    channel: Channel = Channel.COMMAND,
    tell: Tell | None = None,
) -> Taken:
    """Check a roster and hand it in; Refusal naming every bad row, with nothing changed. A draft becomes it."""
    return _take(path, uscc, year, on, by=by, at=at, channel=channel, tell=tell, handed_in=True)


def save_draft(
    path: Path, *, uscc: str, year: int, on: datetime.date, by: Actor, at: datetime.datetime,
    channel: Channel = Channel.PORTAL, tell: Tell | None = None,
) -> Taken:  # fmt: skip
    """Keep a good roster without handing it in; a later one takes its place."""
    return _take(path, uscc, year, on, by=by, at=at, channel=channel, tell=tell, handed_in=False)


def submit_draft(application: Application, *, on: datetime.date, by: Actor, at: datetime.datetime) -> Application:
    """Hand in a draft as it is kept, after looking at it again as of the day."""
    with transaction.atomic():
        row = _locked(application)
        rights.require(by, "dispatch.take", row.office_id, agency=row.uscc)
        if row.status != ApplicationStatus.DRAFT:
            raise Refusal(f"该申请{row.get_status_display()}，不是草稿，未作任何更改。请刷新后查看。")
        looked = checks.judged(checks.ground(row.uscc, row.year, on), writers.roster_of(row), sha256=row.sha256)
        looked.refuse()
        row.applied_on = on
        return _hand_in(row, looked, Action.SUBMITTED, by=by, at=at)


def resubmit(
    application: Application, path: Path, *, on: datetime.date, by: Actor, at: datetime.datetime,
    tell: Tell | None = None,
) -> Taken:  # fmt: skip
    """Hand in a corrected roster after it was sent back, also after the policy's last day; its date stays.

    A case that was opened already takes the new contents when a clerk takes them up (`take_up`).
    """
    looked = checks.look(path, uscc=application.uscc, year=application.year, on=on, resumed=True, tell=tell)
    looked.refuse()
    with transaction.atomic():
        row = _locked(application)
        rights.require(by, "dispatch.take", row.office_id, agency=row.uscc)
        if row.status != ApplicationStatus.SENT_BACK:
            raise Refusal(f"该申请{row.get_status_display()}，没有退回补正，未作任何更改。请刷新后查看。")
        writers.write_roster(row, looked)
        return Taken(_hand_in(row, looked, Action.RESUBMITTED, by=by, at=at), looked)


def attach(
    application: Application, accepted: Accepted, *, kind: AttachmentKind, by: Actor, at: datetime.datetime
) -> Attachment:
    """Add a paper: the stamped roster, the licence, the commitment."""
    if accepted.type not in SCANS:
        raise Refusal("附件须为 PDF、JPG 或 PNG 文件，没有保存。请换一个文件。")
    with transaction.atomic():
        row = _locked(application)
        rights.require(by, "dispatch.take", row.office_id, agency=row.uscc)
        if row.status == ApplicationStatus.WITHDRAWN:
            raise Refusal("该申请已撤回，没有保存。请刷新后查看。")
        stored = files.store(accepted, label=by.label, at=at)
        writers.tell(row, Action.ATTACHED, by=by, at=at, data={"kind": str(kind), "file": stored.pk})
        return Attachment.objects.create(
            application=row, kind=kind, file=stored, version=row.version, at=at, label=by.label[:200]
        )


# -- sending back, taking up, withdrawing


def send_back(application: Application, *, note: str, by: Actor, at: datetime.datetime) -> Application:
    """Give an application back to the agency with words; its case, if any, waits at its first review."""
    if not note.strip():
        raise Refusal("退回补正须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = _locked(application)
        rights.require(by, "dispatch.take", row.office_id)
        if row.status != ApplicationStatus.SUBMITTED:
            raise Refusal(f"该申请{row.get_status_display()}，不能退回，未作任何更改。请刷新后查看。")
        _require_under_review(row, "退回补正")
        row.status = ApplicationStatus.SENT_BACK
        row.fingerprint = writers.fingerprint(row, writers.parts_of(row))
        row.save(update_fields=["status", "fingerprint"])
        line = writers.tell(row, Action.SENT_BACK, by=by, at=at, note=note)
        telling.sent_back(row, note.strip(), at=at, nth=line.pk)
        if row.case_id is not None:
            openings.rejudge(row.case_id, by=by, at=at, note=f"退回补正：{note.strip()}")
    return row


def take_up(application: Application, *, by: Actor, at: datetime.datetime) -> bool:
    """Let the case of an application take what was handed in again; True where it changed."""
    row = Application.objects.get(pk=application.pk)
    if row.case_id is None:
        return False
    return openings.rejudge(row.case_id, by=by, at=at, note=f"受理第 {row.version} 版名册")


def withdraw(application: Application, *, note: str, by: Actor, at: datetime.datetime) -> Application:
    """Take an application back before it is decided; the agency itself only while no case was opened."""
    if not note.strip():
        raise Refusal("撤回须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = _locked(application)
        own = rights.is_agency(by, row.uscc)
        rights.require(by, "dispatch.take", row.office_id, agency=row.uscc)
        if row.status == ApplicationStatus.WITHDRAWN:
            raise Refusal("该申请已撤回，未作任何更改。")
        if row.case_id is not None and own:
            raise Refusal("该申请已进入审核，不能自行撤回，未作任何更改。请联系经办机构撤回。")
        _require_under_review(row, "撤回")
        row.status = ApplicationStatus.WITHDRAWN
        row.fingerprint = writers.fingerprint(row, writers.parts_of(row))
        row.save(update_fields=["status", "fingerprint"])
        writers.tell(row, Action.WITHDRAWN, by=by, at=at, note=note)
        if row.case_id is not None:
            openings.rejudge(row.case_id, by=by, at=at, note="申请撤回")
            history.take("withdraw", [row.case_id], by=by, at=at, note=note)
    return row


def take_again(application: Application, looked: Looked, *, by: Actor, at: datetime.datetime) -> Application:
    """Take up anew what was refused in review: the same roster, day and papers as the agency's next application.

    Joins the caller's transaction; the refused one is closed, and its case stays refused.
    """
    row = _locked(application)
    hosts = writers.settled_hosts(row)
    papers = list(row.attachments.all())
    row.status = ApplicationStatus.WITHDRAWN
    row.fingerprint = writers.fingerprint(row, writers.parts_of(row))
    row.save(update_fields=["status", "fingerprint"])
    writers.tell(row, Action.WITHDRAWN, by=by, at=at, note="复核后重新受理，转为下一次申请")
    anew = writers.start(looked.ground, applied_on=row.applied_on, channel=Channel(row.channel))
    for host, size in sorted(hosts.items()):
        writers.tell(anew, Action.HOST_SETTLED, by=by, at=at, data={"host": host, "size": size})
    writers.write_roster(anew, looked)
    Attachment.objects.bulk_create(
        Attachment(
            application=anew, kind=paper.kind, file_id=paper.file_id, version=anew.version, at=at, label=paper.label
        )
        for paper in papers
    )
    return _hand_in(anew, looked, Action.SUBMITTED, by=by, at=at)


# -- what changed between two versions


@dataclass(frozen=True)
class Difference:
    """A part that is not the same in two versions; a side is None where the part is missing."""

    kind: str
    host_uscc: str
    host_name: str
    before: Decimal | None
    after: Decimal | None
    premium_before: Decimal | None
    premium_after: Decimal | None


def differences(application: Application, version: int) -> list[Difference]:
    """What a version changed against the one before it, part by part."""
    old, new = ({(s.kind, s.host_uscc): s for s in _shares_at(application, at)} for at in (version - 1, version))
    found = []
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key[1], key[0])):
        before, after = old.get(key), new.get(key)
        if before is not None and after is not None and before.pk == after.pk:
            continue
        some = after or before
        assert some is not None
        found.append(
            Difference(
                some.kind,
                some.host_uscc,
                some.host_name,
                None if before is None else before.amount,
                None if after is None else after.amount,
                None if before is None else before.premium,
                None if after is None else after.premium,
            )
        )
    return found


def _shares_at(application: Application, version: int) -> list[Share]:
    """The parts as a version left them: made by then, and closed by a later one or not at all."""
    later = {
        line.data["version"]: line.at
        for line in application.lines.filter(action__in=(Action.DRAFTED, Action.SUBMITTED, Action.RESUBMITTED))
    }
    until = min((at for number, at in later.items() if number > version), default=None)
    made = Share.objects.filter(application=application, version__lte=version)
    return [
        share for share in made if share.live or (until is not None and share.closed_at and share.closed_at >= until)
    ]


# -- pieces


def _take(
    path: Path, uscc: str, year: int, on: datetime.date, *, by: Actor, at: datetime.datetime, channel: Channel,
    tell: Tell | None, handed_in: bool,
) -> Taken:  # fmt: skip
    looked = checks.look(path, uscc=uscc, year=year, on=on, tell=tell)
    looked.refuse()
    unit = looked.ground.unit
    rights.require(by, "dispatch.take", unit.office_id, agency=unit.uscc)
    with transaction.atomic():
        row = Application.objects.select_for_update().filter(
            uscc=uscc, year=year, status=ApplicationStatus.DRAFT
        ).first() or writers.start(looked.ground, applied_on=on, channel=channel)  # fmt: skip
        row.applied_on, row.channel = on, channel
        writers.write_roster(row, looked)
        if handed_in:
            return Taken(_hand_in(row, looked, Action.SUBMITTED, by=by, at=at), looked)
        _write(row, looked, by=by, at=at)
        writers.tell(row, Action.DRAFTED, by=by, at=at, data=_counts(row))
        return Taken(row, looked)


def _hand_in(row: Application, looked: Looked, action: Action, *, by: Actor, at: datetime.datetime) -> Application:
    row.status = ApplicationStatus.SUBMITTED
    row.submitted_at, row.submitted_label = at, by.label[:200]
    _write(row, looked, by=by, at=at)
    writers.tell(row, action, by=by, at=at, data=_counts(row))
    return row


def _write(row: Application, looked: Looked, *, by: Actor, at: datetime.datetime) -> None:
    writers.stand_on(row, looked.ground)
    writers.write_parts(row, looked.parts, by=by, at=at, because=f"第 {row.version} 版名册")
    writers.sum_up(row, looked)
    row.save()


def _counts(row: Application) -> dict[str, object]:
    return {"version": row.version, "rows": row.rows, "amount": str(row.amount), "sha256": row.sha256}


def _locked(application: Application) -> Application:
    return Application.objects.select_for_update().get(pk=application.pk)


def _require_under_review(row: Application, verb: str) -> None:
    case = row.case
    if case is not None and case.status not in UNDER_REVIEW:
        raise Refusal(f"业务件{case.get_status_display()}，申请不能再{verb}，未作任何更改。")
