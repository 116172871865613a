"""重新核算: what was approved is judged again, on what is known and in force on a later day, by the same `judge()`.

Facts stream out of one snapshot, judgements stream into a temporary table, and one statement compares them with what
stands over all rounds. What is found waits for a person (`differences`); the judgement of round 1 stays. (N2.3, N2.6)
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.side import side_connection
from caseworks.law import policies
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from refunds import assessments, facts, rulebook, standing
from refunds.models import Assessment, Recalculation
from refunds.policy import judge
from refunds.reach import Reach
from refunds.rulebook import Rulebook

KIND = "recalculation"
_STATUS, _LICENCE = facts.COLUMNS.index("status"), facts.COLUMNS.index("dispatch_licence")
# Of units under review nothing is found: their cases are judged again in review. One without a settled fact waits for it.
_COMPARED = """
    CREATE TEMP TABLE compared ON COMMIT DROP AS
    SELECT t.uscc, t.name, t.region, t.unit_type, t.size, t.outcome, t.reasons, t.flags, t.premium, t.layoff_rate,
           t.ratio, t.policy_id, a.policy_id AS policy_before_id, s.office_id, s.city_office_id, s.paid,
           CASE WHEN t.outcome = 'eligible' THEN t.amount ELSE 0 END AS granted, s.low, s.high,
           CASE WHEN s.reviewing THEN 'reviewing' WHEN t.outcome NOT IN ('eligible', 'ineligible') THEN 'undecided'
                WHEN s.paid + s.unpaid = 0 AND NOT s.stopped_before THEN 'nothing'
                WHEN t.outcome = 'eligible' AND t.amount > s.high THEN 'topup'
                WHEN CASE WHEN t.outcome = 'eligible' THEN t.amount ELSE 0 END >= s.low THEN 'same'
                WHEN s.moving THEN 'moving' ELSE 'overpaid' END AS found
    FROM judged_anew t
    JOIN ({standing}) s ON s.uscc = t.uscc
    JOIN refunds_assessment a ON a.year = %(year)s AND a.uscc = t.uscc
"""
_WANTED = """
    CREATE TEMP TABLE wanted ON COMMIT DROP AS
    SELECT c.*, CASE c.found WHEN 'topup' THEN c.high ELSE c.low END AS standing,
           CASE c.found WHEN 'topup' THEN c.granted - c.high ELSE c.low - c.granted END AS difference,
           (SELECT coalesce(jsonb_object_agg(o.key, jsonb_build_array(o.value, n.value)), '{{}}')
            FROM jsonb_each({before}) o JOIN jsonb_each({now}) n USING (key) WHERE o.value IS DISTINCT FROM n.value)
               AS changes
    FROM compared c
    JOIN judged_anew t ON t.uscc = c.uscc
    JOIN refunds_assessment a ON a.year = %(year)s AND a.uscc = c.uscc
    WHERE c.found IN ('topup', 'overpaid') AND NOT EXISTS (
        SELECT FROM refunds_difference d
        WHERE d.year = %(year)s AND d.uscc = c.uscc AND d.status = 'declined' AND d.kind = c.found
          AND d.granted = c.granted AND d.standing = CASE c.found WHEN 'topup' THEN c.high ELSE c.low END)
"""
_LAPSE = """
    UPDATE refunds_difference d SET status = 'lapsed'
    FROM compared c
    WHERE d.year = %(year)s AND d.status = 'proposed' AND d.uscc = c.uscc AND NOT EXISTS (
        SELECT FROM wanted w
        WHERE w.uscc = d.uscc AND w.found = d.kind AND (w.granted, w.standing, w.difference, w.policy_id)
            = (d.granted, d.standing, d.amount, d.policy_id))
