"""Counting working days (J2.7, domain 2.5)."""

from __future__ import annotations

import datetime
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseworks.law import seeding
from caseworks.law.workdays import FIXED_HOLIDAYS, Calendar, Counted

D = date.fromisoformat


@pytest.mark.parametrize(
    ("credited", "due", "weekdays_only", "calendar_days"),
    [
        ("2024-06-28", "2024-08-09", "2024-08-09", "2024-07-28"),
        ("2024-08-30", "2024-10-17", "2024-10-11", "2024-09-29"),
        ("2024-09-20", "2024-11-06", "2024-11-01", "2024-10-20"),
        ("2024-12-31", "2025-02-18", "2025-02-11", "2025-01-30"),
        ("2025-01-10", "2025-02-27", "2025-02-21", "2025-02-09"),
        ("2025-09-18", "2025-11-05", "2025-10-30", "2025-10-18"),
        ("2025-12-31", "2026-02-12", "2026-02-11", "2026-01-30"),
        ("2026-01-20", "2026-03-09", "2026-03-03", "2026-02-19"),
        ("2026-09-10", "2026-10-28", "2026-10-22", "2026-10-10"),
    ],
)
def test_thirty_working_days_after_the_credit(
    published: Calendar, credited: str, due: str, weekdays_only: str, calendar_days: str
) -> None:
    start = D(credited)
    assert published.add_working_days(start, 30) == Counted(D(due), provisional=False)
    assert published.working_days_between(start, D(due)) == 30
    # The two wrong ways of counting, so that the table itself is known to be right.
    week = Calendar({}, frozenset(range(2019, 2030)))
    assert week.add_working_days(start, 30).on == D(weekdays_only)
    assert start + timedelta(days=30) == D(calendar_days)


def test_a_make_up_day_is_a_working_day_and_a_holiday_is_not(published: Calendar) -> None:
    assert published.is_working(D("2024-09-29"))  # Sunday, made up for National Day
    assert not published.is_working(D("2024-10-01"))
    assert not published.is_working(D("2024-10-07"))  # Monday, still off
    assert published.is_working(D("2024-10-08"))


def test_the_first_working_day_after_a_friday_before_a_working_sunday(published: Calendar) -> None:
    assert published.add_working_days(D("2024-09-27"), 1).on == D("2024-09-29")


def test_no_working_day_after_is_the_day_itself_even_on_a_sunday(published: Calendar) -> None:
    assert published.add_working_days(D("2024-06-30"), 0) == Counted(D("2024-06-30"), provisional=False)


def test_an_unpublished_year_counts_weekdays_less_the_fixed_holidays_and_says_so(published: Calendar) -> None:
    # From Friday 2026-11-20: 29 working days are left in 2026; 1 January is off, then the weekend.
    assert published.working_days_between(D("2026-11-20"), D("2026-12-31")) == 29
    assert published.add_working_days(D("2026-11-20"), 29) == Counted(D("2026-12-31"), provisional=False)
    assert published.add_working_days(D("2026-11-20"), 30) == Counted(D("2027-01-04"), provisional=True)
    assert not published.is_working(D("2027-05-01"))
    assert not published.is_working(D("2027-10-01"))
    assert published.is_working(D("2027-02-08"))  # the Spring Festival is not known before it is published


def test_a_year_before_the_calendar_is_provisional_too(published: Calendar) -> None:
    assert published.add_working_days(D("2018-12-27"), 3).provisional
    assert not published.add_working_days(D("2018-12-31"), 1).provisional  # only days of 2019 were counted


def test_a_negative_count_is_an_error(published: Calendar) -> None:
    with pytest.raises(ValueError, match="negative"):
        published.add_working_days(D("2024-06-28"), -1)


def test_an_announcement_counts_its_first_day(published: Calendar) -> None:
    assert published.announcement_end(D("2024-07-29"), 5) == Counted(D("2024-08-02"), provisional=False)
    assert published.announcement_end(D("2023-01-17"), 6) == Counted(D("2023-01-29"), provisional=False)
    assert published.announcement_end(D("2024-07-27"), 5).on == D("2024-08-02")  # a Saturday itself does not count


def test_every_seeded_year_gives_the_fixed_holidays_off_and_works_on_weekends_only() -> None:
    for year in seeding.calendar_years():
        off = {d.day for d in year.days if d.kind == "off"}
        fixed = FIXED_HOLIDAYS if year.year >= 2025 else FIXED_HOLIDAYS - {(5, 2)}
        assert {date(year.year, m, d) for m, d in fixed} <= off, year.year
        assert all(d.day.weekday() >= 5 for d in year.days if d.kind == "work"), year.year
        assert year.document.startswith("国办发明电"), year.year
    assert [y.year for y in seeding.calendar_years()] == list(range(2019, 2027))


# -- properties

days = st.dates(min_value=date(2017, 1, 1), max_value=date(2029, 12, 31))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    marked = draw(st.dictionaries(days, st.booleans(), max_size=60))
    return Calendar(marked, frozenset(draw(st.sets(st.integers(2017, 2030)))))


def brute(calendar: Calendar, start: date, n: int) -> Counted:
    """The same by writing every day down: no loop variable shared with the code under test."""
    span = [start + timedelta(days=i) for i in range(1, 20 * n + 400)]
    working = []
    for day in span:
        weekday = day.strftime("%a") not in ("Sat", "Sun")
        holiday = day.year not in calendar.published and day.strftime("%m-%d") in (
            "01-01", "05-01", "05-02", "10-01", "10-02", "10-03",
        )  # fmt: skip
        if not calendar.off[day] if day in calendar.off else weekday and not holiday:
            working.append(day)
    on = working[n - 1] if n else start
    touched = {day.year for day in span if day <= on}
    return Counted(on, bool(touched - calendar.published))


@given(calendars(), days, st.integers(0, 80))
def test_adding_equals_writing_every_day_down(calendar: Calendar, start: date, n: int) -> None:
    assert calendar.add_working_days(start, n) == brute(calendar, start, n)


@given(calendars(), days, st.integers(0, 80))
def test_between_is_the_inverse_of_adding(calendar: Calendar, start: date, n: int) -> None:
    end = calendar.add_working_days(start, n)
    assert calendar.working_days_between(start, end.on) == n
    assert calendar.working_days_between(end.on, start) == -n
    assert calendar.is_provisional(start, end.on) == end.provisional


@given(calendars(), days, st.integers(0, 40), st.integers(0, 40))
def test_adding_in_two_steps_is_adding_at_once(calendar: Calendar, start: date, a: int, b: int) -> None:
    first = calendar.add_working_days(start, a)
    assert calendar.add_working_days(first.on, b).on == calendar.add_working_days(start, a + b).on


@given(days, days, days)
def test_between_adds_up(a: date, b: date, c: date) -> None:
    calendar = Calendar({}, frozenset(range(2017, 2030)))
    between = calendar.working_days_between
    assert between(a, b) + between(b, c) == between(a, c)


def test_the_clock_is_not_asked() -> None:
    """A date of the far future is as good as any."""
    assert Calendar({}, frozenset({2090})).add_working_days(datetime.date(2090, 1, 2), 1).on.year == 2090
