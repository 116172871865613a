"""The screening (免申即享, N5.1): every unit of a region is judged on what has been imported, without any application.

Facts are read in one snapshot over a connection of its own, judged as they stream, and written a city at a time, each
in one transaction. A run that was killed leaves whole cities behind; the next finds them and writes what is missing.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.ahead import ahead
from caseworks.base.errors import Refusal
from caseworks.base.models import RunState
from caseworks.base.side import side_connection
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.registry.models import Unit
from refunds import assessments, explain, facts, freshness, rulebook, summaries
from refunds.models import Assessment, ScreeningRun
from refunds.parameters import Parameters
from refunds.policy import Judgement, judge
from refunds.reach import Reach
from refunds.rulebook import Rulebook

KIND = "screening"


def prepare(*, year: int, region: str, as_of: datetime.date, by: Actor, at: datetime.datetime) -> ScreeningRun:
    """Put a screening on record, ready to be carried out; refused at once where it could not be."""
    if not (region.isdigit() or region == "") or len(region) > 6:
        raise Refusal(f"行政区划前缀应为至多 6 位数字：{region}。未作任何更改。")
    reach = _reach(by, region, at)
    rules = rulebook.freeze(year=year, region=region, as_of=as_of)
    freshness.require(rules.question.premium_year, reach)
    with transaction.atomic():
        place = f"（地区 {region}）" if region else ""
        run = runs.create(KIND, str(year), f"{year} 年度稳岗返还筛查{place}", by, at)
        return ScreeningRun.objects.create(
            run=run, year=year, region=region, offices=reach.offices, as_of=as_of, policy=rules.policies[0],
            previous=_previous(year, reach),
        )  # fmt: skip


def carry_out(screening: ScreeningRun, *, at: datetime.datetime) -> ScreeningRun:
    """Carry a prepared screening to its end; another one of the same year at the same time is refused."""
    name = f"{KIND}:{screening.year}"
    with runs.running(screening.run) as run, runs.exclusive(name, f"{screening.year} 年度的筛查"):
        if run.person is not None:  # in the background, maybe later: what the person may reach by then
            screening.offices = _reach(Actor.of_person(run.person), screening.region, at).offices
        rules = rulebook.freeze(year=screening.year, region=screening.region, as_of=screening.as_of)
        stands_on = freshness.guard(rules.question.premium_year, screening.reach)
        screening.policy = rules.policies[0]
        screening.policies = {str(row.pk): row.region for row in rules.policies}
        screening.previous = _previous(screening.year, screening.reach)
        screening.freshness = stands_on.as_json()
        screening.save()
        screening.written = asdict(_judge_all(screening, rules, at))
        if rules.used:  # a wider row beside that of every unit's region was ready, and served nobody
            screening.policy = rules.used[0]
            screening.policies = {str(row.pk): row.region for row in rules.used}
        screening.totals = summaries.totals(of_run(screening))
        screening.save()
        run.summary = {"totals": screening.totals, "written": screening.written, "warnings": stands_on.warnings}
    return screening


def run(year: int, region: str, as_of: datetime.date, actor: Actor, at: datetime.datetime) -> ScreeningRun:
    """Prepare a screening and carry it out."""
    return carry_out(prepare(year=year, region=region, as_of=as_of, by=actor, at=at), at=at)


def of_run(screening: ScreeningRun) -> Any:
    """The stored judgements of a screening's year, of the units that it reaches."""
    return screening.reach.limit(Assessment.objects.of_year(screening.year))


def _reach(by: Actor, region: str, at: datetime.datetime) -> Reach:
    """What a screening of the region by somebody reaches; Refusal where it is not theirs to screen."""
    on = timezone.localdate(at)
    office = Office.objects.get(pk=offices.place(region).office_id) if region else offices.root()
    if not by.may("screening.run", office, on):
        raise Refusal(f"{by.label} 不能办理{office}范围的筛查，未作任何更改。请由该机构的经办人员办理。")
    return Reach.of(by, region, on)


def _previous(year: int, reach: Reach) -> ScreeningRun | None:
    """The last finished screening of the year that reached the same units, or some of them."""
    done = ScreeningRun.objects.filter(year=year, run__state=RunState.DONE).order_by("-pk")
    return next((row for row in done if row.reach.meets(reach)), None)


# -- one unit, for its page


