"""screen_refunds YEAR [--region CODE] [--as-of DATE]: judge every unit of a region (contract 5, N5.1)."""

from __future__ import annotations

import argparse
import datetime
import re
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import a_date, a_year
from caseworks.people.actors import Actor
from refunds import screening


def a_region(text: str) -> str:
    """A region prefix: at most six digits."""
    if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"行政区划前缀应为 1 至 6 位数字：{text}")
    return text


class Command(Base):
    help = "Screen every unit of the region for the refund; rows that are in review are not touched."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("year", type=a_year)
        parser.add_argument("--region", type=a_region, default=None, help="a prefix: 22 = province, 2201 = city")
        parser.add_argument("--as-of", type=a_date, default=None, help="the screening day; default today")

    def work(self, *, year: int, region: str | None, as_of: datetime.date | None, **options: Any) -> None:
        done = screening.run(
            year, region or "", as_of or timezone.localdate(), Actor.of_command("screen_refunds"), timezone.now()
        )
        for outcome, found in done.totals["outcomes"].items():
            self.say(f"{outcome}: {found['units']} units, {found['amount']} yuan")
        written = done.written
        self.say(
            f"written: {written['new']} new, {written['changed']} changed, {written['gone']} gone, "
            f"{written['unchanged']} unchanged"
        )
        if written["in_review"]:
            self.say(
                f"in review: {written['in_review']} left as they are, "
                f"{written['in_review_differing']} would be judged differently now"
            )
        for warning in done.freshness["warnings"]:
            self.say(f"warning: {warning}")
