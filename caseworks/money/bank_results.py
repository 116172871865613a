"""The bank's results, booked as a whole file or not at all (contract 5, `import_bank_results`).

Banks send cumulative files: a line already booked the same way is unchanged. Paid and later, by a later date, returned
is no contradiction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from caseworks.base import auditing, faults, subjects
from caseworks.base.errors import Refusal
from caseworks.cases import history
from caseworks.law.training import is_training
from caseworks.money import telling, writers
from caseworks.money.enums import PaymentStatus, Result
from caseworks.money.models import ResultFile
from caseworks.money.result_lines import Line, read
from caseworks.people.actors import Actor

NAMED = 100  # so many problems of a file are named
UNCHANGED = "整个文件没有登记，未作任何更改。"


@dataclass(frozen=True)
class Booked:
    """What came of a file."""

    read: int
    paid: int
    returned: int
    unchanged: int
    file: int | None = field(default=None, compare=False)  # its record; none where nothing was new

    @property
    def summary(self) -> str:
        """As the command prints it."""
        return f"{self.read} read, {self.paid} paid, {self.returned} returned, {self.unchanged} unchanged"


@dataclass(slots=True)
class State:
    """A payment under lock, as the lines of the file change it."""

    pk: int
    payment_no: str
    case: int
    status: str
    sent_on: date | None
    paid_on: date | None
    returned_on: date | None
    reason: str = ""
    newly_paid: bool = False
    newly_returned: bool = False


_LOCK = """
    SELECT id, payment_no, case_id, status, sent_on, paid_on, returned_on, reason FROM money_payment
    WHERE payment_no = ANY(%s) ORDER BY id FOR UPDATE
"""
_NTH = """
    SELECT w.mark, p.payment_no
    FROM unnest(%(marks)s::text[], %(subjects)s::text[], %(attempts)s::int[], %(years)s::int[])
         AS w(mark, subject, attempt, year)
    JOIN money_payment p ON p.year = w.year AND p.subject = w.subject AND p.attempt = w.attempt
    WHERE p.status <> 'cancelled'
"""
_MOVEMENTS = """
    INSERT INTO money_movement (payment_id, kind, amount, "on", at, bank_ref, result_file_id)
    SELECT p.id, w.kind, CASE w.kind WHEN 'paid' THEN p.amount ELSE -p.amount END, w.on_day, %(at)s, '', %(file)s
    FROM unnest(%(payments)s::bigint[], %(kinds)s::text[], %(days)s::date[]) AS w(id, kind, on_day)
    JOIN money_payment p ON p.id = w.id
