"""submit_claims FILE --year Y: skill claims in bulk (contract 5, N3, J3)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError, a_year
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.actors import Actor
from subsidies import claim_files


class Command(Base):
    help = "Take the skill claims of a file into a policy year and judge them; the same content is taken once."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--year", type=a_year, required=True)

    def work(self, *, file: Path, year: int, **options: Any) -> None:
        if not file.is_file():
            raise UsageError(f"找不到文件：{file}")
        try:
            taken, fresh = claim_files.submit(file, year, by=Actor.of_command("submit_claims"), at=timezone.now())
        except UnreadableFile as refusal:
            raise UsageError(f"{file.name}: {refusal}") from refusal
        if fresh:
            self.say(taken.summary_line)
        else:
            self.say(
                f"{file.name}: {taken.read} read, 0 taken, {taken.rejected} rejected, {taken.taken} unchanged "
                f"（内容与 {timezone.localtime(taken.at):%Y-%m-%d %H:%M} 提交的“{taken.name}”（{taken.year} 年度）相同）"
            )
        for notice in taken.notices:
            self.say(f"{file.name}: {notice}")
        try:
            errors = claim_files.write_errors(file, taken)
        except OSError as error:
            self.stderr.write(f"{file.name}: 无法写出错误清单（{error.strerror}），可在网页上下载。")
        else:
            if errors is not None:
                self.say(f"{file.name}: 被拒绝的行见 {errors}")
