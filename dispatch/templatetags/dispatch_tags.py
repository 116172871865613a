"""Words and figures of dispatch as pages show them."""

from __future__ import annotations

from decimal import Decimal

from django import template

from caseworks.base.enums import UnitType
from dispatch.enums import PartKind

register = template.Library()


@register.filter
def part_label(code: str) -> str:
    """The name of a part's kind."""
    return str(PartKind(code).label) if code in PartKind.values else code


@register.filter
def unit_type_label(code: str) -> str:
    """The name of a unit's type."""
    return str(UnitType(code).label) if code in UnitType.values else "—"


@register.filter
def share_percent(ratio: Decimal | None) -> str:
    """A ratio in percent; one that a clerk must settle first says so."""
    return "待核定" if ratio is None else f"{(ratio * 100).normalize():f}%"


@register.filter
def flag_many(number: int) -> str:
    """How many things a clerk should look at."""
    return f"{number} 项"
