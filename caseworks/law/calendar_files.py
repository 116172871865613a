"""A year's calendar as a CSV file: day,kind,name (日期,类型,名称). Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date

from caseworks.law.enums import DayKind
from caseworks.law.workdays import FIXED_HOLIDAYS

COLUMNS = {"day": "day", "日期": "day", "kind": "kind", "类型": "kind", "name": "name", "名称": "name"}
KINDS = {"off": "off", "work": "work", "放假": "off", "休": "off", "上班": "work", "班": "work"}
COLUMN_LABELS = {"day": "日期", "kind": "类型", "name": "名称"}


@dataclass(frozen=True, order=True)
class Day:
    """One day on which the calendar differs from the week."""

    day: date
    kind: str
    name: str = ""


@dataclass(frozen=True)
class CalendarError:
    """What is wrong, with the line (the header being 1) and the column."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = f"第 {self.line} 行" + (f"“{COLUMN_LABELS.get(self.column, self.column)}”" if self.column else "")
        return f"{place}：{self.reason}" + (f"（{self.value}）" if self.value else "")


class CalendarFileErrors(ValueError):
    """The file does not make a year's calendar; nothing of it is taken."""

    def __init__(self, errors: list[CalendarError]) -> None:
        self.errors = errors
        super().__init__("；".join(map(str, errors)))


def decode(data: bytes) -> str:
    """UTF-8 with or without BOM, or GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise CalendarFileErrors([CalendarError(1, "", "", "不是 UTF-8 或 GB18030 编码的文本文件")])


def read(data: bytes, year: int) -> list[Day]:
    """The days of the file, all or nothing."""
    try:
        reader = csv.reader(io.StringIO(decode(data), newline=""), strict=True)
        rows, last = [], 0
        for row in reader:
            rows.append((last + 1, row))
            last = reader.line_num
    except csv.Error as error:
        raise CalendarFileErrors([CalendarError(last + 1, "", "", f"不是完整的 CSV：{error}")]) from None
    if not rows:
        raise CalendarFileErrors([CalendarError(1, "", "", "文件是空的")])
    header = [COLUMNS.get(name.strip().lower(), "") for name in rows[0][1]]
    missing = [name for name in ("day", "kind") if name not in header]
    if missing:
        raise CalendarFileErrors([CalendarError(1, name, "", f"缺少列 {name}") for name in missing])
    days: dict[date, tuple[int, Day]] = {}
    errors: list[CalendarError] = []
    for line, row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if name}
        found = _day(line, cells, year, errors)
        if found is None:
            continue
        if found.day in days:
            errors.append(CalendarError(line, "day", found.day.isoformat(), f"与第 {days[found.day][0]} 行重复"))
        else:
            days[found.day] = (line, found)
    out = sorted(day for _line, day in days.values())
    if not errors:
        errors.extend(CalendarError(1, "", "", words) for words in missing_holidays(out, year))
    if errors:
        raise CalendarFileErrors(errors)
    return out


def _day(line: int, cells: dict[str, str], year: int, errors: list[CalendarError]) -> Day | None:
    raw, kind = cells.get("day", ""), cells.get("kind", "")
    before = len(errors)
    try:
        day = date.fromisoformat(raw) if len(raw) == 10 else None
    except ValueError:
        day = None
    if day is None:
        errors.append(CalendarError(line, "day", raw, "日期应为 YYYY-MM-DD"))
    elif day.year != year:
        errors.append(CalendarError(line, "day", raw, f"不在 {year} 年内"))
    code = KINDS.get(kind.lower())
    if code is None:
        errors.append(CalendarError(line, "kind", kind, "类型应为 off（放假）或 work（上班）"))
    elif day is not None and code == DayKind.WORK and day.weekday() < 5:
        errors.append(CalendarError(line, "kind", kind, f"{raw} 不是周六或周日，本来就是工作日，不能列为调休上班"))
    if len(cells.get("name", "")) > 40:
        errors.append(CalendarError(line, "name", cells["name"], "名称不能超过 40 个字"))
    if len(errors) > before or day is None or code is None:
        return None
    return Day(day, code, cells.get("name", ""))


def missing_holidays(days: list[Day], year: int) -> list[str]:
    """The fixed-date holidays that a whole year must give off: a truncated file is noticed by them."""
    off = {day.day for day in days if day.kind == DayKind.OFF}
    since = FIXED_HOLIDAYS if year >= 2025 else FIXED_HOLIDAYS - {(5, 2)}
    missing = [date(year, m, d) for m, d in sorted(since) if date(year, m, d) not in off]
    return [f"{day.isoformat()} 是法定节日，文件里没有列为放假；文件可能不完整" for day in missing]


def write(days: list[Day]) -> str:
    """The same file again."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["day", "kind", "name"])
    writer.writerows([day.day.isoformat(), day.kind, day.name] for day in days)
    return out.getvalue()
