"""稳岗返还, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from refunds.parameters import Parameters

NAME = "refunds"
LABEL = "稳岗返还"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from refunds.exports import write_refunds

    return {NAME: write_refunds}
