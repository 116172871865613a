"""`manage.py check_books`: do all invariants hold? Exit 1 with the offending rows (contract 5)."""

from __future__ import annotations

from typing import Any

from caseworks.base.commands import Command as Base
from caseworks.base.errors import Refusal
from caseworks.books import checking


class Command(Base):
    help = "Check the invariants of cases, announcements and money; exit 1 with the offending rows."

    def work(self, **options: Any) -> None:
        found = checking.offences()
        for offence in found:
            self.stderr.write(str(offence))
        if found:
            raise Refusal(f"{len(found)} 处不符。请勿再办理有关业务，并报告稽核人员。")
        self.say(f"{len(checking.invariants())} 项全部相符")
