"""What banks write, and what it means for the bureau."""

from __future__ import annotations

import pytest

from caseworks.money import return_reasons
from caseworks.money.return_reasons import Plain

TABLE = [
    ("账号户名不符", return_reasons.NAME),
    ("收款人名称不符", return_reasons.NAME),
    ("账户已销户", return_reasons.CLOSED),
    ("收款账户状态异常，已冻结", return_reasons.FROZEN),
    ("久悬户", return_reasons.FROZEN),
    ("查无此账号", return_reasons.NUMBER),
    ("卡号有误", return_reasons.NUMBER),
    ("联行号错误", return_reasons.BANK),
    ("金融功能未激活", return_reasons.CARD),
    ("超过二类户限额", return_reasons.LIMIT),
    ("人行系统超时", return_reasons.BANKS_OWN),
    ("银行未说明原因", return_reasons.UNKNOWN),
    ("", return_reasons.UNKNOWN),
]


@pytest.mark.parametrize(("words", "meant"), TABLE)
def test_the_banks_words_in_plain_ones(words: str, meant: Plain) -> None:
    assert return_reasons.plain(words) is meant
    assert meant.next.endswith("。")


def test_a_person_is_asked_for_a_card_and_not_for_a_certificate_of_opening() -> None:
    for words in ("户名不符", "账户已销户", "账户冻结", "账号不存在", "联行号有误"):
        unit, person = return_reasons.plain(words), return_reasons.plain(words, card=True)
        assert (person.label, person.mend) == (unit.label, unit.mend)
        assert "单位" not in person.next
        assert "卡" in person.next
    assert return_reasons.plain("系统超时", card=True) == return_reasons.BANKS_OWN
