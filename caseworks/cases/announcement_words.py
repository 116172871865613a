"""The text of an announcement, as the page and the paper have it. (N6.2)"""

from __future__ import annotations

import datetime as dt

from django.db.models import Count

from caseworks.base.money import in_capitals, thousands
from caseworks.cases.enums import LineChange
from caseworks.cases.models import Announcement


def paragraphs(announcement: Announcement, first: dt.date | None = None, last: dt.date | None = None) -> list[str]:
    """The text; `first` and `last` are the days that it would have, where it is not published yet."""
    first, last = announcement.first_day or first, announcement.last_day or last
    assert first is not None
    assert last is not None
    if announcement.corrects is not None:
        return [*_corrected(announcement, announcement.corrects), *_period(announcement, first, last)]
    whom = "人员" if announcement.persons else "单位"
    return [
        f"{basis(announcement)}经审核，拟向下列 {announcement.count:,} {_units(announcement)}{whom}发放"
        f"{announcement.year}年度{announcement.get_scheme_display()}资金，共计 {thousands(announcement.total)} 元"
        f"（{in_capitals(announcement.total)}）。现予公示。",
        *_period(announcement, first, last),
    ]


def basis(announcement: Announcement) -> str:
    """根据《…》（…）、《…》（…），"""
    documents = "、".join(_document(item) for item in announcement.documents)
    return f"根据{documents}，" if documents else ""


def contact(announcement: Announcement) -> str:
    """电话：…；地址：…"""
    office = announcement.office
    return "；".join(
        f"{label}：{value}" for label, value in (("电话", office.phone), ("地址", office.address)) if value
    )


def _period(announcement: Announcement, first: dt.date, last: dt.date) -> list[str]:
    where = contact(announcement)
    if announcement.days:
        period = f"公示期自{_day(first)}至{_day(last)}，共 {announcement.days} 个工作日，首日计入，末日包括在内。"
    else:
        period = f"更正后各行的金额没有调增，公示期随原公告，至{_day(last)}止。"
    return [
        period,
        f"对公示内容有异议的，请于公示期内在公示页面提交，或向{announcement.office.name}实名反映，并提供证据线索"
        + (f"（{where}）。" if where else "。"),
    ]


def _corrected(announcement: Announcement, corrected: Announcement) -> list[str]:
    counts = dict(
        announcement.lines.order_by().values_list("change").annotate(lines=Count("pk"))
    )  # fmt: skip
    parts = "、".join(
        f"{change.label} {counts[change.value]} {_units(announcement)}" for change in LineChange if change in counts
    )
    return [
        f"{basis(announcement)}现对《{corrected.title}》（{corrected.number}）作如下更正，共 {announcement.count:,} "
        f"{_units(announcement)}（{parts}），更正后合计 {thousands(announcement.total)} 元"
        f"（{in_capitals(announcement.total)}）；未列入本公告的各行不变。"
    ]


def _units(announcement: Announcement) -> str:
    return "名" if announcement.persons else "户"


def _document(item: dict[str, str]) -> str:
    title, number = item.get("title", ""), item.get("number", "")
    return f"《{title}》（{number}）" if title else number


def _day(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
