"""Numbers of persons in a text that is to be made public: ID, bank card, telephone. Pure. (N6.2)"""

from __future__ import annotations

import re
import unicodedata

_GAPS = re.compile(r"(?<=\d)[\s\-—·]+(?=[\dXx])")
_FOUND = (
    ("证件号码", re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)")),
    ("银行卡号", re.compile(r"(?<!\d)(?:\d{16,17}|\d{19})(?![\dXx])")),
    ("手机号码", re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")),
    ("固定电话", re.compile(r"(?<!\d)0\d{9,11}(?!\d)")),
)


def private_words(text: str) -> list[str]:
    """What kinds of such numbers stand in a text; full-width digits and gaps between digits do not hide them."""
    plain = _GAPS.sub("", unicodedata.normalize("NFKC", text))
    return [word for word, pattern in _FOUND if pattern.search(plain)]
