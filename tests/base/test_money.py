"""Money rounds half up to the cent, and is written in capitals as documents carry it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import cn2an
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from caseworks.base.money import half_up, in_capitals, rate4, thousands

AMOUNTS = st.integers(0, 10**15).map(lambda cents: Decimal(cents).scaleb(-2))


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Decimal("0.005"), "0.01"),
        (Decimal("0.0049999"), "0.00"),
        (Decimal("2.675"), "2.68"),
        (Decimal("1.005"), "1.01"),
        (Decimal("-0.005"), "-0.01"),
        (Decimal("-0.004"), "0.00"),
        (Decimal("2.5"), "2.50"),
        (Fraction(1, 3), "0.33"),
        (Fraction(1, 200), "0.01"),
        (Fraction(-1, 200), "-0.01"),
        (7, "7.00"),
        (Decimal("12345678901234567890123.455"), "12345678901234567890123.46"),
    ],
)
def test_halves_go_away_from_zero(value: Decimal | Fraction | int, rounded: str) -> None:
    assert str(half_up(value)) == rounded


@given(st.fractions(-(10**12), 10**12))
@example(Fraction(5, 1000))
def test_rounding_is_within_half_a_cent_and_exact_at_halves(value: Fraction) -> None:
    rounded = half_up(value)
    assert rounded.as_tuple().exponent == -2
    difference = abs(Fraction(rounded)) - abs(value)
    assert Fraction(-1, 200) < difference <= Fraction(1, 200)


@given(st.integers(-(10**14), 10**14))
def test_decimals_and_fractions_round_alike(thousandths: int) -> None:
    value = Decimal(thousandths).scaleb(-3)
    assert half_up(value) == half_up(Fraction(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(2, 31), "0.0645"),
        (Fraction(1, 20000), "0.0001"),
        (Fraction(49999, 10**9), "0.0000"),
        (Fraction(0), "0.0000"),
        (Fraction(1), "1.0000"),
    ],
)
def test_a_rate_is_shown_to_four_decimals(value: Fraction, shown: str) -> None:
    assert str(rate4(value)) == shown


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("1.05", "壹元零伍分"),
        ("10.00", "壹拾元整"),
        ("12.30", "壹拾贰元叁角"),
        ("123.45", "壹佰贰拾叁元肆角伍分"),
        ("1004.00", "壹仟零肆元整"),
        ("12000.00", "壹万贰仟元整"),
        ("100000.05", "壹拾万元零伍分"),
        ("211505009.70", "贰亿壹仟壹佰伍拾万伍仟零玖元柒角"),
        ("-6.60", "负陆元陆角"),
    ],
)
def test_amounts_in_capitals(amount: str, capitals: str) -> None:
    assert in_capitals(Decimal(amount)) == capitals


def test_what_cannot_be_written_in_capitals_is_refused() -> None:
    with pytest.raises(ValueError, match="more than two decimals"):
        in_capitals(Decimal("1.005"))
    with pytest.raises(ValueError, match="too large"):
        in_capitals(Decimal(10**16))


_DIGITS = {char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def _read(capitals: str) -> Decimal:
    """Our own reading of an amount in capitals."""
    yuan, _, rest = capitals.rpartition("元") if "元" in capitals else ("", "", capitals)
    total = section = digit = 0
    for char in yuan:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section, digit = section + digit * _UNITS[char], 0
        else:
            whole = {"万": 10**4, "亿": 10**8}[char]
            section, digit = section + digit, 0
            total = (total + section) * whole if char == "亿" else total + section * whole
            section = 0
    cents = 0
    for char in rest:
        if char in _DIGITS:
            digit_of_rest = _DIGITS[char]
        elif char in "角分":
            cents += digit_of_rest * (10 if char == "角" else 1)
    return Decimal((total + section + digit) * 100 + cents).scaleb(-2)


@given(AMOUNTS)
@example(Decimal("100000000000.01"))
@example(Decimal("10100000000.00"))
def test_capitals_read_back_to_the_amount(amount: Decimal) -> None:
    assert _read(in_capitals(amount)) == amount


@given(AMOUNTS)
def test_capitals_are_those_of_the_library(amount: Decimal) -> None:
    assert in_capitals(amount) == cn2an.an2cn(str(amount), "rmb")


@given(AMOUNTS)
def test_thousands_read_back_to_the_amount(amount: Decimal) -> None:
    assert Decimal(thousands(amount).replace(",", "")) == amount


def test_thousands() -> None:
    assert [thousands(Decimal(text)) for text in ("0", "1234567.8", "-1000")] == ["0.00", "1,234,567.80", "-1,000.00"]
