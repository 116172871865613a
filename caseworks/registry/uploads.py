"""Files handed in at a page: kept privately, looked at together without a trace, and imported once somebody says so.

An upload is a run of its own (`import_preview`): its summary says which files it brought, what an import of each would
do, and which imports were begun from it. Values that name a person or an account are masked in it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import mask_account, mask_id, mask_phone
from caseworks.base.models import Run, RunState
from caseworks.people.actors import Actor
from caseworks.registry import imports
from caseworks.registry.enums import FileKind, Mode
from caseworks.registry.imports import Wish
from caseworks.registry.models import ImportFile
from caseworks.registry.specs import SPECS, SUFFIXES

RUN_KIND = "import_preview"
FOLDER = "imports"
KEPT = dt.timedelta(days=7)
SMALL = 2 * 1024 * 1024  # bytes of an upload that is looked at while the page waits
SHOWN_ROWS = 20
# What other files of the same upload stand on: without them every row behind would seem unknown.
GROUND = (FileKind.UNITS, FileKind.WORKERS)
_MASKS = {"id_no": mask_id, "account_no": mask_account, "card_account": mask_account, "phone": mask_phone}


def kind_by_name(name: str) -> FileKind | None:
    """The kind of an uploaded file: the contract's name or its Chinese one, also with something behind it."""
    path = Path(name)
    if path.suffix.lower() not in SUFFIXES:
        return None
    stem = path.stem.lower()
    kinds = sorted(FileKind, key=lambda kind: -len(kind.value))
    begins = (
        kind for kind in kinds if stem == kind or stem.startswith(tuple(f"{kind.value}{mark}" for mark in "_- (.（"))
    )
    return next(begins, None) or next((kind for kind in kinds if kind.label in stem), None)


def receive(
    files: Iterable[UploadedFile],
    *,
    mode: str,
    period_from: str,
    period_to: str,
    region: str,
    by: Actor,
    at: dt.datetime,
) -> Run:
    """Keep the files of an upload; all of them, or none where one cannot be taken. (N6.2)"""
    if not by.may("registry.import"):
        raise Refusal("没有导入数据的权限，未保存任何文件。请由经办人员导入。")
    chosen = sorted(((_kind_of(file), file) for file in files), key=lambda pair: list(FileKind).index(pair[0]))
    if mode == Mode.REPLACE:
        wrong = [str(file.name) for kind, file in chosen if SPECS[kind].scope is None]
        if wrong:
            raise Refusal(f"{'、'.join(wrong)} 不能用于替换导入，未保存任何文件。请改用“新增和更新”。")
    described = []
    for kind, file in chosen:
        name = Path(str(file.name)).name
        stored = default_storage.save(f"{FOLDER}/{secrets.token_hex(16)}/{name}", file)
        described.append({"name": name, "kind": kind.value, "stored": stored, "bytes": file.size})
    title = f"核对{'、'.join(str(file['name']) for file in described)}"
    run = runs.create(RUN_KIND, "", title[:200], by, at)
    run.summary = {
        "files": described,
        "mode": mode,
        "period_from": period_from,
        "period_to": period_to,
        "region": region,
    }
    run.total = sum(int(str(file["bytes"])) for file in described)
    run.save(update_fields=["summary", "total"])
    return run


def _kind_of(file: UploadedFile) -> FileKind:
    name, size = str(file.name), file.size or 0
    if size > settings.UPLOAD_LIMIT:
        raise Refusal(
            f"{name}（{size / 1048576:.1f} MB）超过网页上传的上限 {settings.UPLOAD_LIMIT >> 20} MB，未保存任何文件。"
            "请拆分后上传，或由管理员用 import_data 命令导入（不限大小）。"
        )
    if Path(name).suffix.lower() not in SUFFIXES:
        raise Refusal(f"{name} 不是 .csv 或 .xlsx 文件，未保存任何文件。请另存为 CSV（UTF-8）或 .xlsx 后重试。")
    if not size:
        raise Refusal(f"{name} 是空文件，未保存任何文件。请重新导出后再试。")
    kind = kind_by_name(name)
    if kind is None:
        known = "、".join(f"{kind.value}.csv（{kind.label}）" for kind in FileKind)
        raise Refusal(f"从文件名看不出 {name} 是哪一类数据，未保存任何文件。请按类别命名：{known}。")
    return kind


def is_small(run: Run) -> bool:
    """Whether the page may wait for the preview."""
    return (run.total or 0) <= SMALL


