"""The files of a published announcement: the whole list as xlsx, and the notice as PDF with up to 1,000 lines (N6.2).

The lines are frozen, so each file is made once, when it is first asked for, and kept beside the uploads until the
announcement is taken down.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from caseworks.base.documents.rendering import chinese_date, render
from caseworks.base.money import thousands
from caseworks.base.sheets.writing import write_xlsx
from caseworks.cases.announcement_words import paragraphs
from caseworks.cases.models import Announcement, AnnouncementLine

TEMPLATE = Path(__file__).parent / "papers" / "announcement.typ"
IN_NOTICE = 1000  # lines; the xlsx has them all
FOLDER = "announcements"
ENDINGS = ("xlsx", "pdf")
NOTHING = "—"


def header(announcement: Announcement) -> list[str]:
    """The columns of the list: the scheme's between name and amount; a correction says what was before."""
    name = "姓名" if announcement.persons else "单位名称"
    if announcement.corrects_id is None:
        return ["序号", name, *announcement.columns.values(), "金额（元）"]
    return ["序号", name, "更正事项", *announcement.columns.values(), "更正前金额（元）", "金额（元）"]


def lines(announcement: Announcement) -> QuerySet[AnnouncementLine]:
    """The lines in their order."""
    return announcement.lines.order_by("position")


def cells(announcement: Announcement, line: AnnouncementLine) -> list[str]:
    """What a line shows between its name and its amount."""
    shown = [line.shown.get(key) or NOTHING for key in announcement.columns]
    if announcement.corrects_id is None:
        return shown
    before = NOTHING if line.before_amount is None else thousands(line.before_amount)
    return [line.get_change_display(), *shown, before]


def named(line: AnnouncementLine) -> str:
    """The name of a line, with the one that a correction puts right."""
    return f"{line.name}（原列：{line.before_name}）" if line.before_name not in ("", line.name) else line.name


def xlsx(announcement: Announcement) -> Path:
    """The whole list as a workbook."""

    def write(path: Path) -> None:
        head = header(announcement)
        rows = ([line.position, named(line), *cells(announcement, line), line.amount] for line in _stream(announcement))
        write_xlsx(path, "公示名单", head, rows, (8, 44, *(16 for _ in head[2:])))

    return _kept(announcement, "xlsx", write)


def notice(announcement: Announcement) -> Path:
    """The notice as PDF: letter, totals, seal slot, and the list (its first 1,000 lines)."""
    assert announcement.published_at is not None
    at = announcement.published_at
    return _kept(announcement, "pdf", lambda path: _write(path, render(TEMPLATE, paper(announcement), at=at)))


def remove(announcement: Announcement) -> None:
    """Take the kept files away; they can be made again from the lines."""
    for ending in (*ENDINGS, "lock"):
        _path(announcement, ending).unlink(missing_ok=True)


def paper(announcement: Announcement) -> dict[str, object]:
    """What the notice says."""
    assert announcement.first_day is not None
    rows = [
        [str(line.position), named(line), *cells(announcement, line), thousands(line.amount)]
        for line in lines(announcement)[:IN_NOTICE]
    ]
    more = announcement.count > IN_NOTICE
    what = "更正内容" if announcement.corrects_id else "公示名单"
    unit = "人" if announcement.persons else "户"
    return {
        "title": announcement.title,
        "number": announcement.number,
        "issuer": announcement.office.name,
        "paragraphs": paragraphs(announcement),
        "dated": chinese_date(announcement.first_day),
        "list_title": f"{what}（前 {IN_NOTICE:,} {unit}，全部见电子表格）" if more else what,
        "header": header(announcement),
        "rows": rows,
        "texts": 2 + bool(announcement.corrects_id),
        "total_label": f"全部 {announcement.count:,} {unit}合计",
        "total": thousands(announcement.total),
    }


def _stream(announcement: Announcement) -> Iterator[AnnouncementLine]:
    # Without its key, a line of the related manager asks for it: one query a line.
    wanted = ("announcement", "position", "name", "shown", "amount", "change", "before_name", "before_amount")
    return lines(announcement).only(*wanted).iterator(chunk_size=5000)


def _path(announcement: Announcement, ending: str) -> Path:
    return Path(default_storage.path(f"{FOLDER}/{announcement.slug}.{ending}"))


def _kept(announcement: Announcement, ending: str, write: Callable[[Path], None]) -> Path:
    """The file, made beside its place and then put there at once. Of many who ask at a time one makes it."""
    path = _path(announcement, ending)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _path(announcement, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=f".{ending}")
            os.close(handle)
            try:
                write(Path(name))
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)
    return path


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
