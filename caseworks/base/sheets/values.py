"""What a cell may hold: each function turns trimmed, width-normalised text into a value or raises BadValue."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal

from django.db.models import TextChoices

from caseworks.base.identifiers import citizen_id_problem, uscc_problem
from caseworks.base.sheets.errors import BadValue

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PERIOD = re.compile(r"((?:19|20)\d{2})-?(0[1-9]|1[0-2])", re.ASCII)
_MONEY = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d{1,2})?", re.ASCII)
_MONEY_DECIMALS = re.compile(r"-?[\d,]+\.\d{3,}", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)
_REGION = re.compile(r"\d{6}", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d{2}", re.ASCII)

Parser = Callable[[str], object]


def text(length: int) -> Parser:
    """Any text of up to `length` characters."""

    def parse(value: str) -> str:
        if len(value) > length:
            raise BadValue(f"内容过长（{len(value)}字），最多{length}字，请缩短")
        if "\x00" in value:
            raise BadValue("内容含有不可见的控制字符，请重新填写")
        return value

    return parse


def uscc(value: str) -> str:
    """A unified social credit code. (GB 32100-2015)"""
    problem = uscc_problem(value)
    if problem:
        raise BadValue(f"{problem}，请核对")
    return value


def citizen_id(value: str, id_type: str) -> str:
    """An ID number of a type. (GB 11643-1999)"""
    problem = citizen_id_problem(value, id_type)
    if problem:
        raise BadValue(f"{problem}，请核对；证件不是居民身份证的，请填写 id_type（证件类型）")
    return value


def code(choices: type[TextChoices]) -> Parser:
    """A code of a list, written as the English code or the Chinese label."""
    known = {str(label): value for value, label in choices.choices} | {value: value for value in choices.values}
    expected = "、".join(str(label) for label in choices.labels)

    def parse(value: str) -> str:
        try:
            return str(known[value])
        except KeyError:
            raise BadValue(f"不在代码表中，应为：{expected}（或对应的英文代码）") from None

    return parse


def date(value: str) -> datetime.date:
    """A day, YYYY-MM-DD."""
    if not _DATE.fullmatch(value):
        raise BadValue("日期格式不正确，应为 YYYY-MM-DD，例如 2024-05-06")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise BadValue("没有这一天，请核对日期") from None


def period(value: str) -> str:
    """A month, YYYY-MM or YYYYMM, as YYYY-MM."""
    found = _PERIOD.fullmatch(value)
    if not found:
        raise BadValue("所属期格式不正确，应为 YYYY-MM 或 YYYYMM，月份为 01 至 12，例如 2023-01")
    return f"{found[1]}-{found[2]}"


def money(digits: int = 12) -> Parser:
    """An amount in yuan, not negative, of at most two decimals; thousands separators are allowed."""

    def parse(value: str) -> Decimal:
        if not _MONEY.fullmatch(value):
            if value.startswith("-") and _MONEY.fullmatch(value[1:]):
                raise BadValue("金额不能为负数；退收的款项请用缴费类型“退收”表示")
            if _MONEY_DECIMALS.fullmatch(value):
                raise BadValue("金额最多两位小数，请四舍五入后重新填写")
            raise BadValue("应为金额（元），最多两位小数，例如 1234.50 或 1,234.50")
        amount = Decimal(value.replace(",", ""))
        if amount.adjusted() >= digits:
            raise BadValue(f"金额过大（整数部分超过{digits}位），请核对单位是否为元")
        return amount

    return parse


def whole(most: int) -> Parser:
    """A whole number from 0 to `most`."""

    def parse(value: str) -> int:
        if not _WHOLE.fullmatch(value):
            raise BadValue("应为不小于 0 的整数，请用阿拉伯数字填写")
        number = int(value) if len(value) <= 18 else most + 1
        if number > most:
            raise BadValue(f"数值过大，最多{most}，请核对")
        return number

    return parse


def level(value: str) -> int:
    """A skill level, 1 to 5."""
    if value not in {"1", "2", "3", "4", "5"}:
        raise BadValue("等级应为 1 至 5 的数字")
    return int(value)


def region(value: str) -> str:
    """An administrative region, six digits."""
    if not _REGION.fullmatch(value):
        raise BadValue("行政区划代码应为六位数字，例如 220102")
    return value


def year(value: str) -> int:
    """A calendar year."""
    if not _YEAR.fullmatch(value):
        raise BadValue("年度应为四位数字，例如 2023")
    return int(value)


def yes_no(value: str) -> bool:
    """yes or no."""
    if value in {"yes", "是"}:
        return True
    if value in {"no", "否"}:
        return False
    raise BadValue("应为 yes（是）或 no（否）")
