"""The base of our commands: what they say and how they exit (contract 5).

0 = done; 1 = refused, the reason on stderr and nothing changed; 2 = usage or file error.
"""

from __future__ import annotations

import argparse
import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

from caseworks.base.errors import Refusal

REFUSED, USAGE = 1, 2


class UsageError(Exception):
    """An argument or a file that cannot be used."""


class Command(BaseCommand):
    """A command of ours: `work` does it, says one line a thing, and raises Refusal or UsageError."""

    requires_migrations_checks = False

    def work(self, *args: Any, **options: Any) -> None:
        """Do it."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**options)
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from refusal
        except (UsageError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=USAGE) from error
        except OperationalError as error:
            raise CommandError(f"数据库无法使用：{error}", returncode=REFUSED) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            raise CommandError("数据库还没有建表。请先运行 manage.py migrate。", returncode=REFUSED) from error

    def execute(self, *args: Any, **options: Any) -> str | None:
        """On the shell the message stands alone on stderr; called from Python the CommandError comes out."""
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if not getattr(self, "_called_from_command_line", False):
                raise
            self.stderr.write(str(error))
            raise SystemExit(error.returncode) from error

    def say(self, line: str) -> None:
        """One line a thing, on stdout, at once."""
        self.stdout.write(line)
        self.stdout.flush()


def a_date(text: str) -> datetime.date:
    """An argument of the form YYYY-MM-DD."""
    try:
        if len(text) != 10:
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"日期应为 YYYY-MM-DD：{text}") from None


def a_year(text: str) -> int:
    """An argument that is a policy year."""
    if not (text.isdigit() and len(text) == 4 and 2000 <= int(text) <= 2100):
        raise argparse.ArgumentTypeError(f"年度应为 2000 至 2100 之间的四位数：{text}")
    return int(text)


def a_count(text: str) -> int:
    """An argument that is a whole number, 0 or more."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"应为 0 至 99999 的整数：{text}")
    return int(text)
