"""What the commands that take files of dispatch share: the person who stands for them, the errors beside the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from dispatch.lines import Problem, write_errors


def person_of(username: str) -> Actor:
    """The person named by --by."""
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise UsageError(f"没有用户名为 {username} 的在用人员。")
    return Actor.of_person(person)


def told(command: Base, path: Path, summary: str, refused: Iterable[Problem]) -> None:
    """One line for the file, its refused rows in `<file name>.errors.csv` beside it (contract 1)."""
    command.say(f"{path.name}: {summary}")
    try:
        errors = write_errors(path, refused)
    except OSError as error:
        command.stderr.write(f"{path.name}: 无法写出错误清单（{error.strerror}）。")
    else:
        if errors is not None:
            command.say(f"{path.name}: 被拒绝的行见 {errors}")
