"""enforce_deadlines [--as-of DATE]: the sweep, as the daily task runs it (contract 5, J2.8, J2.9)."""

from __future__ import annotations

import argparse
import datetime
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import a_date
from caseworks.base.errors import Refusal
from caseworks.law.training import is_training
from caseworks.people.actors import Actor
from dispatch import enforcement


class Command(Base):
    help = "Claim back what agencies neither forwarded nor gave back by the deadline, and propose the bars."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--as-of", type=a_date, default=None, help="the day of the sweep; default today")

    def work(self, *, as_of: datetime.date | None, **options: Any) -> None:
        today = timezone.localdate()
        day = as_of or today
        if day > today and not is_training():
            raise Refusal(f"{day} 在今天之后，没有清查，未作任何更改。未来的日期只可用于训练库。")
        done = enforcement.sweep(day, by=Actor.of_command("enforce_deadlines"), at=timezone.now())
        self.say(f"{done.as_of}: obligations opened: {done.opened}")
        self.say(f"{done.as_of}: recoveries: {done.findings}, {done.amount} yuan")
        self.say(f"{done.as_of}: bars proposed: {done.bars}")
        self.say(f"{done.as_of}: late returns put to recoveries: {done.repaid}")
