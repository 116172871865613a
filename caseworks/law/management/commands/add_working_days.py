"""`manage.py add_working_days DATE N`: the N-th working day after DATE, and `provisional` where it is."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.management.base import CommandParser

from caseworks.base import commands
from caseworks.base.errors import Refusal
from caseworks.law import calendars


class Command(commands.Command):
    help = "DATE 之后的第 N 个工作日；日历未公布的，后面加 provisional"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("date", metavar="DATE", type=commands.a_date)
        parser.add_argument("n", metavar="N", type=commands.a_count)

    def work(self, *, date: datetime.date, n: int, **options: Any) -> None:
        try:
            counted = calendars.current().add_working_days(date, n)
        except OverflowError:
            raise Refusal(f"{date} 之后 {n} 个工作日超出日历范围。") from None
        self.say(f"{counted.on.isoformat()} provisional" if counted.provisional else counted.on.isoformat())