"""
_INSERT = """
    INSERT INTO refunds_difference (recalculation_id, year, uscc, name, office_id, city_office_id, kind, status, granted,
        standing, paid, amount, policy_id, policy_before_id, region, unit_type, size, outcome, reasons, flags, premium,
        layoff_rate, ratio, changes, found_at, decided_label, because, recovered, stopped)
    SELECT %(run)s, %(year)s, w.uscc, w.name, w.office_id, w.city_office_id, w.found, 'proposed', w.granted, w.standing,
           w.paid, w.difference, w.policy_id, w.policy_before_id, w.region, w.unit_type, w.size, w.outcome, w.reasons,
           w.flags, w.premium, w.layoff_rate, w.ratio, w.changes, %(at)s, '', '', 0, '{}'
    FROM wanted w
    WHERE NOT EXISTS (SELECT FROM refunds_difference d
                      WHERE d.year = %(year)s AND d.uscc = w.uscc AND d.status = 'proposed')
    ORDER BY w.uscc
"""
_TOTALS = """
    SELECT c.found, count(*), coalesce(sum(abs(c.granted - CASE c.found WHEN 'topup' THEN c.high ELSE c.low END)), 0)
    FROM compared c GROUP BY c.found ORDER BY c.found
"""


def prepare(*, year: int, region: str, as_of: datetime.date, by: Actor, at: datetime.datetime) -> Recalculation:
    """Put a recalculation on record, ready to be carried out; refused at once where it could not be."""
    if not (region.isdigit() or region == "") or len(region) > 6:
        raise Refusal(f"行政区划前缀应为至多 6 位数字：{region}。未作任何更改。")
    office = Office.objects.get(pk=offices.place(region).office_id) if region else offices.root()
    if not by.may("recalculation.run", office, timezone.localdate(at)):
        raise Refusal(f"{by.label} 不能办理{office}范围的重新核算，未作任何更改。请由该机构的经办人员办理。")
    reach = Reach.of(by, region, timezone.localdate(at))
    rulebook.freeze(year=year, region=region, as_of=as_of)
    if not reach.limit(Assessment.objects.of_year(year).filter(case__isnull=False)).exists():
        raise Refusal(f"{year} 年度没有已立件的单位，无需重新核算，未作任何更改。")
    with transaction.atomic():
        place = f"（地区 {region}）" if region else ""
        run = runs.create(KIND, str(year), f"{year} 年度重新核算{place}", by, at)
        return Recalculation.objects.create(run=run, year=year, region=region, offices=reach.offices, as_of=as_of)


def carry_out(found: Recalculation, *, at: datetime.datetime) -> Recalculation:
    """Carry a prepared recalculation to its end; another one of the same year at the same time is refused."""
    with runs.running(found.run) as run, runs.exclusive(f"{KIND}:{found.year}", f"{found.year} 年度的重新核算"):
        facts.refresh_statistics()
        with side_connection() as side, side.cursor():
            reader: psycopg.Connection[Any] = side.connection
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            reader.execute("SET LOCAL jit = off")
            with transaction.atomic():
                run.report(0, None, "正在重新核算")
                compare(found, reader, at=at)
            reader.execute("COMMIT")
        run.summary = {"totals": found.totals}
    return found


def run(year: int, *, on: datetime.date, by: Actor, at: datetime.datetime, region: str = "") -> Recalculation:
    """Prepare a recalculation and carry it out."""
    return carry_out(prepare(year=year, region=region, as_of=on, by=by, at=at), at=at)


def compare(found: Recalculation, reader: psycopg.Connection[Any], *, at: datetime.datetime) -> None:
    """Judge anew over this connection, compare with what stands, and write what differs. In one transaction."""
    year, reach = found.year, found.reach
    rules = rulebook.freeze(year=year, region=found.region, as_of=found.as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE judged_anew ON COMMIT DROP AS"
            f" SELECT {', '.join(assessments.STORED)} FROM refunds_assessment WITH NO DATA"
        )
        lines = judged(reader, rules, year, reach)
        # over one connection nothing streams out while something streams in
        assessments.copy_into("judged_anew", list(lines) if reader is connection.connection else lines)
        cursor.execute("ANALYZE judged_anew (uscc)")
        given: dict[str, Any] = {"year": year, "run": found.pk, "at": at}
        cursor.execute(_COMPARED.format(standing=standing.sql()), given)
        cursor.execute(_WANTED.format(before=assessments.as_json("a"), now=assessments.as_json("t")), given)
        cursor.execute(_LAPSE, given)
        cursor.execute(_INSERT, given)
        cursor.execute(_TOTALS)
        found.totals = {kind: {"units": units, "amount": str(amount)} for kind, units, amount in cursor.fetchall()}
        cursor.execute("DROP TABLE judged_anew, compared, wanted")
    found.save(update_fields=["totals"])


def judged(reader: psycopg.Connection[Any], rules: Rulebook, year: int, reach: Reach) -> Iterator[str]:
    """Everything that was approved, judged anew: lists as of the day of the first judgement, policy as of now.

    What a unit is today (deregistered since, a dispatch licence since) is no correction of what it was: decision 0070.
    """
    base = {"assessed": year, **reach.parameters}
    for day, then in _days(reader, year, reach).items():
        dated = replace(rules, question=replace(rules.question, as_of=day))
        chosen = (
            "EXISTS (SELECT FROM refunds_assessment a WHERE a.year = %(assessed)s AND a.uscc = u.uscc"
            f" AND a.case_id IS NOT NULL AND a.judged_on = %(day)s AND {reach.sql('a')})"
        )
        lines = facts.copied(reader, dated.question, chosen, {**base, "day": day})
        yield from assessments.judged(as_they_were(lines, then), dated, assessments.Cause(year, timezone.now()))


def _days(reader: psycopg.Connection[Any], year: int, reach: Reach) -> dict[datetime.date, dict[str, tuple[str, str]]]:
    """The days of the first judgements, each with the units that were something else then: status and licence."""
    rows = reader.execute(
        f"""SELECT a.judged_on, CASE WHEN (a.status, a.dispatch_licence) IS DISTINCT FROM (u.status, u.dispatch_licence)
                THEN a.uscc END AS other, max(a.status), max(a.dispatch_licence)
            FROM refunds_assessment a LEFT JOIN registry_unit u ON u.uscc = a.uscc
            WHERE a.year = %(assessed)s AND a.case_id IS NOT NULL AND {reach.sql("a")} GROUP BY 1, 2 ORDER BY 1, 2""",
        {"assessed": year, **reach.parameters},
    ).fetchall()
    found: dict[datetime.date, dict[str, tuple[str, str]]] = {}
    for day, uscc, status, licence in rows:
        found.setdefault(day, {})
        if uscc is not None:
            found[day][uscc] = (status, licence)
    return found


def as_they_were(lines: Iterable[str], then: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The lines of facts, with the status and licence at the first judgement where a unit has others today."""
    for line in lines:
        before = then.get(line[: line.index("\t")])
        if before is None:
            yield line
            continue
        fields = line.split("\t")
        fields[_STATUS], fields[_LICENCE] = before[0], before[1].replace("\\", "\\\\")
        yield "\t".join(fields)


def of_unit(uscc: str, year: int, on: datetime.date) -> dict[str, Any]:
    """One unit judged anew, by the names of a judgement's columns; Refusal where it is not known any more."""
    row = Assessment.objects.get(year=year, uscc=uscc)
    policy = policies.for_screening(rulebook.SCHEME, year, row.region, on)
    rules = rulebook.of_policy(policy, row.judged_on)
    found = facts.of_units(rules.question, [uscc])
    if not found:
        raise Refusal(f"{row.name}已不在参保登记中，无从重新核定，未作任何更改。")
    known = found[0].facts._replace(status=row.status, dispatch_licence=row.dispatch_licence)
    judgement = judge(known, rules.parameters[policy.pk])
    return {
        **known._asdict(),
        **judgement._asdict(),
        "reasons": judgement.codes,
        "flags": list(judgement.flags),
        "policy": policy,
    }
