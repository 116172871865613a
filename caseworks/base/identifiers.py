"""Unified social credit codes (GB 32100-2015), citizen numbers (GB 11643-1999), and how they are shown masked."""

from __future__ import annotations

import datetime
import re
import unicodedata
from functools import lru_cache
from operator import mul

from stdnum.cn import uscc as _uscc

# Two letters or digits for authority and category, six digits of place, nine of the organisation, the check character.
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_WRONG = re.compile(r"[^0-9A-HJ-NPQRTUWXY]")
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROS = sum(_WEIGHTS) * ord("0")  # the weights are multiplied by the digits' codes
_CHECK = "10X98765432"
CHECKED_ID_TYPES = frozenset({"resident_id", "permit"})


def normalise(text: str, *, identifier: bool = False) -> str:
    """Trim, turn full-width letters, digits and signs to half-width, and raise an identifier's letters."""
    if not text.isascii():
        text = "".join(
            chr(ord(char) - 0xFEE0) if "！" <= char <= "～" and unicodedata.normalize("NFKC", char).isalnum() else char
            for char in text.replace("\u3000", " ").replace("\ufeff", "")
        )
    text = text.strip()
    return text.upper() if identifier else text


@lru_cache(maxsize=65536)
def uscc_problem(text: str) -> str | None:
    """What is wrong with a unified social credit code, in words; None if nothing is. (GB 32100-2015)"""
    if not text:
        return "统一社会信用代码为空"
    if len(text) != 18:
        return f"统一社会信用代码应为18位，现为{len(text)}位"
    wrong = _USCC_WRONG.search(text)
    if wrong:
        return f"统一社会信用代码含有不允许的字符“{wrong.group()}”（第{wrong.start() + 1}位）"
    if not _USCC.fullmatch(text):
        return "统一社会信用代码第3至8位（登记机关行政区划码）应为数字"
    if text[-1] != _uscc.calc_check_digit(text[:17]):
        return "统一社会信用代码校验码不正确"
    return None


def check_character_right(text: str) -> bool:
    """Whether the last of the eighteen characters of a citizen number is that of the seventeen digits before it."""
    return _CHECK[(sum(map(mul, _WEIGHTS, text.encode("ascii"))) - _ZEROS) % 11] == text[17]


def citizen_id_problem(text: str, id_type: str = "resident_id") -> str | None:
    """What is wrong with an ID number, in words; None if nothing is. (GB 11643-1999)

    Places are not looked up: residents of Hong Kong, Macao and Taiwan (810000, 820000, 830000) and people older than
    their district's code are real. Passports and permanent-residence cards have no common check.
    """
    if not text:
        return "证件号码为空"
    if id_type not in CHECKED_ID_TYPES:
        return None if len(text) <= 30 else f"证件号码过长（{len(text)}位）"
    if len(text) != 18:
        return f"证件号码应为18位，现为{len(text)}位"
    if not _CITIZEN.fullmatch(text):
        return "证件号码前17位应为数字，末位应为数字或X"
    try:
        born = datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return f"证件号码中的出生日期{text[6:14]}不存在"
    if born.year < 1850:
        return f"证件号码中的出生日期{text[6:14]}不合理"
    if not check_character_right(text):
        return "证件号码校验码不正确"
    return None


def mask_id(text: str) -> str:
    """An ID number with its middle hidden: the first three and last four stand, the birth date never."""
    if len(text) < 10:
        return "*" * len(text)
    return text[:3] + "*" * (len(text) - 7) + text[-4:]


def mask_account(text: str) -> str:
    """A bank account: the last four digits."""
    return "**** " + text[-4:] if len(text) > 4 else "*" * len(text)


def mask_phone(text: str) -> str:
    """A telephone number: the first three and last four."""
    return text[:3] + "****" + text[-4:] if len(text) >= 11 else "*" * max(len(text) - 2, 0) + text[-2:]


def mask_name(text: str) -> str:
    """A person's name: 张*, 张*三, 欧**海."""
    if len(text) < 2:
        return text
    if len(text) == 2:
        return text[0] + "*"
    return text[0] + "*" * (len(text) - 2) + text[-1]
