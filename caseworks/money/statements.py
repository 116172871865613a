"""Bank statements: a file of a city's account taken as a whole or not at all, and matched at once (N6.2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.law.training import is_training
from caseworks.money import matching
from caseworks.money.enums import MonthStatus
from caseworks.money.models import ReconciledMonth, Statement, StatementLine
from caseworks.money.statement_lines import Line, read
from caseworks.people.actors import Actor
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office

NAMED = 100  # so many problems of a file are named
UNCHANGED = "整个文件没有导入，未作任何更改。"


@dataclass(frozen=True)
class Taken:
    """What came of a file: its lines, those that were new, the movements found, and the months it speaks of."""

    read: int
    fresh: int
    matched: int
    months: tuple[str, ...]


def take(path: Path, office: Office, *, by: Actor, at: datetime, name: str = "") -> Taken:
    """Check the whole file, keep the lines that are new and match them; Refusal naming every line that is wrong."""
    lines, problems = read(path)
    with transaction.atomic():
        lock(office, by)
        problems += _wrong(lines, office, at)
        if problems:
            named = [f"第{line}行：{words}" for line, words in sorted(problems)[:NAMED]]
            raise Refusal(f"{len(problems)} 行不能导入，{UNCHANGED}请更正后重试：", named)
        if not lines:
            raise Refusal(f"文件中没有明细，{UNCHANGED}")
        keys = {line.key for line in lines}
        known = set(StatementLine.objects.filter(office=office, key__in=keys).values_list("key", flat=True))
        new = {line.key: line for line in lines if line.key not in known}
        statement = Statement.objects.create(
            office=office, name=(name or path.name)[:200], sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            read=len(lines), fresh=len(new), person=by.person, label=by.label, at=at,
        )  # fmt: skip
        matching.insert_lines(statement.pk, office, list(new.values()))
        matched = matching.match(office, label=by.label, at=at)
    return Taken(len(lines), len(new), matched, tuple(sorted({f"{line.on:%Y-%m}" for line in lines})))


def lock(office: Office, by: Actor, permission: str = "reconciliation.make") -> Office:
    """The office under lock, so that two hands at one account follow each other; Refusal without the right."""
    taken = Office.objects.select_for_update(no_key=True).get(pk=office.pk)
    if taken.level == OfficeLevel.COUNTY and taken.city_id != taken.pk:
        raise Refusal(f"{taken}没有自己的基金账户，由所属市级机构对账，未作任何更改。")
    if not by.may(permission, taken):
        raise Refusal(f"您没有为{taken}办理对账的权限，未作任何更改。")
    return taken


def _wrong(lines: list[Line], office: Office, at: datetime) -> list[tuple[int, str]]:
    """Days to come, and new lines of months that are closed."""
    today = None if is_training() else timezone.localdate(at)
    closed = set(
        ReconciledMonth.objects.filter(office=office, status=MonthStatus.CLOSED).values_list("month", flat=True)
    )
    late = [line for line in lines if f"{line.on:%Y-%m}" in closed]
    known = set(
        StatementLine.objects.filter(office=office, key__in=[line.key for line in late]).values_list("key", flat=True)
    )
    found = [(line.line, f"{line.on:%Y-%m} 已关账，须先重开。") for line in late if line.key not in known]
    if today is not None:
        found += [(line.line, f"日期 {line.on} 在今天之后。") for line in lines if line.on > today]
    return found
