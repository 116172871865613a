"""import_returns FILE --by USER (contract 5, J2.7, J2.8)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError
from caseworks.base.sheets.errors import UnreadableFile
from dispatch import returns
from dispatch.management.commands._handed_in import person_of, told


class Command(Base):
    help = "Confirm money given back to the fund, by a person of the office."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="USER")

    def work(self, *, file: Path, by: str, **options: Any) -> None:
        try:
            outcome = returns.import_file(file, by=person_of(by), at=timezone.now())
        except UnreadableFile as refusal:
            raise UsageError(f"{file.name}: {refusal}") from refusal
        told(self, file, outcome.summary, outcome.refused)
