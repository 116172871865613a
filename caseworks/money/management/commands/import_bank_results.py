"""import_bank_results FILE: what the bank says of payments, booked as a whole or not at all (contract 5)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.money import bank_results
from caseworks.people.actors import Actor


class Command(Base):
    """Confirmations and returns of a bank's file."""

    help = "登记银行回盘：FILE（支付编号、结果、日期、原因）。整个文件先核对，有一行不符即全部不登记。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def work(self, *, file: Path, **options: Any) -> None:
        try:
            booked = bank_results.book(file, by=Actor.of_command("import_bank_results"), at=timezone.now())
        except UnreadableFile as refusal:
            raise UsageError(f"{file.name}: {refusal}") from refusal
        self.say(f"{file.name}: {booked.summary}")
