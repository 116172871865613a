"""What a scheme shows on the desk without being imported by it: waiting work and panels, by named functions.

Each module of settings.SCHEMES may define (those of cards also each of settings.PANELS)

- `waiting(person, on) -> Iterable[Waiting]`: work that waits for somebody of this office,
- `home_panels(person, on) -> Iterable[Panel]`: cards of the workbench,
- `unit_panels(unit, person, on) -> Iterable[Panel]`: cards of a unit's page,
- `case_papers(case, person, on) -> Iterable[Offer]`: papers that may be written for a case now,
- `portal_panels(uscc, on) -> Iterable[Panel]`: cards of an enterprise's own page: how its matter stands,
- `portal_duties(uscc, on) -> Iterable[Duty]`: what the enterprise must do, until when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import QuerySet


@dataclass(frozen=True)
class Waiting:
    """Rows that wait for somebody with `permission`; `url_name` is the list that shows them."""

    key: str
    label: str
    permission: str
    url_name: str
    rows: QuerySet[Any, Any]
    query: str = ""
    hint: str = ""
    tone: str = "blue"


@dataclass(frozen=True)
class Panel:
    """A card: its title, the template of its body and what that needs."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    more: str = "查看全部"
    wide: bool = False


@dataclass(frozen=True)
class Offer:
    """A paper that may be written now: a button that posts to `url`."""

    label: str
    url: str
    hint: str = ""


@dataclass(frozen=True)
class Duty:
    """What an enterprise must do, in plain words; `due_on` is the last day, `url` where it is done."""

    title: str
    words: str = ""
    due_on: date | None = None
    url: str = ""
    action: str = "去办理"
    tone: str = "amber"
    #: working days left after today; set where it is shown
    left: int | None = None


def scheme_functions(name: str) -> Iterator[Callable[..., Any]]:
    """The function `name` of every scheme that has one."""
    return functions_of(settings.SCHEMES, name)


def functions_of(paths: Iterable[str], name: str) -> Iterator[Callable[..., Any]]:
    """The function `name` of every module that has one."""
    for path in paths:
        try:
            module = import_module(path)
        except ModuleNotFoundError as error:
            if error.name != path:
                raise
            continue
        found = getattr(module, name, None)
        if found is not None:
            yield found
