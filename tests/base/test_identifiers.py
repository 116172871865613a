"""Identifiers against the standards' own arithmetic, written here a second time."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseworks.base.identifiers import (
    citizen_id_problem,
    mask_account,
    mask_id,
    mask_name,
    mask_phone,
    normalise,
    uscc_problem,
)

# GB 32100-2015: 31 characters (no I, O, S, V, Z), weights 3^(i-1) mod 31, check character 31 - Σ mod 31.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def with_check(body: str) -> str:
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


# GB 11643-1999 (ISO 7064 MOD 11-2): Σ a_i × 2^(18-i) ≡ 1 mod 11 over all eighteen characters.
def with_check_digit(body: str) -> str:
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    value = (1 - total) % 11
    return body + ("X" if value == 10 else str(value))


USCC_BODIES = st.builds(
    lambda kind, region, rest: kind + region + rest,
    st.sampled_from(["11", "12", "51", "52", "53", "91", "92", "93", "N1", "N2", "A1", "Y1"]),
    st.integers(0, 999999).map(lambda n: f"{n:06d}"),
    st.text(ALPHABET, min_size=9, max_size=9),
)
CITIZEN_BODIES = st.builds(
    lambda region, born, order: f"{region:06d}{born:%Y%m%d}{order:03d}",
    st.one_of(st.integers(110000, 659999), st.sampled_from([810000, 820000, 830000])),
    st.dates(datetime.date(1900, 1, 1), datetime.date(2026, 11, 22)),
    st.integers(0, 999),
)


@given(USCC_BODIES)
def test_every_code_of_the_standard_passes(body: str) -> None:
    assert uscc_problem(with_check(body)) is None


@given(USCC_BODIES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(body: str, place: int, other: str) -> None:
    code = with_check(body)
    changed = code[:place] + other + code[place + 1 :]
    assert (uscc_problem(changed) is None) == (changed == code)


@given(USCC_BODIES, st.integers(8, 15))
def test_two_exchanged_characters_are_found(body: str, place: int) -> None:
    code = with_check(body)
    changed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (uscc_problem(changed) is None) == (changed == code)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "统一社会信用代码为空"),
        ("91220102XNFMRYW13", "统一社会信用代码应为18位，现为17位"),
        ("91220102XNTLA3X1750", "统一社会信用代码应为18位，现为19位"),
        ("91220102XNINQPW14U", "统一社会信用代码含有不允许的字符“I”（第11位）"),
        ("91220102XNQNQPW14W", "统一社会信用代码校验码不正确"),
        ("91220102XQNNQPW14U", "统一社会信用代码校验码不正确"),
        ("9122010AXNQNQPW14U", "统一社会信用代码第3至8位（登记机关行政区划码）应为数字"),
        ("91220102xnqnqpw14u", "统一社会信用代码含有不允许的字符“x”（第9位）"),
        ("91220102XNQNQPW14U", None),
    ],
)
def test_what_is_said_of_a_wrong_code(code: str, problem: str | None) -> None:
    assert uscc_problem(code) == problem


@given(CITIZEN_BODIES)
def test_every_number_of_the_standard_passes(body: str) -> None:
    number = with_check_digit(body)
    assert citizen_id_problem(number) is None
    assert citizen_id_problem(number, "permit") is None


@given(CITIZEN_BODIES, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_digit_is_found(body: str, place: int, other: str) -> None:
    number = with_check_digit(body)
    changed = number[:place] + other + number[place + 1 :]
    assert (citizen_id_problem(changed) is None) == (changed == number)


@pytest.mark.parametrize(
    ("number", "id_type", "problem"),
    [
        ("", "resident_id", "证件号码为空"),
        ("22012219860101000", "resident_id", "证件号码应为18位，现为17位"),
        ("220122198601010000", "resident_id", "证件号码校验码不正确"),
        ("220102199002300008", "resident_id", "证件号码中的出生日期19900230不存在"),
        ("220102199013010006", "resident_id", "证件号码中的出生日期19901301不存在"),
        (with_check_digit("22010200010101000"), "resident_id", "证件号码中的出生日期00010101不合理"),
        ("2201021990X1010006", "resident_id", "证件号码前17位应为数字，末位应为数字或X"),
        ("810000199004120000", "permit", "证件号码校验码不正确"),
        (with_check_digit("83000019900412001"), "permit", None),
        (with_check_digit("22010219000229001"), "resident_id", "证件号码中的出生日期19000229不存在"),
        (with_check_digit("22010220000229001"), "resident_id", None),
        ("E12345678", "resident_id", "证件号码应为18位，现为9位"),
        ("E12345678", "passport", None),
        ("USA110190010123", "foreign_pr", None),
        ("9" * 31, "passport", "证件号码过长（31位）"),
    ],
)
def test_what_is_said_of_a_wrong_number(number: str, id_type: str, problem: str | None) -> None:
    assert citizen_id_problem(number, id_type) == problem


@pytest.mark.parametrize(
    ("text", "plain", "identifier"),
    [
        ("　９１２２ｘ　", "9122x", "9122X"),
        ("\ufeffabc\t", "abc", "ABC"),
        (" 长春（某）公司 ", "长春（某）公司", "长春（某）公司"),
        ("１，２３４．５０", "1，234．50", "1，234．50"),
        ("", "", ""),
    ],
)
def test_normalising(text: str, plain: str, identifier: str) -> None:
    assert normalise(text) == plain
    assert normalise(text, identifier=True) == identifier


def test_masks_hide_the_birth_date_and_most_of_a_number() -> None:
    assert mask_id("220102198601011234") == "220***********1234"
    assert mask_id("E1234") == "*****"
    assert mask_account("6217000012345678") == "**** 5678"
    assert mask_account("12") == "**"
    assert mask_phone("13900001111") == "139****1111"
    assert mask_phone("8881234") == "*****34"
    assert mask_phone("") == ""
    assert [mask_name(name) for name in ("", "张", "张三", "张小三", "欧阳小海")] == [
        "",
        "张",
        "张*",
        "张*三",
        "欧**海",
    ]


@given(st.text(max_size=30))
def test_masks_never_show_more_than_seven_characters(text: str) -> None:
    for mask in (mask_id, mask_account, mask_phone):
        assert sum(char != "*" and char in text for char in mask(text).removeprefix("**** ")) <= 7
