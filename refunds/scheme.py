"""稳岗返还, as the kernel knows it (settings.SCHEMES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from refunds.parameters import Parameters

if TYPE_CHECKING:
    from caseworks.base.panels import Offer, Panel, Waiting
    from caseworks.books.invariants import Invariant
    from caseworks.cases.models import Case, SecondLook
    from caseworks.cases.sources import Announced, Looked, Rejudged, Source
    from caseworks.law.models import Policy
    from caseworks.oversight.measures import Measure
    from caseworks.oversight.trials import Tell, Trial
    from caseworks.people.actors import Actor
    from caseworks.people.models import Person
    from caseworks.registry.models import Unit

NAME = "refunds"
LABEL = "稳岗返还"
parameters = Parameters
SECOND_LOOKS_IN_PUBLIC = True


def exports() -> Mapping[str, Callable[[int, Path], int]]:
    """The kinds of results that `export_results` can write: kind → writer of a year's file, telling its rows."""
    from refunds.exports import write_refunds

    return {NAME: write_refunds}


def invariants() -> Mapping[str, Invariant]:
    """What the books check of the refund."""
    from refunds.invariants import CHECKS

    return CHECKS


def case_source(year: int) -> Source:
    """The judgements of which cases are opened."""
    from refunds.cases import source

    return source(year)


def case_years() -> Iterable[int]:
    """The policy years that were screened."""
    from refunds.cases import years

    return years()


def case_days(year: int) -> Mapping[str, dt.date]:
    """The day on which each subject of a year was judged."""
    from refunds.days import case_days

    return case_days(year)


def case_bind(year: int) -> int:
    """Tie the judgements to the cases just opened."""
    from refunds.cases import bind

    return bind(year)


def case_payees(year: int) -> Source:
    """Whom the cases of a year pay, by the judgement they stand on."""
    from refunds.payees import payees

    return payees(year)


def case_changed(ids: Iterable[int]) -> Mapping[int, str]:
    """Cases that would be judged differently now, and in what."""
    from refunds.drift import changed

    return changed(ids)


def case_announced() -> Announced:
    """What an announcement shows besides name and amount."""
    from refunds.cases import announced

    return announced()


def case_flags() -> Mapping[str, str]:
    """The words of the flags."""
    from refunds.cases import flags

    return flags()


def case_panels(case: Case, person: Person, on: dt.date) -> Iterable[Panel]:
    """Cards of a case's page."""
    from refunds.cases import panels

    return panels(case, person, on)


def case_figures(case: Case) -> Iterable[tuple[str, str]]:
    """How a case was judged, for its sheet."""
    from refunds.cases import figures

    return figures(case)


def case_rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """What a case is judged to be now."""
    from refunds.cases import rejudge

    return rejudge(case, at)


def payment_rivals() -> Iterable[str]:
    """One premium is given back once: as the unit's own refund, or by an agency's application (J2.2)."""
    return ("dispatch",)


def second_look(subject: str, year: int, on: dt.date, matter: str) -> Looked | None:
    """How a unit is judged, for one that asks for a second look."""
    from refunds.second_looks import second_look

    return second_look(subject, year, on, matter)


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: dt.datetime) -> Looked:
    """The unit judged again on what is known now."""
    from refunds.second_looks import second_look_again

    return second_look_again(look, again=again, by=by, at=at)


def look_panels(subject: str, year: int, matter: str) -> Iterable[Panel]:
    """The judgement of a unit, for whoever looks a second time."""
    from refunds.second_looks import look_panels

    return look_panels(subject, year, matter)


def judges(subject: str, year: int, matter: str) -> Collection[int]:
    """Who had a hand in a unit's judgement."""
    from refunds.second_looks import judges

    return judges(subject, year, matter)


def payment_obstacles(on: dt.date) -> Source:
    """A unit that another took over is not paid itself."""
    from refunds.successions import obstacles

    return obstacles(on)


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


def portal_panels(uscc: str, on: dt.date) -> Iterable[Panel]:
    """Cards of an enterprise's own page."""
    from refunds.portal import panels

    return panels(uscc, on)


def dashboard_measures(year: int) -> Iterable[Measure]:
    """What the supervisors' dashboards count of the refund."""
    from refunds.measures import measures

    return measures(year)


def policy_trial(policy: Policy, before: Policy, on: dt.date, tell: Tell) -> Trial:
    """What a policy row would change against the one before it."""
    from refunds.trial import trial

    return trial(policy, before, on, tell)


def case_papers(case: Case, person: Person, on: dt.date) -> Iterable[Offer]:
    """Papers that may be written for a case now."""
    from refunds.decisions import offers

    return offers(case, person, on)


def use_source(year: int) -> Source:
    """Who was paid of a year and reports on the use of its own money."""
    from refunds.uses import source

    return source(year)
