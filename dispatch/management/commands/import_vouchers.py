"""import_vouchers FILE: forwarding vouchers in bulk (contract 5, J2.7)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.actors import Actor
from dispatch import vouchers
from dispatch.management.commands._handed_in import told


class Command(Base):
    help = "Take forwarding vouchers of a file; refused rows stand in <file>.errors.csv."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def work(self, *, file: Path, **options: Any) -> None:
        try:
            outcome = vouchers.import_file(file, by=Actor.of_command("import_vouchers"), at=timezone.now())
        except UnreadableFile as refusal:
            raise UsageError(f"{file.name}: {refusal}") from refusal
        told(self, file, outcome.summary, outcome.refused)
