"""稳岗返还, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from refunds.parameters import Parameters

if TYPE_CHECKING:
    from caseworks.base.panels import Panel, Waiting
    from caseworks.people.models import Person
    from caseworks.registry.models import Unit

NAME = "refunds"
LABEL = "稳岗返还"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from refunds.exports import write_refunds

    return {NAME: write_refunds}


def waiting(person: Person, on: dt.date) -> Iterable[Waiting]:
    """Work of the refund that waits for somebody."""
    from refunds.panels import waiting

    return waiting(person, on)


def home_panels(person: Person, on: dt.date) -> Iterable[Panel]:
    """Cards of the workbench."""
    from refunds.panels import home_panels

    return home_panels(person, on)


def unit_panels(unit: Unit, person: Person, on: dt.date) -> Iterable[Panel]:
    """Cards of a unit's page."""
    from refunds.panels import unit_panels

    return unit_panels(unit, person, on)
