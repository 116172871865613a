"""`manage.py setup [--administrator NAME]`: offices, calendar, policy rows; may run again (contract 5)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from caseworks.base import commands
from caseworks.law import installation
from caseworks.people.actors import Actor


class Command(commands.Command):
    help = "建立机构、工作日历和政策；可以重复运行"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--administrator", metavar="NAME", default="", help="建立第一名系统管理员")

    def work(self, *, administrator: str, **options: Any) -> None:
        lines = installation.install(
            administrator=administrator.strip(),
            wants_training=settings.TRAINING,
            training_password=settings.TRAINING_PASSWORD,
            by=Actor.of_command("setup"),
            at=timezone.now(),
            on=timezone.localdate(),
        )
        for line in lines:
            self.say(line)
