"""Importing a file: looked at beforehand without a trace, or loaded in one transaction and put on record. (contract section 1)"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.sheets.opening import Opened, inspect
from caseworks.base.sheets.reading import open_sheet
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.registry.enums import FileKind, Mode
from caseworks.registry.loading import fresh, landing, rejects, replacing, staged, within
from caseworks.registry.loading.clean import clean_lines
from caseworks.registry.loading.merge import Counts, Merge
from caseworks.registry.loading.merge import run as run_sql
from caseworks.registry.loading.rejects import Spool
from caseworks.registry.models import ImportFile
from caseworks.registry.specs import SPECS

RUN_KIND = "import"
PLANNED_ANEW = 10_000  # rows that an import stores before the planner should hear of them


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a file: add and update, or stand for all of a period and region."""

    kind: FileKind
    mode: Mode = Mode.ADD
    period_from: str = ""
    period_to: str = ""
    region: str = ""


@dataclass(frozen=True)
class Preview:
    """What an import of the file would do now; nothing of it is stored."""

    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    totals_rows: int
    encoding: str
    notices: list[str]
    first_rejected: list[dict[str, object]] = field(default_factory=list)


class _Undo(Exception):
    """Ends a transaction whose work is not wanted."""


def begin(path: Path, wish: Wish, *, by: Actor, at: datetime.datetime, stored_name: str = "") -> ImportFile:
    """Put an import on record, queued."""
    _may_import(by)
    title = f"导入{wish.kind.label}（{path.name}）"
    with transaction.atomic():
        run = runs.create(RUN_KIND, wish.kind.value, title[:200], by, at)
        import_file = _record(run, path, wish, by, at)
        import_file.stored_name = stored_name
        import_file.save()
    return import_file


def load(
    path: Path, kind: FileKind, actor: Actor, at: datetime.datetime, *, wish: Wish | None = None, run: Run | None = None
) -> ImportFile:
    """Load a file: all its good rows and the record of them, or nothing at all.

    `run` is that of an import begun before; UnreadableFile says why a file was refused as a whole.
    """
    import_file = run.import_file if run is not None else begin(path, wish or Wish(kind), by=actor, at=at)
    at_work = run or import_file.run
    # A run that only the caller's transaction sees would be reported over our own connection, which COPY keeps busy.
    watched = None if connection.in_atomic_block else at_work
    with runs.running(at_work), runs.exclusive(f"import:{import_file.kind}", f"{import_file.get_kind_display()}的导入"):
        offices.root()
        opened = inspect(path)
        at_work.total = opened.size
        with transaction.atomic():
            _load(import_file, opened, actor, at, watched)
        at_work.done = opened.size
        at_work.summary = {
            name: getattr(import_file, name) for name in ("read", "stored", "new", "changed", "rejected", "unchanged")
        }
    return import_file


def preview(path: Path, wish: Wish, *, by: Actor, at: datetime.datetime, run: Run | None = None) -> Preview:
    """Read the file and compare it, and undo every trace of that."""
    _may_import(by)
    offices.root()
    opened = inspect(path)
    found: list[Preview] = []
    try:
        with transaction.atomic():
            import_file = _record(runs.create("preview", wish.kind.value, path.name[:200], by, at), path, wish, by, at)
            import_file.save()
            _describe(import_file, opened)
            spool = Spool(import_file)
            _tune()
            with open_sheet(path, SPECS[wish.kind].columns, opened=opened) as sheet:
                if wish.mode == Mode.REPLACE:
                    replacing.check(SPECS[wish.kind], import_file)
                only = within.offices_of(by, timezone.localdate(at))
                merge, counts = staged.stage(
                    SPECS[wish.kind], sheet, spool, lambda size: _report(run, size, opened), only
                )
                notices = list(sheet.notices)
                if wish.mode == Mode.REPLACE:
                    spool.store()
                    notices.append(
                        f"库中有{replacing.propose(merge, import_file)}条记录不在此文件中，导入后待他人确认作废。"
                    )
            found.append(
                Preview(
                    counts.read, counts.new, counts.changed, counts.unchanged, counts.rejected, sheet.totals_rows,
                    opened.encoding, notices,
                    [{"line": r.line, "column": r.column, "value": r.value, "reason": r.reason} for r in spool.first],
                )
            )  # fmt: skip
            spool.close()
            raise _Undo
    except _Undo:
        return found[0]


