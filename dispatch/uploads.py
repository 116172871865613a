"""Rosters handed in at a page: kept privately, checked and split without a trace, and taken once somebody says so (J2.6).

An upload is a run of its own (`roster_check`): its summary says what is wrong row by row, or how the premium is split.
Numbers of persons are masked in it.
"""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import mask_id
from caseworks.base.models import Run, RunState
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.actors import Actor
from dispatch import applications, checks, replacing, rights
from dispatch.checks import Looked
from dispatch.enums import Channel, PartKind
from dispatch.models import Application

RUN_KIND = "roster_check"
REPLACING_KIND = "roster_replacing"  # one that is to take the place of the parts of a paid application
FOLDER = "rosters"
SUFFIXES = (".csv", ".xlsx")
SMALL = 1024 * 1024  # bytes of a roster that is checked while the page waits
SHOWN = 500  # problems, and people left out, that a summary keeps


def receive(
    file: UploadedFile, *, uscc: str, year: int, on: dt.date, channel: Channel, by: Actor, at: dt.datetime,
    application: Application | None = None,
) -> Run:  # fmt: skip
    """Keep a roster to be checked; `application`: it is to take the place of the one that was sent back."""
    name = _name_of(file)
    ground = checks.ground(uscc, year, on, resumed=application is not None)
    rights.require(by, "dispatch.take", ground.unit.office_id, agency=uscc)
    asked = {"channel": str(channel), "application": application.pk if application else None}
    return _keep(file, name, RUN_KIND, ground.unit.name, uscc, year, on, asked, by=by, at=at)


def receive_replacing(
    file: UploadedFile, application: Application, *, reason: str, new_due_on: dt.date | None, by: Actor, at: dt.datetime
) -> Run:
    """Keep a corrected roster of a paid application, to be checked and compared before a supervisor lets it stand."""
    name = _name_of(file)
    rights.require(by, "dispatch.supervise", application.office_id)
    if not reason.strip():
        raise Refusal("更换份额须写明理由，没有保存。请填写后重试。")
    asked = {
        "application": application.pk, "reason": reason.strip(), "new_due_on": new_due_on.isoformat() if new_due_on else None
    }  # fmt: skip
    of = application
    return _keep(file, name, REPLACING_KIND, of.name, of.uscc, of.year, of.applied_on, asked, by=by, at=at)


def _name_of(file: UploadedFile) -> str:
    name, size = Path(str(file.name)).name, file.size or 0
    if size > settings.UPLOAD_LIMIT:
        raise Refusal(f"{name} 超过网页上传的上限 {settings.UPLOAD_LIMIT >> 20} MB，没有保存。请联系经办机构导入。")
    if Path(name).suffix.lower() not in SUFFIXES:
        raise Refusal(f"{name} 不是 .csv 或 .xlsx 文件，没有保存。请用下载的名册模板填写。")
    if not size:
        raise Refusal(f"{name} 是空文件，没有保存。请重新选择。")
    return name


def _keep(
    file: UploadedFile, name: str, kind: str, agency: str, uscc: str, year: int, on: dt.date, asked: dict[str, Any], *,
    by: Actor, at: dt.datetime,
) -> Run:  # fmt: skip
    stored = default_storage.save(f"{FOLDER}/{secrets.token_hex(16)}/{name}", file)
    run = runs.create(kind, f"{year}:{uscc}"[:60], f"核对{agency}名册"[:200], by, at)
    run.summary = {
        "uscc": uscc,
        "year": year,
        "on": on.isoformat(),
        "name": name,
        "stored": stored,
        "agency": agency,
        **asked,
    }
    run.save(update_fields=["summary"])
    return run


def is_small(run: Run) -> bool:
    """Whether the page may wait for the check."""
    return default_storage.size(run.summary["stored"]) <= SMALL


def path_of(run: Run) -> Path:
    """Where the roster of an upload stands."""
    stored = run.summary.get("stored", "")
    if not stored or not default_storage.exists(stored):
        raise Refusal("上传的名册已被清理，未作任何更改。请重新上传。")
    return Path(default_storage.path(stored))


