"""Vouchers handed in: one by an agency's page, or many by a file (J2.7, contract 3).

A voucher for more than is left of its part is refused whole. A bank receipt number and a file count once, ever; a
rejected one frees its number for a correction of the same part, unless it was forged. The same again is unchanged.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.files import SCANS, Accepted
from caseworks.base.money import thousands
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.law.training import is_training
from caseworks.people.actors import Actor
from dispatch import lines, obligations, parts_under_lock, rights
from dispatch.enums import Channel, ObligationStatus, VoucherStatus
from dispatch.lines import Problem
from dispatch.models import Voucher
from dispatch.parts_under_lock import Key, Parts, Under

COLUMNS = (
    Column("agency_uscc", ("派遣单位代码",), values.uscc, required=True, identifier=True),
    Column("year", ("年度", "政策年度"), values.year, required=True, shape=Shape.NUMBER),
    Column("host_uscc", ("用工单位代码",), values.uscc, required=True, identifier=True),
    Column("amount", ("金额",), values.money(), required=True, shape=Shape.NUMBER),
    Column("paid_on", ("付款日期",), values.date, required=True, shape=Shape.DATE),
    Column("receipt_no", ("回单号", "银行回单号"), values.text(80), required=True, identifier=True),
    Column("file", ("凭证文件",), values.text(300)),
    Column("payer_name", ("付款户名",), values.text(200)),
    Column("payee_name", ("收款户名",), values.text(200)),
)


@dataclass(frozen=True)
class Given:
    """A voucher as it is handed in; `line` is 0 where it comes by a page."""

    agency: str
    year: int
    host: str
    amount: Decimal
    paid_on: dt.date
    receipt_no: str
    file: Accepted | None = None
    payer_name: str = ""
    payer_tail: str = ""
    payee_name: str = ""
    payee_tail: str = ""
    line: int = 0

    @property
    def key(self) -> Key:
        """Whose part it is for."""
        return self.agency, self.year, self.host

    @property
    def row(self) -> tuple[object, ...]:
        """What makes it the same as another: the receipt, the part, the amount and the day."""
        return self.receipt_no, *self.key, self.amount, self.paid_on


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


# -- by file and by page


def import_file(path: Path, *, by: Actor, at: dt.datetime) -> Outcome:
    """Take the vouchers of a file; a bad row is told and the good ones are taken (contract 5, `import_vouchers`)."""
    found = lines.read(path, COLUMNS, _above_nought)
    given, problems = _given(path, found.lines)
    outcome = take(given, by=by, at=at, channel=Channel.COMMAND)
    outcome.refused += [*found.problems, *problems]
    outcome.read = found.count
    return outcome


def submit(given: Given, *, by: Actor, at: dt.datetime, channel: Channel = Channel.PORTAL) -> Voucher:
    """Take one voucher with its scan; Refusal in words where it is not taken."""
    outcome = take([given], by=by, at=at, channel=channel)
    if outcome.refused:
        raise Refusal(f"凭证没有提交，未作任何更改：{outcome.refused[0].reason}。请核对后重试。")
    if outcome.unchanged:
        raise Refusal("该凭证已提交过，没有重复提交。")
    return Voucher.objects.get(pk=outcome.stored[0])


def take(rows: Sequence[Given], *, by: Actor, at: dt.datetime, channel: Channel) -> Outcome:
    """Take these vouchers in their order, each against what the ones before it left; those that cannot be are named."""
    outcome = Outcome(read=len(rows))
    if not rows:
        return outcome
    today = None if is_training() else timezone.localdate(at)
    try:
        with transaction.atomic():
            obligations.catch_up(by=by, at=at)
            parts = parts_under_lock.load(row.key for row in rows)
            _require(parts, by)
            known = _Known(rows)
            taken: list[tuple[Given, Under]] = []
            for row in rows:
                if known.has(row):
                    outcome.unchanged += 1
                    continue
                found = known.spent(row) or _fits(row, parts, today)
                if isinstance(found, Under):
                    found.pending += row.amount
                    known.add(row)
                    taken.append((row, found))
                else:
                    column, words = found
                    outcome.refused.append(Problem(row.line, column, _cell(row, column), words))
            outcome.stored = _write(taken, by=by, at=at, channel=channel)
            obligations.tally(under.pk for _, under in taken)
    except IntegrityError as problem:
        if any(name in str(problem) for name in ("voucher_receipt_once", "voucher_once_ever", "voucher_file_once")):
            raise Refusal("其中的回单号或文件刚被他人使用，未作任何更改。请重试。") from problem
        raise
    return outcome


# -- what is held against a row


Wrong = tuple[str, str]


class _Known:
    """The vouchers that share a number or a file with the rows, and those taken on the way."""

    def __init__(self, rows: Sequence[Given]) -> None:
        numbers = {row.receipt_no for row in rows}
        digests = {row.file.sha256 for row in rows if row.file}
        self.same: set[tuple[object, ...]] = set()
        self.numbers: dict[str, list[tuple[str, Key, bool]]] = defaultdict(list)
        self.files: dict[str, list[tuple[str, Key, bool]]] = defaultdict(list)
        found = Voucher.objects.filter(Q(receipt_no__in=numbers) | Q(sha256__in=digests)).order_by("pk")
        for voucher in found.values_list(
            "receipt_no", "uscc", "year", "host_uscc", "amount", "paid_on", "sha256", "status", "forged"
        ):
            receipt_no, agency, year, host, amount, paid_on, digest, status, forged = voucher
            key = (agency, year, host)
            self.same.add((receipt_no, *key, amount, paid_on))
            self.numbers[receipt_no].append((status, key, forged))
            if digest:
                self.files[digest].append((status, key, forged))

    def has(self, row: Given) -> bool:
        """Was the same handed in before?"""
        return row.row in self.same

    def add(self, row: Given) -> None:
        """It is taken now."""
        self.same.add(row.row)
        self.numbers[row.receipt_no].append((VoucherStatus.PENDING, row.key, False))
        if row.file:
            self.files[row.file.sha256].append((VoucherStatus.PENDING, row.key, False))

    def spent(self, row: Given) -> Wrong | None:
        """回单号和文件只能使用一次；未通过的可由同一单位就同一份额更正，伪造的除外. (contract 3)"""
        if _spent(self.numbers.get(row.receipt_no, ()), row.key):
            return "receipt_no", "该回单号已使用过，每个回单号只能使用一次"
        if row.file and _spent(self.files.get(row.file.sha256, ()), row.key):
            return "file", "该凭证文件已提交过，每个文件只能使用一次"
        return None


def _spent(before: Iterable[tuple[str, Key, bool]], key: Key) -> bool:
    return any(status != VoucherStatus.REJECTED or forged or other != key for status, other, forged in before)


def _fits(row: Given, parts: Parts, today: dt.date | None) -> Under | Wrong:
    """The part that a voucher counts for, or what is wrong with it."""
    candidates = parts.standing.get(row.key, [])
    if not candidates:
        return "host_uscc", parts.missing(row.key)
    if today is not None and row.paid_on > today:
        return "paid_on", "付款日期在今天之后"
    wrong: Wrong | None = None
    for part in candidates:
        found = _wrong(row, part)
        if found is None:
            return part
        wrong = wrong or found
    assert wrong is not None
    return wrong


def _wrong(row: Given, part: Under) -> Wrong | None:
    if part.found:
        return "amount", "该份额已责令退回，不再受理凭证"
    if part.status == ObligationStatus.EXCUSED:
        return "amount", "该份额已免除，不再受理凭证"
    if row.paid_on < part.credited_on:
        return "paid_on", f"付款日期早于到账日期 {part.credited_on}"
    if not part.in_time(row.paid_on):
        return "paid_on", f"付款日期晚于期限 {part.due_on}"
    if row.amount > part.left:
        return "amount", f"金额超过该份额尚未转付的 {thousands(part.left)} 元"
    return None


# -- pieces


def _require(parts: Parts, by: Actor) -> None:
    seen: set[tuple[int, str]] = set()
    for (agency, _, _), rows in parts.standing.items():
        for row in rows:
            if (row.office, agency) not in seen:
                seen.add((row.office, agency))
                rights.require(by, "voucher.enter", row.office, agency=agency)


def _write(taken: list[tuple[Given, Under]], *, by: Actor, at: dt.datetime, channel: Channel) -> list[int]:
    rows = [
        Voucher(
            obligation_id=part.pk, uscc=row.agency, year=row.year, host_uscc=row.host, region=part.region,
            office_id=part.office, city_office_id=part.city_office, amount=row.amount, paid_on=row.paid_on,
            receipt_no=row.receipt_no, payer_name=row.payer_name, payer_tail=row.payer_tail[-4:],
            payee_name=row.payee_name, payee_tail=row.payee_tail[-4:],
            file=files.store(row.file, label=by.label, at=at) if row.file else None,
            sha256=row.file.sha256 if row.file else "", channel=channel, entered_on=timezone.localdate(at),
            entered_at=at, entered_by=by.person, entered_label=by.label[:200],
        )
        for row, part in taken
    ]  # fmt: skip
    return [row.pk for row in Voucher.objects.bulk_create(rows, batch_size=1000)]


def _above_nought(given: object) -> Iterable[tuple[str, str]]:
    amount = given["amount"]  # type: ignore[index]
    if amount is not None and not amount:
        yield "amount", "金额应大于 0"


def _cell(row: Given, column: str) -> str:
    return {
        "host_uscc": row.host,
        "paid_on": str(row.paid_on),
        "amount": str(row.amount),
        "receipt_no": row.receipt_no,
        "file": row.file.name if row.file else "",
    }[column]


class _OnDisk:
    """A scan named in a file of vouchers, as an upload."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, path.stat().st_size
        self.name: str | None = path.name

    def read(self) -> bytes:
        return self.path.read_bytes()


def _given(path: Path, found: Iterable[lines.Line]) -> tuple[list[Given], list[Problem]]:
    rows: list[Given] = []
    problems: list[Problem] = []
    for line in found:
        got, scan = line.values, None
        if got["file"]:
            try:
                scan = files.accept(_OnDisk(path.parent / got["file"]), SCANS)
            except OSError:
                problems.append(Problem(line.line, "file", got["file"], "找不到凭证文件，请核对路径"))
                continue
            except Refusal as refusal:
                problems.append(Problem(line.line, "file", got["file"], refusal.message))
                continue
        rows.append(
            Given(
                got["agency_uscc"], got["year"], got["host_uscc"], got["amount"], got["paid_on"], got["receipt_no"],
                scan, payer_name=got["payer_name"] or "", payee_name=got["payee_name"] or "", line=line.line,
            )
        )  # fmt: skip
    return rows, problems