@dataclass(frozen=True)
class Live:
    """A unit judged on what is known now; nothing of it is stored."""

    found: facts.Found
    policy: Policy
    parameters: Parameters
    judgement: Judgement

    @property
    def lines(self) -> list[explain.Line]:
        """Every rule with its numbers."""
        return explain.trace(self.found.facts, self.parameters)

    @property
    def sentences(self) -> list[str]:
        """The reasons in words."""
        return explain.sentences(self.judgement, self.parameters)


def judge_live(uscc: str, year: int, as_of: datetime.date) -> Live | None:
    """Judge one unit by the same rules and the same query; None where the unit is not known."""
    unit = Unit.objects.filter(uscc=uscc).values_list("region").first()
    if unit is None:
        return None
    policy = policies.for_screening(rulebook.SCHEME, year, unit[0], as_of)
    rules = rulebook.of_policy(policy, as_of)
    found = facts.of_units(rules.question, [uscc])[0]
    parameters = rules.parameters[policy.pk]
    return Live(found, policy, parameters, judge(found.facts, parameters))


# -- the work


def _report(screening: ScreeningRun, before: int, total: int, place: str, rows: int) -> None:
    screening.run.report(before + rows, total, place)


def _judge_all(screening: ScreeningRun, rules: Rulebook, at: datetime.datetime) -> assessments.Written:
    facts.refresh_statistics()
    written = assessments.Written()
    cause = assessments.Cause(screening.year, at, screening_id=screening.pk, first=screening.previous is None)
    reach = screening.reach
    with side_connection() as side, side.cursor():
        reader: psycopg.Connection[Any] = side.connection
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        reader.execute("SET LOCAL jit = off")
        cities = _cities(reader, reach)
        total, done = sum(units for _, _, units in cities), 0
        # In the snapshot a unit has one city: where the year begins empty, no city meets a row of another.
        empty = assessments.is_empty(screening.year)
        stored_before = not empty
        chosen = f"u.city_office_id = %(city)s AND {reach.sql('u')}"
        sources = [
            partial(facts.copied, reader, rules.question, chosen, reach.parameters | {"city": city_id})
            for city_id, _, _ in cities
        ]
        with ahead(sources) as parts:
            for (city_id, name, units), lines in zip(cities, parts, strict=False):
                tell = partial(_report, screening, done, total, f"正在筛查：{name}")
                tell(0)
                with transaction.atomic():
                    _without_waiting()
                    fresh = empty or assessments.is_fresh(screening.year, city_id)
                    stored_before = stored_before or not fresh
                    judged = assessments.judged(lines, rules, cause)
                    written.add(assessments.write(judged, cause, fresh=fresh, tell=tell))
                done += units
        if stored_before or screening.previous is not None:
            _follow(screening, rules, cause, reader, written)
        _report(screening, done, total, "正在汇总", 0)
        reader.execute("COMMIT")
    return written


def _without_waiting() -> None:
    """A city's commit need not reach the disk by itself: the run's end, written after it, takes the log there first."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _cities(reader: psycopg.Connection[Any], reach: Reach) -> list[tuple[int, str, int]]:
    """The city offices that have units within reach, each with the number of these."""
    return list(
        reader.execute(
            f"""SELECT u.city_office_id, o.name, u.units FROM (
                SELECT city_office_id, count(*) AS units FROM registry_unit r WHERE {reach.sql("r")}
                GROUP BY city_office_id) u
            JOIN people_office o ON o.id = u.city_office_id ORDER BY o.code""",
            reach.parameters,
        ).fetchall()
    )


def _follow(
    screening: ScreeningRun,
    rules: Rulebook,
    cause: assessments.Cause,
    reader: psycopg.Connection[Any],
    written: assessments.Written,
) -> None:
    """Units that left the region are judged where they are now; those in no file any more lose their judgement."""
    moved, gone = assessments.elsewhere(screening.year, screening.reach)
    with transaction.atomic():
        if moved:
            everywhere = rulebook.freeze(year=screening.year, region="", as_of=screening.as_of)
            lines = facts.copied(reader, rules.question, "u.uscc = ANY(%(usccs)s)", {"usccs": moved}, one=True)
            judged = assessments.judged(lines, everywhere, cause)
            written.add(assessments.write(judged, cause, fresh=False))
        if gone:
            written.gone += assessments.remove(gone, cause)
