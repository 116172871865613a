"""The calendar in the database, its files, and the deadlines that follow it (J2.7)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.law import calendar_files, calendars, deadlines
from caseworks.law.calendar_files import CalendarFileErrors, Day
from caseworks.law.models import CalendarChange, CalendarDay, CalendarYear, Deadline, DeadlineChange
from caseworks.law.workdays import Calendar
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from tests.law.conftest import AT, ON, SHELL

D = datetime.date.fromisoformat
FIXED = ["01-01", "05-01", "05-02", "10-01", "10-02", "10-03"]
# An invented calendar of 2027: the fixed holidays, a Spring Festival week (6 February is New Year's Day) and its price.
FESTIVAL = [f"2027-02-{day:02}" for day in range(5, 12)]
DAYS_2027 = sorted(
    [Day(D(f"2027-{md}"), "off", "节日") for md in FIXED]
    + [Day(D(day), "off", "春节") for day in FESTIVAL]
    + [Day(D("2027-01-30"), "work", "春节"), Day(D("2027-02-20"), "work", "春节")]
)


def load_2027(days: list[Day] = DAYS_2027, by: Actor = SHELL, **other: Any) -> calendars.Loaded:
    values = {"document": "国办发明电〔2026〕0号", "by": by, "at": AT, "on": ON}
    return calendars.load_year(2027, days, **(values | other))


def test_the_calendar_comes_back_from_the_database(loaded: Calendar, published: Calendar) -> None:
    assert loaded == published
    assert CalendarYear.objects.get(year=2024).source_document == "国办发明电〔2023〕7号"
    assert CalendarDay.objects.get(day=D("2024-02-10")).name == "春节"


def test_the_same_year_again_changes_nothing(loaded: Calendar) -> None:
    assert load_2027() == calendars.Loaded(2027, changed=True, days=15, deadlines=0)
    before = CalendarChange.objects.count()
    assert load_2027(list(reversed(DAYS_2027))) == calendars.Loaded(2027, changed=False, days=15, deadlines=0)
    assert CalendarChange.objects.count() == before


def test_every_loading_is_kept_as_it_was(loaded: Calendar) -> None:
    load_2027()
    load_2027([DAYS_2027[0], *DAYS_2027[2:]], document="国办发明电〔2026〕1号")
    first, second = CalendarChange.objects.filter(year=2027).order_by("id")
    assert first.before is None
    assert second.before == first.after
    assert (len(first.after["days"]), len(second.after["days"])) == (15, 14)
    assert second.label == "os:operator manage.py setup"
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        CalendarChange.objects.update(label="nobody")


@pytest.mark.parametrize(
    ("days", "document", "words"),
    [
        (DAYS_2027, " ", "请写明来源文件"),
        ([*DAYS_2027, Day(D("2026-12-31"), "off")], "x", "2026-12-31 不在 2027 年内"),
        ([*DAYS_2027, Day(D("2027-03-01"), "work")], "x", "2027-03-01 不是周六或周日"),
        ([*DAYS_2027, DAYS_2027[0]], "x", "2027-01-01 出现了两次"),
        (DAYS_2027[:5], "x", "2027-10-01 是法定节日"),
    ],
)
def test_a_year_that_cannot_be_right_is_refused(loaded: Calendar, days: list[Day], document: str, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        load_2027(days, document=document)
    assert words in str(caught.value)
    assert not CalendarYear.objects.filter(year=2027).exists()


def test_the_calendar_is_the_province_supervisors(loaded: Calendar, staff: Callable[..., Person]) -> None:
    for person in (staff("clerk", Role.CLERK), staff("city", Role.SUPERVISOR, "220100"), staff("eye", Role.AUDITOR)):
        with pytest.raises(Refusal, match="日历由省级机构的主管维护"):
            load_2027(by=Actor.of_person(person))
    supervisor = staff("supervisor")
    assert load_2027(by=Actor.of_person(supervisor)).changed
    assert CalendarYear.objects.get(year=2027).loaded_by == supervisor


def test_one_day_is_changed_by_itself(loaded: Calendar) -> None:
    day = D("2026-12-25")
    assert calendars.set_day(day, "off", "临时放假", by=SHELL, at=AT, on=ON).changed
    assert not calendars.current().is_working(day)
    assert calendars.set_day(day, "", "", by=SHELL, at=AT, on=ON).changed
    assert calendars.current().is_working(day)
    with pytest.raises(Refusal, match="2027 年日历还没有录入"):
        calendars.set_day(D("2027-01-04"), "off", "", by=SHELL, at=AT, on=ON)


# -- deadlines


def test_a_deadline_is_set_once_with_its_first_line(loaded: Calendar) -> None:
    for _ in range(2):
        row = deadlines.set_deadline("part", "a", D("2024-06-28"), 30, calendar=loaded, by=SHELL, at=AT)
        assert (row.due_on, row.provisional) == (D("2024-08-09"), False)
    line = DeadlineChange.objects.get()
    assert (line.old_due_on, line.new_due_on, line.reason) == (None, D("2024-08-09"), "起算")
    with pytest.raises(Refusal, match="已有从另一天起算的期限"):
        deadlines.set_deadline("part", "a", D("2024-07-01"), 30, calendar=loaded, by=SHELL, at=AT)


def test_starting_again_keeps_the_old_date(loaded: Calendar) -> None:
    row = deadlines.set_deadline("part", "a", D("2024-06-28"), 30, calendar=loaded, by=SHELL, at=AT)
    for _ in range(2):
        row = deadlines.restart(row, D("2024-08-30"), 30, reason="退票重付", calendar=loaded, by=SHELL, at=AT)
    assert row.due_on == D("2024-10-17")
    assert list(row.changes.values_list("old_due_on", "new_due_on", "reason")) == [
        (None, D("2024-08-09"), "起算"),
        (D("2024-08-09"), D("2024-10-17"), "退票重付"),
    ]


def test_loading_a_year_recomputes_what_was_provisional_and_keeps_the_old_date(loaded: Calendar) -> None:
    start = {
        "old": "2024-06-28",
        "now": "2026-09-10",
        "year_end": "2026-11-19",
        "late": "2026-12-30",
        "next": "2026-12-31",
    }
    starts = [(key, D(day)) for key, day in start.items()]
    rows = deadlines.set_many("part", starts, 30, calendar=loaded, by=SHELL, at=AT)
    assert {key for key, row in rows.items() if row.provisional} == {"late", "next"}
    assert rows["year_end"].due_on == D("2026-12-31")
    before = {key: row.due_on for key, row in rows.items()}
    assert load_2027().deadlines == 2
    after = {row.key: row for row in Deadline.objects.all()}
    assert not any(row.provisional for row in after.values())
    # Five weekdays fall to the Spring Festival, two Saturdays are worked.
    expected = calendars.current()
    for key, day in start.items():
        assert after[key].due_on == expected.add_working_days(D(day), 30).on
        moved = after[key].due_on != before[key]
        assert moved == (key in ("late", "next")), key
    lines = list(DeadlineChange.objects.filter(reason="2027 年日历更新").order_by("deadline__key"))
    assert [(line.deadline.key, line.old_due_on, line.old_provisional) for line in lines] == [
        ("late", before["late"], True),
        ("next", before["next"], True),
    ]
    assert load_2027().deadlines == 0
    assert deadlines.recompute(2027, calendar=expected, by=SHELL, at=AT, on=ON) == 0
    assert DeadlineChange.objects.count() == len(start) + 2


def test_a_correction_moves_running_deadlines_but_not_those_that_passed(loaded: Calendar) -> None:
    passed = deadlines.set_deadline("part", "passed", D("2026-09-10"), 30, calendar=loaded, by=SHELL, at=AT)
    running = deadlines.set_deadline("part", "running", D("2026-11-02"), 30, calendar=loaded, by=SHELL, at=AT)
    assert (passed.due_on, running.due_on) == (D("2026-10-28"), D("2026-12-14"))
    assert calendars.set_day(D("2026-12-01"), "off", "", by=SHELL, at=AT, on=ON).deadlines == 1
    assert calendars.set_day(D("2026-10-12"), "off", "", by=SHELL, at=AT, on=ON).deadlines == 0
    passed.refresh_from_db()
    running.refresh_from_db()
    assert (passed.due_on, running.due_on) == (D("2026-10-28"), D("2026-12-15"))


def test_the_history_of_a_deadline_cannot_be_changed(loaded: Calendar) -> None:
    row = deadlines.set_deadline("part", "a", D("2024-06-28"), 30, calendar=loaded, by=SHELL, at=AT)
    changes = (lambda: DeadlineChange.objects.update(new_due_on=ON), lambda: row.changes.all().delete(), row.delete)
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert DeadlineChange.objects.get().new_due_on == D("2024-08-09")


def test_a_provisional_deadline_has_never_passed(loaded: Calendar) -> None:
    deadlines.set_deadline("part", "definite", D("2026-10-08"), 30, calendar=loaded, by=SHELL, at=AT)
    deadlines.set_deadline("part", "provisional", D("2026-11-20"), 30, calendar=loaded, by=SHELL, at=AT)
    assert [row.key for row in Deadline.objects.passed(D("2027-02-01"))] == ["definite"]
    assert [row.key for row in Deadline.objects.provisional()] == ["provisional"]


# -- files


def test_a_file_is_read_in_either_language_and_encoding() -> None:
    text = calendar_files.write(DAYS_2027)
    chinese = text.replace("day,kind,name", "日期,类型,名称").replace(",off,", ",放假,").replace(",work,", ",上班,")
    assert calendar_files.read(text.encode("utf-8-sig"), 2027) == DAYS_2027
    assert calendar_files.read(chinese.encode("gb18030"), 2027) == DAYS_2027
    assert calendar_files.read(text.replace("\r\n", "\n").encode() + b"\n\n", 2027) == DAYS_2027


def test_every_error_of_a_file_is_named_with_line_and_column() -> None:
    rows = [
        "kind,day,name",
        "off,2027-01-01,元旦",
        "off,2027-02-30,",
        "rest,2027-03-01,",
        "work,2027-03-02,",
        "off,2026-05-01,",
    ]
    rows += ["off,2027-01-01,again", f"off,2027-06-01,{'长' * 41}"]
    with pytest.raises(CalendarFileErrors) as caught:
        calendar_files.read("\n".join(rows).encode(), 2027)
    assert [str(error) for error in caught.value.errors] == [
        "第 3 行“日期”：日期应为 YYYY-MM-DD（2027-02-30）",
        "第 4 行“类型”：类型应为 off（放假）或 work（上班）（rest）",
        "第 5 行“类型”：2027-03-02 不是周六或周日，本来就是工作日，不能列为调休上班（work）",
        "第 6 行“日期”：不在 2027 年内（2026-05-01）",
        "第 7 行“日期”：与第 2 行重复（2027-01-01）",
        f"第 8 行“名称”：名称不能超过 40 个字（{'长' * 41}）",
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "文件是空的"),
        (b"day,name\n2027-01-01,x\n", "缺少列 kind"),
        (b"PK\x03\x04\x00\x00", "不是 UTF-8 或 GB18030 编码的文本文件"),
        (b'day,kind\n"2027-01-01,off\n', "不是完整的 CSV"),
        (b"day,kind\n2027-01-01,off\n", "2027-10-03 是法定节日，文件里没有列为放假；文件可能不完整"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_whole(data: bytes, words: str) -> None:
    with pytest.raises(CalendarFileErrors) as caught:
        calendar_files.read(data, 2027)
    assert words in str(caught.value)
