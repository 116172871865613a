"""劳务派遣, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dispatch.parameters import Parameters

NAME = "dispatch"
LABEL = "劳务派遣"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from dispatch.exports import write_dispatch

    return {NAME: write_dispatch}