def _may_import(by: Actor) -> None:
    if not by.may("registry.import"):
        raise Refusal("没有导入数据的权限，未作任何更改。请由经办人员导入。")


def _record(run: Run, path: Path, wish: Wish, by: Actor, at: datetime.datetime) -> ImportFile:
    return ImportFile(
        run=run, kind=wish.kind, name=path.name[:200], mode=wish.mode, period_from=wish.period_from,
        period_to=wish.period_to, region=wish.region, person=by.person, actor_label=by.label, created_at=at,
    )  # fmt: skip


def _describe(import_file: ImportFile, opened: Opened) -> None:
    import_file.sha256, import_file.bytes, import_file.encoding = opened.sha256, opened.size, opened.encoding


def _report(run: Run | None, size: int, opened: Opened) -> None:
    if run is not None:
        run.report(min(size, opened.size), opened.size, "正在读取")


def _tune() -> None:
    """More memory for the sorts and hashes of this transaction only."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL maintenance_work_mem = '512MB'")


def _load(import_file: ImportFile, opened: Opened, actor: Actor, at: datetime.datetime, watched: Run | None) -> None:
    """Everything of an import that happens in its transaction."""
    spec = SPECS[FileKind(import_file.kind)]
    replaces = import_file.mode == Mode.REPLACE
    if replaces:
        replacing.check(spec, import_file)
    _tune()
    _describe(import_file, opened)
    only = within.offices_of(actor, timezone.localdate(at))
    outcome = None if replaces or only is not None else _load_fresh(import_file, opened, watched)
    if outcome is None:
        with open_sheet(opened.path, spec.columns, opened=opened) as sheet:
            spool = Spool(import_file)
            merge, counts = staged.stage(spec, sheet, spool, lambda size: _report(watched, size, opened), only)
            outcome = _Outcome(merge, counts, spool.stage, spool, sheet.notices, sheet.totals_rows)
    if outcome.merge is not None:
        outcome.notices += landing.land(outcome.merge, actor, at, import_file.name)
        import_file.touched = landing.touched(outcome.merge, outcome.counts.stored)
    if outcome.counts.stored >= PLANNED_ANEW:
        run_sql(f"ANALYZE {spec.table}")  # of a partitioned table nobody else takes the statistics
    outcome.spool.store()
    outcome.spool.close()
    if outcome.merge is not None and outcome.merge.within is not None:
        outcome.merge.within.disown_rejected(import_file.pk)
    rejects.mend(
        import_file, outcome.good, [(c.name, c.type) for name in spec.key for c in spec.stored if c.name == name]
    )
    if outcome.merge is not None:
        replacing.keep_returned(outcome.merge, import_file)
        if replaces:
            import_file.retirements_proposed = replacing.propose(outcome.merge, import_file)
        run_sql(f"DROP TABLE {outcome.merge.stage}")
    counts = outcome.counts
    import_file.read, import_file.new, import_file.changed = counts.read, counts.new, counts.changed
    import_file.stored, import_file.rejected, import_file.unchanged = counts.stored, counts.rejected, counts.unchanged
    import_file.totals_rows, import_file.notices = outcome.totals_rows, outcome.notices
    import_file.finished_at = at
    import_file.save()


@dataclass
class _Outcome:
    merge: Merge | None
    counts: Counts
    good: str
    spool: Spool
    notices: list[str]
    totals_rows: int


def _load_fresh(import_file: ImportFile, opened: Opened, watched: Run | None) -> _Outcome | None:
    """The quick way of a year's first contributions; None where the file does not suit."""
    spec = SPECS[FileKind(import_file.kind)]
    if spec.kind != FileKind.CONTRIBUTIONS or opened.form != "csv":
        return None
    spool = Spool(import_file)
    try:
        with transaction.atomic(), open_sheet(opened.path, spec.columns, opened=opened) as sheet:
            if clean_lines(spec, sheet) is None or (year := fresh.year_of(opened.path, sheet)) is None:
                return None
            merge, counts, good = fresh.load(
                spec, opened, sheet, year, spool, lambda size: _report(watched, size, opened)
            )
            return _Outcome(merge, counts, good, spool, sheet.notices, sheet.totals_rows)
    except (IntegrityError, fresh.UnsuitableError):
        spool.close()
        return None
