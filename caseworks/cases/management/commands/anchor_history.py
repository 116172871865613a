"""`manage.py anchor_history`: take tonight's anchor by hand. Its digest belongs in a log outside the database too."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from caseworks.base import commands
from caseworks.cases.anchors import take_anchor


class Command(commands.Command):
    help = "为有变动的办理历史留一个锚点"

    def work(self, **options: Any) -> None:
        anchor = take_anchor(timezone.now())
        self.say(f"锚点 {anchor.pk}：{anchor.heads} 件，{bytes(anchor.digest).hex()}")
