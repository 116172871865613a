"""The files of a published announcement: the whole list as xlsx, and the notice as PDF with up to 1,000 lines (N6.2).

The lines are frozen, so each file is made once, when it is first asked for, and kept beside the uploads.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from caseworks.base.documents.rendering import chinese_date, render
from caseworks.base.money import in_capitals, thousands
from caseworks.base.sheets.writing import write_xlsx
from caseworks.cases.models import Announcement, AnnouncementLine

TEMPLATE = Path(__file__).parent / "papers" / "announcement.typ"
IN_NOTICE = 1000  # lines; the xlsx has them all
FOLDER = "announcements"


def header(announcement: Announcement) -> list[str]:
    """The columns of the list: the scheme's between name and amount."""
    return ["序号", "单位名称", *announcement.columns.values(), "金额（元）"]


def lines(announcement: Announcement) -> QuerySet[AnnouncementLine]:
    """The lines in their order."""
    return announcement.lines.order_by("position")


def cells(announcement: Announcement, line: AnnouncementLine) -> list[str]:
    """What a line shows between its name and its amount."""
    return [line.shown.get(key) or "—" for key in announcement.columns]


def xlsx(announcement: Announcement) -> Path:
    """The whole list as a workbook."""

    def write(path: Path) -> None:
        rows = ([line.position, line.name, *cells(announcement, line), line.amount] for line in _stream(announcement))
        widths = (8, 44, *(14 for _ in announcement.columns), 18)
        write_xlsx(path, "公示名单", header(announcement), rows, widths)

    return _kept(announcement, "xlsx", write)


def notice(announcement: Announcement) -> Path:
    """The notice as PDF: letter, totals, seal slot, and the list (its first 1,000 lines)."""
    assert announcement.published_at is not None
    at = announcement.published_at
    return _kept(announcement, "pdf", lambda path: _write(path, render(TEMPLATE, paper(announcement), at=at)))


def paper(announcement: Announcement) -> dict[str, object]:
    """What the notice says."""
    assert announcement.first_day is not None
    rows = [
        [str(line.position), line.name, *cells(announcement, line), thousands(line.amount)]
        for line in lines(announcement)[:IN_NOTICE]
    ]
    more = announcement.count > IN_NOTICE
    return {
        "title": announcement.title,
        "number": announcement.number,
        "issuer": announcement.office.name,
        "paragraphs": paragraphs(announcement),
        "dated": chinese_date(announcement.first_day),
        "list_title": f"公示名单（前 {IN_NOTICE} 户，全部见电子表格）" if more else "公示名单",
        "header": header(announcement),
        "rows": rows,
        "total_label": f"全部 {announcement.count} 户合计",
        "total": thousands(announcement.total),
    }


def paragraphs(announcement: Announcement) -> list[str]:
    """The text of the notice, as the page and the paper have it."""
    office, first, last = announcement.office, announcement.first_day, announcement.last_day
    documents = "、".join(_document(item) for item in announcement.documents)
    basis = f"根据{documents}，" if documents else ""
    where = "；".join(
        f"{label}：{value}" for label, value in (("电话", office.phone), ("地址", office.address)) if value
    )
    assert first is not None
    assert last is not None
    return [
        f"{basis}经审核，拟向下列 {announcement.count} 户单位发放{announcement.year}年度"
        f"{announcement.get_scheme_display()}资金，共计 {thousands(announcement.total)} 元"
        f"（{in_capitals(announcement.total)}）。现予公示。",
        f"公示期自{_day(first)}至{_day(last)}，共 {announcement.days} 个工作日，首日计入，末日包括在内。",
        f"对公示内容有异议的，请于公示期内在公示页面提交，或向{office.name}实名反映，并提供证据线索"
        + (f"（{where}）。" if where else "。"),
    ]


def _document(item: dict[str, str]) -> str:
    title, number = item.get("title", ""), item.get("number", "")
    return f"《{title}》（{number}）" if title else number


def _day(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _stream(announcement: Announcement) -> Iterator[AnnouncementLine]:
    return lines(announcement).iterator(chunk_size=5000)


def _kept(announcement: Announcement, ending: str, write: Callable[[Path], None]) -> Path:
    """The file, made beside its place and then put there at once: two askers at a time do no harm."""
    path = Path(default_storage.path(f"{FOLDER}/{announcement.slug}.{ending}"))
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
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
