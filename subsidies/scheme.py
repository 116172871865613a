"""技能提升补贴, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from subsidies.parameters import Parameters

if TYPE_CHECKING:
    from caseworks.base.panels import Panel, Waiting
    from caseworks.cases.models import Case
    from caseworks.cases.sources import Announced, Rejudged, Source
    from caseworks.oversight.lists import ListSpec
    from caseworks.oversight.measures import Measure
    from caseworks.people.models import Office, Person

NAME = "subsidies"
LABEL = "技能提升补贴"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from subsidies.exports import write_subsidies

    return {NAME: write_subsidies}


def invariants() -> Mapping[str, str]:
    """What the books check of the claims: name → SQL of the offending rows."""
    from subsidies.invariants import CHECKS

    return CHECKS


def case_source(year: int) -> Source:
    """The claims of which cases are opened."""
    from subsidies.cases import source

    return source(year)


def case_years() -> Iterable[int]:
    """The policy years that have claims."""
    from subsidies.cases import years

    return years()


def case_days(year: int) -> Mapping[tuple[str, int], dt.date]:
    """The day on which each claim of a year was handed in, by person and round."""
    from subsidies.cases import days

    return days(year)


def case_bind(year: int) -> int:
    """Tie the claims to the cases just opened."""
    from subsidies.claims import bind

    return bind(year)


def case_payees(year: int) -> Source:
    """Whom the cases of a year pay: persons, to their cards."""
    from subsidies.cases import payees

    return payees(year)


def case_announced() -> Announced:
    """What an announcement shows besides masked name and amount."""
    from subsidies.cases import announced

    return announced()


def case_flags() -> Mapping[str, str]:
    """The words of the signs."""
    from subsidies.cases import flags

    return flags()


def case_panels(case: Case, person: Person, on: dt.date) -> Iterable[Panel]:
    """Cards of a case's page."""
    from subsidies.cases import panels

    return panels(case, person, on)


def waiting(person: Person, on: dt.date) -> Iterable[Waiting]:
    """Work of the claims that waits for somebody."""
    from subsidies.panels import waiting

    return waiting(person, on)


def home_panels(person: Person, on: dt.date) -> Iterable[Panel]:
    """Cards of the workbench."""
    from subsidies.panels import home_panels

    return home_panels(person, on)


def payment_obstacles(on: dt.date) -> Source | None:
    """People whose claim meets a training subsidy that was imported later: their payment waits (J3.2)."""
    from subsidies.overlaps import obstacles

    return obstacles()


def case_rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """What a case is judged to be now."""
    from subsidies.cases import rejudge

    return rejudge(case, at)


def dashboard_measures(year: int) -> Iterable[Measure]:
    """What the supervisors' dashboards count."""
    from subsidies.supervising import measures

    return measures(year)


def dashboard_lists() -> Iterable[ListSpec]:
    """The lists behind these figures."""
    from subsidies.supervising import lists

    return lists()


def dashboard_panels(person: Person, office: Office, year: int, on: dt.date) -> Iterable[Panel]:
    """Cards of the dashboard."""
    from subsidies.supervising import panels

    return panels(person, office, year, on)


def second_look_elsewhere() -> str:
    """What one who misses this money does: there is an application, and its answer says what is missing."""
    return "按个人申领逐件核定：不予发放的在申领结果中写明原因和依据，情况变化后可再次申领。"
