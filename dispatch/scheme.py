"""劳务派遣, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.parameters import Parameters

if TYPE_CHECKING:
    from caseworks.base.panels import Duty, Panel

NAME = "dispatch"
LABEL = "劳务派遣"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from dispatch.exports import write_dispatch

    return {NAME: write_dispatch}


def portal_panels(uscc: str, on: dt.date) -> Iterable[Panel]:
    """The card of an agency's own page."""
    from dispatch.matters import panels

    return panels(uscc, on)


def portal_duties(uscc: str, on: dt.date) -> Iterable[Duty]:
    """What an agency must do, until when."""
    from dispatch.matters import duties

    return duties(uscc, on)
