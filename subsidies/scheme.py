"""技能提升补贴, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from subsidies.parameters import Parameters

NAME = "subsidies"
LABEL = "技能提升补贴"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from subsidies.exports import write_subsidies

    return {NAME: write_subsidies}
