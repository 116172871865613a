"""`manage.py verify_history`: are all histories whole and unchanged? (contract 5)"""

from __future__ import annotations

from typing import Any

from caseworks.base import commands
from caseworks.base.errors import Refusal
from caseworks.cases.models import Anchor, Case, Event
from caseworks.cases.verification import findings


class Command(commands.Command):
    help = "核对全部办理历史的摘要；有不符的逐条列出，并以 1 退出"

    def work(self, **options: Any) -> None:
        found = findings()
        if found:
            lines = [str(finding) for finding in found]
            raise Refusal(f"{len(found)} 处不符。请勿再办理有关业务件，并报告稽核人员。", lines)
        cases, events, anchors = Case.objects.count(), Event.objects.count(), Anchor.objects.count()
        self.say(f"{cases} 件业务件、{events} 条历史、{anchors} 个锚点，全部相符")
