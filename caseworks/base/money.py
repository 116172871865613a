"""Money: yuan as Decimal with two places. Nothing else in the program rounds money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import cn2an

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_LIMIT = 10**16  # what cn2an can write in capitals


def _rounded(value: Fraction, places: int) -> Decimal:
    """`value` to `places` decimals, halves away from zero, by whole-number arithmetic (no context can lose a digit)."""
    scale = 10**places
    doubled = 2 * abs(value.numerator) * scale + value.denominator
    units = doubled // (2 * value.denominator)
    return Decimal(-units if value < 0 else units).scaleb(-places) if units else Decimal(0).scaleb(-places)


def half_up(value: Decimal | Fraction | int) -> Decimal:
    """Round to the cent, halves away from zero (contract: 四舍五入到分)."""
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 20:
        return value.quantize(CENT, rounding=ROUND_HALF_UP) or ZERO
    return _rounded(Fraction(value), 2)


def rate4(value: Fraction) -> Decimal:
    """A rate as it is shown: four decimals, half up. Never compare with a limit after this."""
    return _rounded(Fraction(value), 4)


def in_capitals(amount: Decimal) -> str:
    """The amount in capitals as documents carry it, e.g. 壹拾贰元叁角整 is written 壹拾贰元叁角."""
    if amount != half_up(amount):
        raise ValueError(f"{amount} has more than two decimals")
    if abs(amount) >= _LIMIT:
        raise ValueError(f"{amount} is too large to write in capitals")
    text = str(cn2an.an2cn(f"{abs(amount):.2f}", "rmb"))
    return f"负{text}" if amount < 0 else text


def thousands(amount: Decimal) -> str:
    """The amount as lists show it: 1,234,567.80."""
    return f"{half_up(amount):,.2f}"
