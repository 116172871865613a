"""Small words of the supervisors' templates."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def address(drill: Mapping[int, str], office: int) -> str:
    """The dashboard of an office."""
    return drill.get(office, "")


@register.filter
def positive(days: int) -> int:
    """A number without its sign."""
    return abs(days)
