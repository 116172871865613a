"""Counting working days. Pure: the State Council's days off and make-up days come in, dates go out (J2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

# The statutory holidays that have a fixed date in the sun's calendar (国务院令第795号, in force since 2025-01-01).
# Spring Festival, Dragon Boat and Mid-autumn follow the moon, 清明 the sun's term; the make-up days are never known
# before the State Council's notice, so a date that touches an unpublished year is provisional either way.
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
_ONE = timedelta(days=1)


class Counted(NamedTuple):
    """A date counted in working days, and whether it leans on a calendar that is not published yet."""

    on: date
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """The working calendar: the days that differ from the week, and the years that are published."""

    off: Mapping[date, bool]  # True = day off, False = make-up working day
    published: frozenset[int]

    def is_working(self, day: date) -> bool:
        """Is this a working day? Outside the published years: weekdays less the fixed-date holidays."""
        known = self.off.get(day)
        if known is not None:
            return not known
        if day.weekday() >= 5:
            return False
        return day.year in self.published or (day.month, day.day) not in FIXED_HOLIDAYS

    def add_working_days(self, start: date, n: int) -> Counted:
        """The n-th working day after `start`; the starting day is day 0 and is not counted (J2.7)."""
        if n < 0:
            raise ValueError("the number of working days is negative")
        day, left, provisional = start, n, False
        while left:
            day += _ONE
            left -= self.is_working(day)
            provisional = provisional or day.year not in self.published
        return Counted(day, provisional)

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after `start` up to and with `end`; negative when `end` lies before `start`."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working(start + timedelta(days=i)) for i in range(1, (end - start).days + 1))

    def is_provisional(self, start: date, end: date) -> bool:
        """Does the span after `start` up to `end` touch a year that is not published?"""
        return end > start and any(year not in self.published for year in range((start + _ONE).year, end.year + 1))

    def announcement_end(self, first: date, days: int) -> Counted:
        """The last day of an announcement of so many working days whose first day counts when it is one."""
        if not self.is_working(first):
            return self.add_working_days(first, days)
        last = self.add_working_days(first, days - 1)
        return Counted(last.on, last.provisional or first.year not in self.published)
