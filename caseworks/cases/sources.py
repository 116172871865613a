"""What a scheme tells the kernel about its cases, found by the scheme's name (settings.SCHEMES).

A scheme's module may define

- `case_source(year) -> Source`: the rows of which cases are opened,
- `case_years() -> Iterable[int]`: the policy years that have such rows, the newest first,
- `case_days(year)`: the day of each judgement by subject, or by subject and round; rehearsals review on it,
- `case_bind(year) -> int`: ties the scheme's own rows to the cases just opened, telling how many,
- `case_flags() -> Mapping[str, str]`: its flags and their words,
- `case_panels(case, person, on) -> Iterable[Panel]`: cards of a case's page,
- `case_figures(case) -> Iterable[tuple[str, str]]`: how it was judged, a name and a value each, for its sheet,
- `case_rejudge(case, at) -> Rejudged`: judges the subject of one case again, on what is known now,
- `case_changed(ids) -> Mapping[int, str]`: those of these cases that would be judged differently now, and what differs,
- `case_announced() -> Announced`: what an announcement shows of a case besides its name and amount,
- `payment_rivals() -> Iterable[str]`: schemes that pay for the same: who is paid by one of them in a year is not by this,
- `second_look(subject, year, on, matter) -> Looked | None`: how a subject is judged, for one who asks for a second look;
  `matter` is the scheme's own number of what was refused (a claim, an application), blank where it is to be found,
- `second_look_again(look, again, by, at) -> Looked`: judges it again on what is known now; with `again`, what people
  refused in review is taken up anew,
- `look_panels(subject, year, matter) -> Iterable[Panel]`: cards with its judgement for whoever looks,
- `judges(subject, year, matter) -> Collection[int]`: the persons who had a hand in its judgement,
- `SECOND_LOOKS_OF_PERSONS`: its subjects are people, who ask at the counter or on their own pages,
- `SECOND_LOOKS_IN_PUBLIC`: anybody may ask by the public form, since who asks tells nothing by it,
- `payment_obstacles(on) -> Source | None`: units and persons that may be paid nothing for now, of whatever scheme.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from django.conf import settings

from caseworks.base.errors import Refusal

if TYPE_CHECKING:
    from datetime import date, datetime

    from caseworks.base.panels import Panel
    from caseworks.cases.models import Case, SecondLook
    from caseworks.people.actors import Actor
    from caseworks.people.models import Person


@dataclass(frozen=True)
class Source:
    """SQL with named parameters of the rows that become cases, one a subject.

    It gives subject, name, office_id, city_office_id, amount, fingerprint (bytea), flags (text[]), sample_share
    (0 to 1) and amount_band (null: none); with `rounds` also round, the number of the case among those of its subject
    and year (a top-up, a further claim), and then one row a subject and round. Of payees, `persons` says that they are
    people, paid to the account of their social-security card.
    """

    select: str
    params: Mapping[str, Any]
    rounds: bool = False
    persons: bool = False

    def in_rounds(self, otherwise: str = "1") -> str:
        """The select with its column `round`, given or the same for all; NULL stands for every round."""
        return self.select if self.rounds else f"SELECT given.*, {otherwise}::int AS round FROM ({self.select}) given"


@dataclass(frozen=True)
class Rejudged:
    """What a subject is judged to be now; `payable` is false where it gets nothing any more."""

    name: str
    amount: Decimal
    fingerprint: bytes
    flags: tuple[str, ...]
    further: bool
    payable: bool
    words: str


@dataclass(frozen=True)
class Announced:
    """The whitelist of an announcement: the columns besides name and amount, and SQL that gives them as text.

    The SQL gives `case_id` and a column for each key, for the cases of %(ids)s; nothing that is not listed is shown.
    A list of `persons` shows masked names, and has neither a search by name nor a download for the public.
    """

    columns: Mapping[str, str]
    select: str
    persons: bool = False


@dataclass(frozen=True)
class Looked:
    """How a subject is judged: outcome and words, reasons as codes and as sentences with their numbers.

    `source` says on what it stands, `next` what follows from it; `case` is the number of the case in review, if any.
    `matter` is the scheme's own number of what was refused, and `subject` whose it is; `by_people` where people refused it in review, and not the
    rules: whether it is taken up again is then for people to say, too.
    """

    name: str
    office_id: int
    city_office_id: int
    outcome: str
    label: str
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]
    amount: Decimal
    payable: bool
    source: str
    next: str
    case: int | None = None
    subject: str = ""
    matter: str = ""
    by_people: bool = False


def scheme_module(scheme: str) -> ModuleType:
    """The module of a scheme; Refusal where it has no cases."""
    for path in settings.SCHEMES:
        module = import_module(path)
        if scheme == module.NAME and hasattr(module, "case_source"):
            return module
    raise Refusal(f"“{scheme}”没有可立件的业务，未作任何更改。")


def with_cases() -> list[tuple[str, str]]:
    """The schemes that have cases, with their words."""
    modules = [import_module(path) for path in settings.SCHEMES]
    return [(module.NAME, module.LABEL) for module in modules if hasattr(module, "case_source")]


def flag_words(scheme: str) -> Mapping[str, str]:
    """The words of a scheme's flags."""
    return scheme_module(scheme).case_flags()