def _wish(run: Run, file: Mapping[str, Any]) -> Wish:
    asked = run.summary
    return Wish(FileKind(file["kind"]), Mode(asked["mode"]), asked["period_from"], asked["period_to"], asked["region"])


def path_of(stored: str) -> Path:
    """Where a kept file stands."""
    if not default_storage.exists(stored):
        raise Refusal("上传的文件已被清理，未导入任何内容。请重新上传。")
    return Path(default_storage.path(stored))


class _Undo(Exception):
    """Ends a transaction whose work is not wanted."""


def look(run: Run, *, by: Actor, at: dt.datetime) -> None:
    """Say of every file what an import would do; nothing of it stays."""
    with runs.running(run):
        files = run.summary["files"]
        done = 0
        try:
            with transaction.atomic():
                for place, file in enumerate(files):
                    run.report(done, run.total, f"正在核对 {file['name']}")
                    file.update(_look_at(run, file, by, at))
                    if FileKind(file["kind"]) in GROUND and "refused" not in file and place + 1 < len(files):
                        path = path_of(file["stored"])
                        imports.load(path, FileKind(file["kind"]), by, at, wish=_wish(run, file))
                    done += int(file["bytes"])
                raise _Undo
        except _Undo:
            run.done, run.message = done, ""


def _look_at(run: Run, file: Mapping[str, Any], by: Actor, at: dt.datetime) -> dict[str, Any]:
    try:
        seen = dataclasses.asdict(imports.preview(path_of(file["stored"]), _wish(run, file), by=by, at=at))
    except Refusal as refusal:
        return {"refused": str(refusal)}
    rows = seen.pop("first_rejected")[:SHOWN_ROWS]
    return {**seen, "first": [{**row, "value": masked(str(row["column"]), str(row["value"]))} for row in rows]}


def masked(column: str, value: str) -> str:
    """A rejected value as pages show it; the errors file has it in full."""
    mask = _MASKS.get(column)
    return mask(value) if mask else value[:60]


def importable(run: Run) -> list[dict[str, Any]]:
    """The files of an upload that can be imported."""
    return [file for file in run.summary.get("files", []) if "read" in file]


@transaction.atomic
def confirm(run: Run, *, by: Actor, at: dt.datetime) -> list[ImportFile]:
    """Begin the imports of an upload, in the contract's order; once."""
    run = Run.objects.select_for_update().get(pk=run.pk, kind=RUN_KIND)
    _check_own(run, by)
    if run.summary.get("imports"):
        raise Refusal("这次上传已确认入库，未重复导入。请在导入记录中查看结果。")
    files = importable(run) if run.state == RunState.DONE else []
    if not files:
        raise Refusal("没有可以入库的文件，未作任何更改。请改正后重新上传。")
    begun = [
        imports.begin(path_of(file["stored"]), _wish(run, file), by=by, at=at, stored_name=file["stored"])
        for file in files
    ]
    run.summary["imports"] = [import_file.pk for import_file in begun]
    run.save(update_fields=["summary"])
    return begun


def discard(run: Run, *, by: Actor) -> None:
    """Throw the files of an upload away that was not confirmed."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk, kind=RUN_KIND)
        _check_own(run, by)
        if run.summary.get("imports") or run.state == RunState.RUNNING:
            raise Refusal("这次上传正在处理或已确认入库，未作任何更改。")
        stored = [file["stored"] for file in run.summary.get("files", [])]
        run.summary = {"files": [], "discarded": True}
        run.save(update_fields=["summary"])
    for name in stored:
        remove(name)


def _check_own(run: Run, by: Actor) -> None:
    if by.person is None or run.person_id != by.person.pk:
        raise Refusal("只能由上传的人办理，未作任何更改。")


def remove(stored: str) -> None:
    """Remove a kept file and its folder; the digest and counts of its import stay on record."""
    if not stored.startswith(f"{FOLDER}/"):
        return
    folder = Path(default_storage.path(stored)).parent
    default_storage.delete(stored)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def sweep(at: dt.datetime) -> int:
    """Remove kept files that nobody has imported for a week; how many."""
    root = Path(default_storage.path(FOLDER))
    old = [path for path in root.glob("*/*") if path.stat().st_mtime < (at - KEPT).timestamp()]
    for path in old:
        remove(f"{FOLDER}/{path.parent.name}/{path.name}")
    return len(old)
