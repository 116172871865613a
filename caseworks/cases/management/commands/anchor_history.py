"""`manage.py anchor_history`: take tonight's anchor by hand. Its digest belongs in a log outside the database too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from caseworks.cases.anchors import take_anchor


class Command(BaseCommand):
    help = "Take an anchor over the heads of all histories that moved."

    def handle(self, *args: Any, **options: Any) -> None:
        anchor = take_anchor(timezone.now())
        self.stdout.write(f"锚点 {anchor.pk}：{anchor.heads} 件，{bytes(anchor.digest).hex()}")