def years(scheme: str) -> list[int]:
    """The policy years of which cases may be opened, the newest first."""
    return list(scheme_module(scheme).case_years())


def panels(case: Case, person: Person, on: date) -> Iterable[Panel]:
    """The cards that a scheme shows on the page of a case."""
    return scheme_module(case.scheme).case_panels(case, person, on)


def rivals(scheme: str) -> list[str]:
    """The schemes that pay for the same as this one."""
    found = getattr(scheme_module(scheme), "payment_rivals", None)
    return sorted(found()) if found else []


def figures(case: Case) -> Iterable[tuple[str, str]]:
    """How a case was judged, for its sheet; nothing where its scheme does not say."""
    found = getattr(scheme_module(case.scheme), "case_figures", None)
    return found(case) if found else ()


def obstacles(on: date) -> list[Source]:
    """What keeps a subject from being paid, whatever the scheme: SQL of (subject, reason), from all schemes (N6.5)."""
    found = [getattr(import_module(path), "payment_obstacles", None) for path in settings.SCHEMES]
    return [source for ask in found if ask is not None and (source := ask(on)) is not None]


def changed(scheme: str, ids: Iterable[int]) -> Mapping[int, str]:
    """Those of these cases that would be judged differently now, and in what; none where the scheme does not say."""
    found = getattr(scheme_module(scheme), "case_changed", None)
    return found(ids) if found else {}


def announced(scheme: str) -> Announced:
    """What an announcement of a scheme shows; nothing but name and amount where the scheme does not say."""
    found = getattr(scheme_module(scheme), "case_announced", None)
    return found() if found else Announced({}, "SELECT NULL::bigint AS case_id")


def second_look(scheme: str, subject: str, year: int, on: date, matter: str = "") -> Looked | None:
    """How a subject is judged by its scheme; None where it is not known."""
    return _looking(scheme).second_look(subject, year, on, matter)


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: datetime) -> Looked:
    """What is asked about judged again on what is known now, and its judgement kept where it is in no review."""
    return _looking(look.scheme).second_look_again(look, again=again, by=by, at=at)


def judges(look: SecondLook) -> Collection[int]:
    """The persons who had a hand in the judgement that is asked about."""
    return _looking(look.scheme).judges(look.subject, look.year, look.matter)


def look_panels(look: SecondLook) -> list[Panel]:
    """The cards with the judgement that is asked about, for whoever looks a second time."""
    return list(_looking(look.scheme).look_panels(look.subject, look.year, look.matter))


def looking_again(who: str = "staff") -> list[tuple[str, str]]:
    """The schemes that look a second time, with their words: all for `staff`, those of units for a `unit`, some in `public`."""
    found = [import_module(path) for path in settings.SCHEMES]
    found = [module for module in found if hasattr(module, "second_look")]
    if who == "unit":
        found = [module for module in found if not getattr(module, "SECOND_LOOKS_OF_PERSONS", False)]
    elif who == "public":
        found = [module for module in found if getattr(module, "SECOND_LOOKS_IN_PUBLIC", False)]
    return [(module.NAME, module.LABEL) for module in found]


def looks_at_persons(scheme: str) -> bool:
    """Whether the subjects of a scheme are people."""
    return bool(getattr(scheme_module(scheme), "SECOND_LOOKS_OF_PERSONS", False))


def _looking(scheme: str) -> ModuleType:
    module = scheme_module(scheme)
    if not hasattr(module, "second_look"):
        raise Refusal(f"“{module.LABEL}”没有复核申请，未作任何更改。")
    return module
