"""退还: money that came back, entered by a cashier or matched from the bank's statement, confirmed by another (N6.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.base.identifiers import normalise
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.base.sheets.reading import open_sheet
from caseworks.money import recoveries
from caseworks.money.enums import RecoveryStatus, RepaymentStatus
from caseworks.money.models import Recovery, Repayment
from caseworks.people.actors import Actor
from caseworks.people.scope import scope_of
from caseworks.registry.names import name_key

NAMED = 100
COLUMNS = (
    Column("bank_ref", ("流水号", "银行流水号", "交易流水号"), values.text(80), required=True),
    Column("on", ("日期", "交易日期", "到账日期"), values.date, required=True, shape=Shape.DATE),
    Column("amount", ("金额", "贷方金额", "收入金额"), values.money(), required=True, shape=Shape.NUMBER),
    Column("payer", ("付款人", "对方户名"), values.text(200)),
    Column("note", ("摘要", "附言"), values.text(300)),
)


@dataclass(frozen=True, slots=True)
class Credit:
    """One line of the statement."""

    line: int
    bank_ref: str
    on: date
    amount: Decimal
    payer: str = ""
    note: str = ""


@dataclass
class Matched:
    """What became of a statement: entered, known before, and what no recovery was found for."""

    entered: list[Repayment] = field(default_factory=list)
    known: int = 0
    left: list[tuple[Credit, str]] = field(default_factory=list)


def enter(
    row: Recovery,
    *,
    amount: Decimal,
    on: date,
    bank_ref: str,
    payer: str,
    note: str,
    by: Actor,
    at: datetime,
    today: date,
) -> Repayment:
    """A cashier enters what came back; it counts once another has confirmed it."""
    _may(by, "repayment.enter", "登记退还", row)
    if row.status == RecoveryStatus.PROPOSED:
        raise Refusal("追回尚未确认，不能登记退还，未作任何更改。请先由另一人确认。")
    if on > today:
        raise Refusal(f"到账日期 {on} 在今天之后，未作任何更改。请改正日期。")
    return recoveries.repay(
        row.key, amount=amount, on=on, bank_ref=bank_ref.strip(), by=by, at=at, payer=payer, note=note
    )


def decide(repayment: Repayment, *, confirm: bool, by: Actor, at: datetime, note: str = "") -> Repayment:
    """Another person confirms it on the bank's word, or rejects it in words."""
    _may(by, "repayment.confirm", "确认退还", repayment.recovery)
    if by.person is None:
        raise Refusal("退还须由本人确认，不能由命令代办，未作任何更改。")
    if not confirm and not note.strip():
        raise Refusal("请写明不予登记的理由，未作任何更改。")
    return recoveries.decide(repayment, confirm=confirm, by=by, at=at, note=note.strip())


def match(path: Path, *, by: Actor, at: datetime, today: date) -> Matched:
    """Enter the credits of a bank statement that belong to a recovery of the own offices; all of them or none.

    One belongs to the recovery whose number stands in its note; else to the only owing one whose name is the payer's. A
    line that was entered before is known, so statements may overlap.
    """
    credits, problems = _read(path)
    if problems:
        raise Refusal(f"{len(problems)} 行有误，整个文件没有登记，未作任何更改。请改正后重试：", problems[:NAMED])
    with transaction.atomic():
        found = Matched()
        owing = _owing(by, today)
        for credit in credits:
            known = Repayment.objects.exclude(status=RepaymentStatus.REJECTED).filter(bank_ref=credit.bank_ref).first()
            if known is not None:
                if (known.amount, known.on) == (credit.amount, credit.on):
                    found.known += 1
                else:
                    found.left.append((credit, f"流水号已登记为 {known.on} {known.amount:,.2f} 元，与本行不符"))
                continue
            row, why = _recovery_of(credit, owing)
            if row is None or credit.on > today:
                found.left.append((credit, why or "日期在今天之后"))
                continue
            try:
                entered = recoveries.repay(
                    row.key, amount=credit.amount, on=credit.on, bank_ref=credit.bank_ref, by=by, at=at,
                    payer=credit.payer, note=credit.note,
                )  # fmt: skip
            except Refusal as refusal:
                found.left.append((credit, refusal.message))
            else:
                found.entered.append(entered)
    return found


def _owing(by: Actor, on: date) -> list[Recovery]:
    rows = Recovery.objects.filter(status__in=[RecoveryStatus.OPEN, RecoveryStatus.HANDED_OVER]).order_by("pk")
    return list(rows if by.person is None else scope_of(by.person, on, "repayment.enter").limit(rows))


def _recovery_of(credit: Credit, owing: Iterable[Recovery]) -> tuple[Recovery | None, str]:
    rows = list(owing)
    numbered = [row for row in rows if row.number in credit.note.upper()]
    if numbered:
        return numbered[0], ""
    named = [row for row in rows if credit.payer and name_key(row.name) == name_key(credit.payer)]
    if len(named) == 1:
        return named[0], ""
    return None, "付款人有多笔追回，须由财务逐笔登记" if named else "没有对应的追回"


def _read(path: Path) -> tuple[list[Credit], list[str]]:
    credits: list[Credit] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    with open_sheet(path, COLUMNS) as sheet:
        for row in sheet.rows():
            given: dict[str, Any] = {}
            for column, raw in zip(COLUMNS, row.cells, strict=True):
                text = normalise(raw or "")
                if not text and not column.required:
                    continue
                try:
                    if not text:
                        raise BadValue("不能为空")
                    given[column.name] = column.parse(text)
                except BadValue as problem:
                    problems.append(f"第{row.line}行：{column.title}“{text}”：{problem}")
            if not {"bank_ref", "on", "amount"} <= given.keys():
                continue
            if given["bank_ref"] in seen:
                problems.append(f"第{row.line}行：流水号与第{seen[given['bank_ref']]}行相同")
            seen.setdefault(given["bank_ref"], row.line)
            credits.append(Credit(row.line, **given))
    return credits, problems


def _may(by: Actor, permission: str, verb: str, row: Recovery) -> None:
    if not by.may(permission, row.office):
        raise Refusal(f"您没有对{row.office}的追回办理“{verb}”的权限，未作任何更改。")
