"""The lines of a bank statement, read and checked one by one; our own columns, whatever the bank calls them (J4.1)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from caseworks.base.identifiers import normalise
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.base.sheets.reading import Row, open_sheet
from caseworks.money.enums import Direction

# Banks write 借 for what left the holder's account and 贷 for what came in.
_DIRECTIONS = {
    **dict.fromkeys(("out", "支出", "借", "借方", "支取", "付"), Direction.OUT),
    **dict.fromkeys(("in", "收入", "贷", "贷方", "存入", "收"), Direction.IN),
}
_PAYMENT = re.compile(r"(?<![0-9A-Z])[A-Z][0-9]{13}(?![0-9])")
_BATCH = re.compile(r"(?<![0-9A-Z])PC[0-9]{10}(?![0-9])")


def _direction(value: str) -> str:
    try:
        return _DIRECTIONS[value].value
    except KeyError:
        raise BadValue("应为 支出（借）或 收入（贷）") from None


COLUMNS = (
    Column("date", ("日期", "交易日期", "记账日期"), values.date, required=True, shape=Shape.DATE),
    Column("amount", ("金额", "交易金额", "发生额"), values.money(13), required=True, shape=Shape.NUMBER),
    Column("direction", ("方向", "借贷方向", "收支方向"), _direction, required=True),
    Column("reference", ("摘要", "附言", "用途"), values.text(300)),
    Column("counterparty", ("对方户名", "对方名称"), values.text(200)),
    Column("account_no", ("对方账号", "对方账户"), values.text(40), identifier=True),
    Column("serial", ("流水号", "交易流水号"), values.text(80), identifier=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """What the bank says went out (positive) or came in (negative)."""

    line: int
    key: str
    on: date
    amount: Decimal
    serial: str
    reference: str
    counterparty: str
    account_tail: str
    payment_no: str
    batch_no: str


def read(path: Path) -> tuple[list[Line], list[tuple[int, str]]]:
    """The lines of a file, and what is wrong with others; a file that cannot be read is refused (UnreadableFile)."""
    lines: list[Line] = []
    problems: list[tuple[int, str]] = []
    seen: Counter[str] = Counter()
    with open_sheet(path, COLUMNS) as sheet:
        for row in sheet.rows():
            found = _parsed(row, problems, seen)
            if found is not None:
                lines.append(found)
    return lines, problems


def _parsed(row: Row, problems: list[tuple[int, str]], seen: Counter[str]) -> Line | None:
    given: dict[str, Any] = {}
    wrong = []
    for column, raw in zip(COLUMNS, row.cells, strict=True):
        text = normalise(raw or "", identifier=column.identifier)
        if not text:
            if column.required:
                wrong.append(f"{column.alias}不能为空")
            continue
        try:
            given[column.name] = column.parse(text)
        except BadValue as problem:
            wrong.append(f"{column.alias}“{text}”：{problem}")
    if not wrong and not given["amount"]:
        wrong.append("金额为 0")
    if wrong:
        problems.append((row.line, "；".join(wrong)))
        return None
    amount = given["amount"] if given["direction"] == Direction.OUT else -given["amount"]
    reference, account = given.get("reference", ""), given.get("account_no", "")
    payment, batch = _PAYMENT.search(reference.upper()), _BATCH.search(reference.upper())
    same = "|".join(
        (
            str(given["date"]),
            f"{amount:.2f}",
            given.get("serial", ""),
            reference,
            given.get("counterparty", ""),
            account,
        )
    )
    seen[same] += 1  # the same again in one file is another line, unless the bank numbers its lines
    nth = 1 if given.get("serial") else seen[same]
    return Line(
        row.line,
        hashlib.sha256(f"{same}|{nth}".encode()).hexdigest(),
        given["date"],
        amount,
        given.get("serial", ""),
        reference,
        given.get("counterparty", ""),
        account[-4:],
        payment.group() if payment else "",
        batch.group() if batch else "",
    )
