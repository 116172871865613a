"""submit_dispatch USCC YEAR --roster FILE [--on DATE]: an agency's application (contract 5, J2.2)."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError, a_date, a_year
from caseworks.base.identifiers import normalise
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.actors import Actor
from dispatch import applications


class Command(Base):
    help = "Take an agency's application with its roster; refused as a whole with every bad row named."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("uscc")
        parser.add_argument("year", type=a_year)
        parser.add_argument("--roster", type=Path, required=True)
        parser.add_argument("--on", type=a_date, default=None, help="the day of the application; default today")

    def work(self, *, uscc: str, year: int, roster: Path, on: datetime.date | None, **options: Any) -> None:
        try:
            taken = applications.submit(
                roster, uscc=normalise(uscc, identifier=True), year=year, on=on or timezone.localdate(),
                by=Actor.of_command("submit_dispatch"), at=timezone.now(),
            )  # fmt: skip
        except UnreadableFile as refusal:
            raise UsageError(f"{roster.name}: {refusal}") from refusal
        row = taken.application
        self.say(f"{row.uscc} {row.year}: {row.rows} rows, {row.workers} people, {row.amount} yuan")
        for part in taken.looked.parts:
            self.say(f"{part.kind} {part.host_uscc or '-'}: {part.premium} premium, {part.amount} yuan")
        for flag, words in taken.looked.signs.items():
            self.say(f"flag {flag}: {'；'.join(words)}")
        for notice in taken.looked.notices:
            self.say(f"{roster.name}: {notice}")
