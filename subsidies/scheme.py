"""技能提升补贴, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from subsidies.parameters import Parameters

if TYPE_CHECKING:
    from caseworks.base.panels import Panel, Waiting
    from caseworks.books.invariants import Invariant
    from caseworks.cases.models import Case, SecondLook
    from caseworks.cases.sources import Announced, Looked, Rejudged, Source
    from caseworks.oversight.lists import ListSpec
    from caseworks.oversight.measures import Measure
    from caseworks.people.actors import Actor
    from caseworks.people.models import Office, Person

NAME = "subsidies"
LABEL = "技能提升补贴"
parameters = Parameters
SECOND_LOOKS_OF_PERSONS = True


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from subsidies.exports import write_subsidies

    return {NAME: write_subsidies}


def invariants() -> Mapping[str, Invariant]:
    """What the books check of the claims: name → the offending rows."""
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


def second_look(subject: str, year: int, on: dt.date, matter: str) -> Looked | None:
    """How a refused claim is judged, for whoever asks for a second look."""
    from subsidies.second_looks import second_look

    return second_look(subject, year, on, matter)


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: dt.datetime) -> Looked:
    """The claim judged again on what is known now; taken up anew where people refused it and another says so."""
    from subsidies.second_looks import second_look_again

    return second_look_again(look, again=again, by=by, at=at)


def look_panels(subject: str, year: int, matter: str) -> Iterable[Panel]:
    """The claim, for whoever looks a second time."""
    from subsidies.second_looks import look_panels

    return look_panels(subject, year, matter)


def judges(subject: str, year: int, matter: str) -> Collection[int]:
    """Who had a hand in what became of the claim."""
    from subsidies.second_looks import judges

    return judges(subject, year, matter)
