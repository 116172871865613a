"""`manage.py check_books`: do all invariants hold? Exit 1 with the offending rows (contract 5)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.errors import Refusal
from caseworks.books import looking
from caseworks.books.enums import Scope
from caseworks.people.actors import Actor


class Command(Base):
    help = "Check the invariants of cases, announcements and money; exit 1 with the offending rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--changed", action="store_true", help="only what changed since the last clean look")

    def work(self, *, changed: bool = False, **options: Any) -> None:
        scope = Scope.CHANGED if changed else Scope.ALL
        run = looking.look(scope, by=Actor.of_command("check_books"), at=timezone.now())
        for offence in run.rows():
            self.stderr.write(str(offence))
        if not run.is_clean:
            raise Refusal(f"{run.offences} 处不符。请勿再办理有关业务，并报告稽核人员。")
        self.say(f"{run.checks} 项全部相符" + (f"（{run.cases} 件有变化）" if changed else ""))
