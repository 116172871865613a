"""`manage.py verify_history`: are all histories whole and unchanged?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caseworks.cases.models import Anchor, Case, Event
from caseworks.cases.verification import findings


class Command(BaseCommand):
    help = "Verify the digests of all histories; exit 1 with the offending rows."

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings()
        for finding in found:
            self.stderr.write(str(finding))
        if found:
            raise CommandError(f"{len(found)} 处不符。请勿再办理有关业务件，并报告稽核人员。", returncode=1)
        cases, events, anchors = Case.objects.count(), Event.objects.count(), Anchor.objects.count()
        self.stdout.write(f"{cases} 件业务件、{events} 条历史、{anchors} 个锚点，全部相符")
