"""Money that agencies give back for a host's part: confirmed by the fund's bank receipt, once a reference (J2.8).

Up to the deadline it settles the part. Booked late, it takes off what was claimed back meanwhile; later money repays
the recovery and does not undo it (contract 3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO, thousands
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.law.training import is_training
from caseworks.money import recoveries
from caseworks.money import writers as money
from caseworks.money.enums import OWING
from caseworks.money.models import Movement
from caseworks.people.actors import Actor
from dispatch import lines, obligations, parts_under_lock, rights
from dispatch.lines import Problem
from dispatch.models import Finding, FundReturn
from dispatch.parts_under_lock import Key, Parts, Under

COLUMNS = (
    Column("agency_uscc", ("派遣单位代码",), values.uscc, required=True, identifier=True),
    Column("year", ("年度", "政策年度"), values.year, required=True, shape=Shape.NUMBER),
    Column("host_uscc", ("用工单位代码",), values.uscc, required=True, identifier=True),
    Column("amount", ("金额",), values.money(), required=True, shape=Shape.NUMBER),
    Column("returned_on", ("退回日期",), values.date, required=True, shape=Shape.DATE),
    Column("bank_ref", ("银行流水号",), values.text(80), required=True, identifier=True),
    Column("confirmed_on", ("确认日期",), values.date, required=True, shape=Shape.DATE),
)


@dataclass(frozen=True)
class Given:
    """A return as it is handed in; `line` is 0 where it comes by a page."""

    agency: str
    year: int
    host: str
    amount: Decimal
    returned_on: dt.date
    bank_ref: str
    confirmed_on: dt.date
    line: int = 0

    @property
    def key(self) -> Key:
        """Whose part it is for."""
        return self.agency, self.year, self.host


@dataclass
class Outcome:
    """What became of the rows of a file."""

    read: int = 0
    stored: list[int] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Problem] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """As the command prints it."""
        rejected = len({problem.line for problem in self.refused})
        return f"{self.read} read, {len(self.stored)} stored, {rejected} rejected, {self.unchanged} unchanged"


def import_file(path: Path, *, by: Actor, at: dt.datetime) -> Outcome:
    """Confirm the returns of a file; a bad row is told and the good ones are booked (contract 5, `import_returns`)."""
    found = lines.read(path, COLUMNS, _above_nought)
    given = [
        Given(
            got["agency_uscc"], got["year"], got["host_uscc"], got["amount"], got["returned_on"], got["bank_ref"],
            got["confirmed_on"], line.line,
        )
        for line in found.lines
        for got in [line.values]
    ]  # fmt: skip
    outcome = confirm(given, by=by, at=at)
    outcome.refused += found.problems
    outcome.read = found.count
    return outcome


def confirm_one(given: Given, *, by: Actor, at: dt.datetime) -> FundReturn:
    """Confirm one return; Refusal in words where it is not taken."""
    rights.named(by)
    outcome = confirm([given], by=by, at=at)
    if outcome.refused:
        raise Refusal(f"退回没有登记，未作任何更改：{outcome.refused[0].reason}。请核对后重试。")
    if outcome.unchanged:
        raise Refusal("该笔退回已登记过，没有重复登记。")
    return FundReturn.objects.get(pk=outcome.stored[0])


def confirm(rows: Sequence[Given], *, by: Actor, at: dt.datetime) -> Outcome:
    """Book these returns in their order, each against what the ones before it left."""
    outcome = Outcome(read=len(rows))
    if not rows:
        return outcome
    today = None if is_training() else timezone.localdate(at)
    try:
        with transaction.atomic():
            obligations.catch_up(by=by, at=at)
            parts = parts_under_lock.load(row.key for row in rows)
            for under in {under.pk: under for found in parts.standing.values() for under in found}.values():
                rights.require(by, "fundreturn.confirm", under.office)
            known = _known(row.bank_ref for row in rows)
            for row in rows:
                if row.bank_ref in known:
                    if known[row.bank_ref] == _content(row):
                        outcome.unchanged += 1
                    else:
                        outcome.refused.append(_problem(row, "bank_ref", "该银行流水号已登记过，内容不同"))
                    continue
                found = _fits(row, parts, today)
                if isinstance(found, Under):
                    outcome.stored.append(_book(row, found, by=by, at=at))
                    known[row.bank_ref] = _content(row)
                else:
                    outcome.refused.append(_problem(row, *found))
    except IntegrityError as problem:
        if "bank_ref" in str(problem):
            raise Refusal("其中的银行流水号刚被他人登记，未作任何更改。请重试。") from problem
        raise
    return outcome


def apply_late(ids: Iterable[int], *, by: Actor, at: dt.datetime) -> int:
    """Put late returns that no recovery has taken yet to the recoveries of these parts, the earlier first."""
    booked = 0
    waiting = (
        FundReturn.objects.filter(obligation__in=list(ids)).select_related("obligation").order_by("returned_on", "pk")
    )
    for row in waiting:
        obligation = row.obligation
        if obligation.provisional or row.returned_on <= obligation.due_on:
            continue
        booked += _repay(row, by=by, at=at)
    return booked


# -- what is held against a row


def _fits(row: Given, parts: Parts, today: dt.date | None) -> Under | tuple[str, str]:
    candidates = parts.standing.get(row.key, [])
    if not candidates:
        return "host_uscc", parts.missing(row.key)
    if today is not None and max(row.returned_on, row.confirmed_on) > today:
        return "returned_on", "日期在今天之后"
    if row.confirmed_on < row.returned_on:
        return "confirmed_on", f"确认日期早于退回日期 {row.returned_on}"
    for part in candidates:
        if row.returned_on >= part.credited_on and row.amount <= part.room_for_returns:
            return part
    part = candidates[0]
    if row.returned_on < part.credited_on:
        return "returned_on", f"退回日期早于到账日期 {part.credited_on}"
    return "amount", f"金额超过该份额尚可退回的 {thousands(part.room_for_returns)} 元"


def _book(row: Given, part: Under, *, by: Actor, at: dt.datetime) -> int:
    booked = FundReturn.objects.create(
        obligation_id=part.pk, amount=row.amount, returned_on=row.returned_on, bank_ref=row.bank_ref,
        confirmed_on=row.confirmed_on, person=by.person, label=by.label[:200], at=at,
    )  # fmt: skip
    if part.in_time(row.returned_on):  # what comes late is moved as it repays the recovery
        payment = booked.obligation.payment_id
        money.give_back(payment, amount=row.amount, on=row.returned_on, bank_ref=row.bank_ref, at=at)
    if part.found:
        if part.in_time(row.returned_on):
            _reduce(booked, by=by, at=at)
        else:
            _repay(booked, by=by, at=at)
    obligations.tally([part.pk])
    _follow(part)
    return booked.pk


def _follow(part: Under) -> None:
    """The part under lock as it stands now, for the next row."""
    fresh = parts_under_lock.load([part.key]).standing[part.key]
    found = next(row for row in fresh if row.pk == part.pk)
    for name in ("verified", "pending", "returned", "returned_late", "claimed", "status", "owed", "repaid"):
        setattr(part, name, getattr(found, name))


def _reduce(row: FundReturn, *, by: Actor, at: dt.datetime) -> None:
    """按期退回、登记在后的，冲减追回; the latest finding first. (contract 3)"""
    left = row.amount
    for finding in _owing(row.obligation_id, latest_first=True):
        assert finding.recovery is not None
        part = min(left, finding.amount - finding.reduced, finding.recovery.owed)
        if part <= ZERO:
            continue
        recoveries.reduce(
            finding.recovery.key, part, ref=f"return:{row.bank_ref}", on=row.confirmed_on,
            because=f"{row.returned_on} 按期退回，{row.confirmed_on} 登记（流水号 {row.bank_ref}）", by=by, at=at,
        )  # fmt: skip
        Finding.objects.filter(pk=finding.pk).update(reduced=finding.reduced + part)
        left -= part
    row.reduced = row.amount - left
    row.save(update_fields=["reduced"])


def _repay(row: FundReturn, *, by: Actor, at: dt.datetime) -> int:
    """期限后退回的，抵作退还; the earliest finding first. (contract 3)"""
    left, booked = row.amount - row.reduced - row.repaid, 0
    moved = Movement.objects.filter(
        bank_ref=row.bank_ref
    ).exists()  # in time once, before a calendar moved the deadline
    for finding in _owing(row.obligation_id):
        assert finding.recovery is not None
        part = min(left, finding.recovery.owed)
        if part <= ZERO:
            continue
        taken = finding.recovery.repayments.filter(bank_ref__startswith=row.bank_ref).count()
        recoveries.repay(
            finding.recovery.key, amount=part, on=row.returned_on, by=by, at=at, confirmed=True,
            bank_ref=row.bank_ref if not (row.repaid or taken or booked) else f"{row.bank_ref}#{finding.pk}",
            payer=row.obligation.name, note="派遣单位退回", moved=moved,
        )  # fmt: skip
        left -= part
        booked += 1
    row.repaid = row.amount - row.reduced - left
    row.save(update_fields=["repaid"])
    return booked


def _owing(obligation: int, *, latest_first: bool = False) -> list[Finding]:
    found = Finding.objects.filter(obligation=obligation, recovery__status__in=OWING).select_related("recovery")
    return list(found.order_by("-nth" if latest_first else "nth"))


def _known(refs: Iterable[str]) -> dict[str, tuple[object, ...]]:
    found = FundReturn.objects.filter(bank_ref__in=set(refs)).select_related("obligation")
    return {
        row.bank_ref: (
            row.obligation.uscc, row.obligation.year, row.obligation.host_uscc, row.amount, row.returned_on,
            row.confirmed_on,
        )
        for row in found
    }  # fmt: skip


def _content(row: Given) -> tuple[object, ...]:
    return (*row.key, row.amount, row.returned_on, row.confirmed_on)


def _problem(row: Given, column: str, words: str) -> Problem:
    return Problem(row.line, column, str(getattr(row, {"host_uscc": "host"}.get(column, column))), words)


def _above_nought(given: object) -> Iterable[tuple[str, str]]:
    amount = given["amount"]  # type: ignore[index]
    if amount is not None and not amount:
        yield "amount", "金额应大于 0"
