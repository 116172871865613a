"""劳务派遣, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.parameters import Parameters

if TYPE_CHECKING:
    from caseworks.base.panels import Duty, Panel
    from caseworks.books.invariants import Invariant
    from caseworks.cases.models import Case, SecondLook
    from caseworks.cases.sources import Announced, Looked, Rejudged, Source
    from caseworks.oversight.lists import ListSpec
    from caseworks.oversight.measures import Alert, Measure
    from caseworks.people.actors import Actor
    from caseworks.people.models import Office, Person

NAME = "dispatch"
LABEL = "劳务派遣"
parameters = Parameters


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from dispatch.exports import write_dispatch

    return {NAME: write_dispatch}


def invariants() -> Mapping[str, Invariant | str]:
    """What the books check of agencies: name → the offending rows."""
    from dispatch.invariants import CHECKS

    return CHECKS


def payment_rivals() -> Iterable[str]:
    """One premium is given back once: as the unit's own refund, or by an agency's application (J2.2)."""
    return ("refunds",)


def payment_obstacles(on: dt.date) -> Source:
    """Agencies that have let the deadline of a host's part pass are paid nothing for now (J2.8)."""
    from dispatch.facts import overdue

    return overdue(on)


def portal_panels(uscc: str, on: dt.date) -> Iterable[Panel]:
    """The card of an agency's own page."""
    from dispatch.matters import panels

    return panels(uscc, on)


def portal_duties(uscc: str, on: dt.date) -> Iterable[Duty]:
    """What an agency must do, until when."""
    from dispatch.matters import duties

    return duties(uscc, on)


def case_source(year: int) -> Source:
    """The applications of which cases are opened."""
    from dispatch.cases import source

    return source(year)


def case_years() -> Iterable[int]:
    """The policy years for which agencies applied."""
    from dispatch.cases import years

    return years()


def case_days(year: int) -> Mapping[str, dt.date]:
    """The day on which each agency applied."""
    from dispatch.cases import days

    return days(year)


def case_bind(year: int) -> int:
    """Tie the applications to the cases just opened."""
    from dispatch.cases import bind

    return bind(year)


def case_payees(year: int) -> Source:
    """The agencies that the cases of a year pay."""
    from dispatch.cases import payees

    return payees(year)


def case_announced() -> Announced:
    """The split that an announcement shows besides name and amount."""
    from dispatch.cases import announced

    return announced()


def case_flags() -> Mapping[str, str]:
    """The words of the flags."""
    from dispatch.cases import flags

    return flags()


def case_panels(case: Case, person: Person, on: dt.date) -> Iterable[Panel]:
    """Cards of a case's page."""
    from dispatch.overview import case_panels

    return case_panels(case, person, on)


def case_rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """What an application is found to be now."""
    from dispatch.cases import rejudge

    return rejudge(case, at)


def use_source(year: int) -> Source:
    """Who was paid of a year and reports on the use of its own money."""
    from dispatch.uses import source

    return source(year)


def dashboard_measures(year: int) -> Iterable[Measure]:
    """What the supervisors' dashboards count."""
    from dispatch.supervising import measures

    return measures(year)


def dashboard_lists() -> Iterable[ListSpec]:
    """The lists behind these figures."""
    from dispatch.supervising import lists

    return lists()


def dashboard_panels(person: Person, office: Office, year: int, on: dt.date) -> Iterable[Panel]:
    """Cards of the dashboard."""
    from dispatch.supervising import panels

    return panels(person, office, year, on)


def dashboard_alerts(person: Person, office: Office, year: int, on: dt.date) -> Iterable[Alert]:
    """What supervisors look at first."""
    from dispatch.supervising import alerts

    return alerts(person, office, year, on)


def second_look(subject: str, year: int, on: dt.date, matter: str) -> Looked | None:
    """How a refused application is judged, for whoever asks for a second look."""
    from dispatch.second_looks import second_look

    return second_look(subject, year, on, matter)


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: dt.datetime) -> Looked:
    """The application judged again on what is known now; taken up anew where people refused it and another says so."""
    from dispatch.second_looks import second_look_again

    return second_look_again(look, again=again, by=by, at=at)


def look_panels(subject: str, year: int, matter: str) -> Iterable[Panel]:
    """The application, for whoever looks a second time."""
    from dispatch.second_looks import look_panels

    return look_panels(subject, year, matter)


def judges(subject: str, year: int, matter: str) -> Collection[int]:
    """Who had a hand in what became of the application."""
    from dispatch.second_looks import judges

    return judges(subject, year, matter)
