"""Claims in bulk (contract 4, `submit_claims`): a file is checked line by line, staged, judged and written as a whole.

A bad row is a row error and never a claim; a file whose content is known changes nothing.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.sheets.opening import Opened, inspect
from caseworks.base.sheets.reading import open_sheet
from caseworks.base.sheets.writing import csv_lines, write_csv
from caseworks.base.side import is_locked
from caseworks.people.actors import Actor
from caseworks.registry import uploads
from subsidies import claims, facts, judging
from subsidies.claim_lines import COLUMNS, Wrong, staged
from subsidies.enums import Channel
from subsidies.models import ClaimFile, RejectedLine

KIND = "claims"
ERRORS = ("line", "column", "value", "reason")


def beside(path: Path) -> Path:
    """Where the errors of an input file stand (contract 1)."""
    return path.with_name(f"{path.name}.errors.csv")


def submit(path: Path, year: int, *, by: Actor, at: datetime.datetime) -> tuple[ClaimFile, bool]:
    """Take all claims of a file; the second value is false where the content was known and nothing was changed."""
    opened = inspect(path)
    known = _known(opened.sha256)
    if known is not None:
        return known, False
    return carry_out(begin(path, year, by=by, at=at), path, by=by, at=at, opened=opened), True


def begin(path: Path, year: int, *, by: Actor, at: datetime.datetime, stored_name: str = "") -> ClaimFile:
    """Put a file of claims on record, queued; refused at once where the year has no policy in force."""
    if not by.may("claim.take"):
        raise Refusal("没有受理申领的权限，未作任何更改。请由经办人员办理。")
    facts.rulebook(year)
    with transaction.atomic():
        run = runs.create(KIND, str(year), f"{year} 年度技能补贴申领（{path.name}）"[:200], by, at)
        return ClaimFile.objects.create(
            run=run, year=year, name=path.name[:200], stored_name=stored_name, person=by.person, label=by.label, at=at
        )


def receive(file: UploadedFile, year: int, *, by: Actor, at: datetime.datetime) -> ClaimFile:
    """Keep a file that was handed in at a page, and put it on record; a content that is known is refused at once."""
    name, size = Path(str(file.name)).name, file.size or 0
    if size > settings.UPLOAD_LIMIT:
        most = settings.UPLOAD_LIMIT >> 20
        raise Refusal(f"{name} 超过网页上传的上限 {most} MB，没有受理。请拆分，或由管理员用 submit_claims 命令提交。")
    if Path(name).suffix.lower() not in (".csv", ".xlsx") or not size:
        raise Refusal(f"{name} 不是 .csv 或 .xlsx 文件，或是空文件，没有受理。")
    stored = default_storage.save(f"{uploads.FOLDER}/{secrets.token_hex(16)}/{name}", file)
    try:
        known = _known(inspect(uploads.path_of(stored)).sha256)
        if known is not None:
            when = timezone.localtime(known.at)
            raise Refusal(f"文件内容与 {when:%Y-%m-%d %H:%M} 提交的“{known.name}”相同，没有重复受理。")
        return begin(uploads.path_of(stored), year, by=by, at=at, stored_name=stored)
    except Refusal:
        uploads.remove(stored)
        raise


def carry_out(
    file: ClaimFile, path: Path, *, by: Actor, at: datetime.datetime, opened: Opened | None = None
) -> ClaimFile:
    """Take the claims of a file that was begun: all its good rows and the record of the others, or nothing."""
    watched = None if connection.in_atomic_block else file.run
    with runs.running(file.run), runs.exclusive(KIND, "另一份申领文件的受理"):
        opened = opened or inspect(path)
        known = _known(opened.sha256)
        if known is not None:
            raise Refusal(f"文件内容与 {known.at:%Y-%m-%d} 提交的“{known.name}”相同，未作任何更改。")
        with transaction.atomic():
            _take(file, path, opened, by, at, watched)
        file.run.summary = {"read": file.read, "taken": file.taken, "rejected": file.rejected, "granted": file.granted}
    return file


def busy() -> bool:
    """Whether the claims of another file are being taken now."""
    return is_locked(f"exclusive:{KIND}")


def _known(sha256: str) -> ClaimFile | None:
    return ClaimFile.objects.filter(sha256=sha256, finished_at__isnull=False).first()


def _take(file: ClaimFile, path: Path, opened: Opened, by: Actor, at: datetime.datetime, watched: Run | None) -> None:
    rules = facts.rulebook(file.year)
    stage = f"claims_stage_{file.pk}"
    wrong: list[Wrong] = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(
            f"""CREATE UNLOGGED TABLE {stage} (ord bigint, line bigint, id_hash bytea, id_no bytea, cert_no text,
                                               applied_on date)"""
        )

    def report(offset: int) -> None:
        if watched is not None:
            watched.report(min(offset, opened.size), opened.size, "正在读取")

    with open_sheet(path, COLUMNS, opened=opened) as sheet:
        with connection.cursor() as cursor, cursor.copy(f"COPY {stage} FROM STDIN") as to:
            for block in staged(sheet, wrong, lambda: report(sheet.offset)):
                to.write(block)
        notices = list(sheet.notices)
    claims.one_by_one(shared=False)
    claims.release(at)
    office = by.person.office if by.person is not None else None
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {stage}")
    stamp = judging.Stamp(file.year, Channel.BULK, by, at, file.pk)
    taken = claims.write(stage, rules, stamp, office)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {stage}")
    RejectedLine.objects.bulk_create(
        (RejectedLine(file=file, line=w.line, column=w.column, value=w.value, reason=w.reason) for w in wrong),
        batch_size=2000,
    )
    file.sha256, file.bytes, file.notices = opened.sha256, opened.size, notices
    file.taken, file.granted, file.amount = taken.taken, taken.granted, taken.amount
    file.rejected = len(wrong)
    file.read = file.taken + file.rejected
    file.finished_at = at
    file.save()


# -- the rejected rows as a file


def rejected(file: ClaimFile) -> Iterator[tuple[int, str, str, str]]:
    """The rejected rows in the order of the file."""
    for row in RejectedLine.objects.filter(file=file).order_by("line").iterator(chunk_size=2000):
        yield row.line, row.column, row.value, row.reason


def write_errors(path: Path, file: ClaimFile) -> Path | None:
    """Write the errors beside the input, or remove those of an earlier one."""
    target = beside(path)
    if not file.rejected:
        target.unlink(missing_ok=True)
        return None
    write_csv(target, ERRORS, rejected(file), for_people=False)
    return target


def errors_download(file: ClaimFile) -> Iterable[str]:
    """The same for a page, line by line."""
    return csv_lines(ERRORS, rejected(file), for_people=True)
