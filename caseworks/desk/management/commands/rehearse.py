"""rehearse YEAR --scheme SCHEME [--on DATE]: the training staff carry a year to the bank (contract 5)."""

from __future__ import annotations

import argparse
import datetime
from typing import Any

from caseworks.base.commands import Command as Base
from caseworks.base.commands import a_date, a_year
from caseworks.cases.enums import Scheme
from caseworks.desk import rehearsing


class Command(Base):
    help = "On a training database: review, announce and pay every eligible case of a year by the training staff."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("year", type=a_year)
        parser.add_argument("--scheme", choices=Scheme.values, required=True)
        parser.add_argument("--on", type=a_date, default=None, help="the day of the reviews; default the screening's")

    def work(self, *, year: int, scheme: str, on: datetime.date | None, **options: Any) -> None:
        done = rehearsing.rehearse(scheme, year, on)
        self.say(f"accounts confirmed: {done.accounts}")
        self.say(f"units without a corporate account declared: {done.declared}")
        self.say(f"cases opened: {done.opened}")
        for stage, count in done.passed.items():
            self.say(f"{stage}: {count} passed")
        self.say(f"announced: {done.announced}")
        self.say(f"cleared: {done.cleared}")
        self.say(f"returned payments sent again: {done.mended}")
        self.say(f"sent to the bank: {done.sent} payments in {done.batches} batches")
        for reason, count in sorted(done.waiting.items()):
            self.say(f"waiting: {count} {reason}")