def look(run: Run) -> None:
    """Check and split the roster of an upload; what was found stands in its summary afterwards."""
    asked = run.summary
    with runs.running(run):
        try:
            looked = checks.look(
                path_of(run),
                uscc=asked["uscc"],
                year=asked["year"],
                on=dt.date.fromisoformat(asked["on"]),
                resumed=asked["application"] is not None,
                tell=lambda rows: run.report(rows, None, "正在核对名册"),
            )
        except UnreadableFile as problem:
            remove(run)  # what cannot be read is not kept
            raise Refusal(str(problem)) from problem
        run.done = looked.count
        run.summary = {**asked, **described(looked)}


def described(looked: Looked) -> dict[str, Any]:
    """What was found, as a page shows it; amounts as text."""
    return {
        "rows": looked.count,
        "takes": looked.takes,
        "problems": [
            {"line": p.line, "column": p.column, "reason": p.reason,
             "value": mask_id(p.value) if p.column == "id_no" else p.value[:60]}
            for p in looked.problems[:SHOWN]
        ],
        "bad_rows": len({problem.line for problem in looked.problems}),
        "notices": list(looked.notices),
        "premium": str(looked.ground.assessment.premium),
        "difference": str(looked.difference),
        "parts": [
            {"kind": part.kind, "label": str(PartKind(part.kind).label), "host_uscc": part.host_uscc,
             "host_name": part.host_name, "host_type": part.host_type, "roster_type": part.roster_type,
             "workers": part.workers, "premium": str(part.premium),
             "ratio": None if part.ratio is None else str(part.ratio), "amount": str(part.amount)}
            for part in looked.parts
        ],
        "amount": str(looked.amount),
        "own": str(looked.part_amount(PartKind.OWN)),
        "hosts": str(looked.part_amount(PartKind.HOST)),
        "undetermined": looked.undetermined,
        "signs": {flag: list(words) for flag, words in looked.signs.items()},
        "missing": [
            {"id_no": mask_id(person.id_no), "name": person.name, "period_from": person.period_from,
             "period_to": person.period_to}
            for person in looked.missing[:SHOWN]
        ],
    }  # fmt: skip


def take(run: Run, *, draft: bool, by: Actor, at: dt.datetime) -> Application:
    """Make the application of a checked roster: handed in, kept as a draft, or in place of one sent back; once."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk, kind__in=(RUN_KIND, REPLACING_KIND))
        _check_own(run, by)
        asked = run.summary
        if asked.get("taken"):
            raise Refusal("这份名册已经提交，未重复提交。请在申请页查看。")
        if run.state != RunState.DONE or not asked.get("takes"):
            raise Refusal("名册还没有核对通过，未作任何更改。请改正后重新上传。")
        path, on = path_of(run), dt.date.fromisoformat(asked["on"])
        if run.kind == REPLACING_KIND:
            due = asked["new_due_on"]
            taken = replacing.replace(
                Application.objects.get(pk=asked["application"]), path, reason=asked["reason"],
                new_due_on=dt.date.fromisoformat(due) if due else None, by=by, at=at,
            )  # fmt: skip
        elif asked["application"] is not None:
            before = Application.objects.get(pk=asked["application"])
            taken = applications.resubmit(before, path, on=on, by=by, at=at).application
        else:
            verb = applications.save_draft if draft else applications.submit
            taken = verb(
                path, uscc=asked["uscc"], year=asked["year"], on=on, by=by, at=at, channel=Channel(asked["channel"])
            ).application
        run.summary["taken"] = taken.pk
        run.save(update_fields=["summary"])
    remove(run)
    return taken


def discard(run: Run, *, by: Actor) -> None:
    """Throw an upload away that was not taken."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk, kind__in=(RUN_KIND, REPLACING_KIND))
        _check_own(run, by)
        if run.summary.get("taken") or run.state == RunState.RUNNING:
            raise Refusal("这份名册正在核对或已提交，未作任何更改。")
        run.summary["discarded"] = True
        run.save(update_fields=["summary"])
    remove(run)


def remove(run: Run) -> None:
    """Remove the kept file: rows and digest of what was taken stand in the application."""
    stored = run.summary.get("stored", "")
    if not stored.startswith(f"{FOLDER}/"):
        return
    folder = Path(default_storage.path(stored)).parent
    default_storage.delete(stored)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _check_own(run: Run, by: Actor) -> None:
    if by.person is None or run.person_id != by.person.pk:
        raise Refusal("只能由上传的人办理，未作任何更改。")