"""


def book(path: Path, *, by: Actor, at: datetime, name: str = "") -> Booked:
    """Check the whole file, then book it; Refusal naming every line that cannot be, with nothing booked."""
    lines, problems = read(path)
    with transaction.atomic():
        numbers = _numbers(lines, problems)
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [sorted(set(numbers.values()))])
            states = {row[1]: State(*row) for row in cursor.fetchall()}
        today = None if is_training() else timezone.localdate(at)
        unchanged = _judge(lines, numbers, states, today, problems)
        if problems:
            named = [f"第{line}行：{words}" for line, words in sorted(problems)[:NAMED]]
            raise Refusal(f"{len(problems)} 行不能登记，{UNCHANGED}请与银行核对后重试：", named)
        changed = [state for state in states.values() if state.newly_paid or state.newly_returned]
        booked = Booked(
            read=len(lines),
            paid=sum(state.newly_paid for state in changed),
            returned=sum(state.newly_returned for state in changed),
            unchanged=unchanged,
        )
        if changed:
            file = _write(changed, booked, name or path.name, path, by, at)
            booked = replace(booked, file=file.pk)
            about = f"登记银行回盘 {file.name}"  # what the bank has done stands, whatever the books say of it
            auditing.around(about, [state.case for state in changed], by=by, at=at, refuse=False)
    faults.point("results.booked")
    return booked


def _numbers(lines: list[Line], problems: list[tuple[int, str]]) -> dict[int, str]:
    """The payment number of each line; `@SUBJECT/N` stands for the N-th attempt, on a training database only."""
    numbers = {line.line: line.payment_no for line in lines if not line.subject}
    marked = [line for line in lines if line.subject]
    if not marked:
        return numbers
    if not is_training():
        problems += [(line.line, f"“{line.payment_no}”的写法只可用于训练库，应为支付编号。") for line in marked]
        return numbers
    wanted = {(line.subject, line.attempt, line.year) for line in marked if line.year is not None}
    with connection.cursor() as cursor:
        cursor.execute(
            _NTH,
            {
                "marks": [f"{subject}/{attempt}/{year}" for subject, attempt, year in wanted],
                "subjects": [subjects.key_of(subject) for subject, _, _ in wanted],
                "attempts": [attempt for _, attempt, _ in wanted],
                "years": [year for *_, year in wanted],
            },
        )
        found: dict[str, list[str]] = {}
        for mark, number in cursor.fetchall():
            found.setdefault(mark, []).append(number)
    for line in marked:
        numbers_of = found.get(f"{line.subject}/{line.attempt}/{line.year}", [])
        if len(numbers_of) == 1:
            numbers[line.line] = numbers_of[0]
        elif numbers_of:
            problems.append((line.line, f"“{line.payment_no}”在 {line.year} 年度不止一笔，请写支付编号。"))
        elif line.year is None:
            problems.append((line.line, f"“{line.payment_no}”须在 year（年度）列写明年度。"))
        else:
            problems.append((line.line, f"“{line.payment_no}”在 {line.year} 年度没有这一次支付。"))
    return numbers


def _judge(
    lines: list[Line],
    numbers: dict[int, str],
    states: dict[str, State],
    today: date | None,
    problems: list[tuple[int, str]],
) -> int:
    """Take each payment through its lines in the order of their days; returns how many lines are booked already."""
    unchanged = 0
    for line in sorted(lines, key=lambda line: (line.on, line.result != Result.PAID, line.line)):
        number = numbers.get(line.line)
        if number is None:
            continue
        state = states.get(number)
        if state is None:
            problems.append((line.line, f"没有支付编号 {number}。"))
            continue
        wrong = _wrong(line, state, today)
        if wrong:
            problems.append((line.line, f"支付 {number}：{wrong}"))
        elif _known(line, state):
            unchanged += 1
        elif line.result == Result.PAID:
            state.status, state.paid_on, state.newly_paid = PaymentStatus.PAID, line.on, True
        else:
            state.status, state.returned_on, state.newly_returned = PaymentStatus.RETURNED, line.on, True
            state.reason = line.reason
    return unchanged


def _known(line: Line, state: State) -> bool:
    return line.on == (state.paid_on if line.result == Result.PAID else state.returned_on)


def _wrong(line: Line, state: State, today: date | None) -> str:
    """What keeps a line from being booked; blank where nothing does."""
    if _known(line, state):
        return ""
    if state.status in (PaymentStatus.DRAWN, PaymentStatus.CANCELLED) or state.sent_on is None:
        return "还没有送银行，不应有结果。"
    if line.on < state.sent_on:
        return f"日期 {line.on} 早于送银行日期 {state.sent_on}。"
    if today is not None and line.on > today:
        return f"日期 {line.on} 在今天之后。"
    booked = f"已登记 {state.paid_on} 到账" if state.paid_on else ""
    if state.returned_on:
        booked = f"{booked}，" if booked else ""
        return f"{booked or '已登记'} {state.returned_on} 退回，与本行的“{Result(line.result).label} {line.on}”矛盾。"
    if state.paid_on and line.result == Result.PAID:
        return f"{booked}，与本行的到账日期 {line.on} 矛盾。"
    if state.paid_on and line.on <= state.paid_on:
        return f"{booked}，退回日期 {line.on} 须在其后。"
    return ""


def _write(changed: list[State], booked: Booked, name: str, path: Path, by: Actor, at: datetime) -> ResultFile:
    file = ResultFile.objects.create(
        name=name[:200],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        read=booked.read,
        paid=booked.paid,
        returned=booked.returned,
        unchanged=booked.unchanged,
        person=by.person,
        label=by.label,
        at=at,
    )
    changed.sort(key=lambda state: state.pk)
    writers.settle([(s.pk, s.status, s.paid_on, s.returned_on, s.reason) for s in changed], file.pk)
    faults.point("results.settled")
    moved = [(s.pk, "paid", s.paid_on) for s in changed if s.newly_paid]
    # what came back without having been booked as paid never left: no movement
    moved += [(s.pk, "returned", s.returned_on) for s in changed if s.newly_returned and s.paid_on]
    _move(moved, file, at)
    faults.point("results.moved")
    paid = [state.case for state in changed if state.newly_paid]
    returned = [state.case for state in changed if state.newly_returned]
    if paid:
        history.take("pay", paid, by=by, at=at, data={"file": file.pk})
        telling.paid([state.pk for state in changed if state.newly_paid], at=at)
    if returned:
        history.take("bounce", returned, by=by, at=at, note="银行退回，原因见支付记录", data={"file": file.pk})
        telling.returned({state.pk: state.reason for state in changed if state.newly_returned}, at=at)
    return file


def _move(rows: Iterable[tuple[int, str, date | None]], file: ResultFile, at: datetime) -> None:
    found = list(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVEMENTS,
            {
                "payments": [pk for pk, _, _ in found],
                "kinds": [kind for _, kind, _ in found],
                "days": [day for *_, day in found],
                "at": at,
                "file": file.pk,
            },
        )
