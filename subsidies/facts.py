"""The facts of contract section 4, gathered by one query for a file of claims or for one at the counter.

The claims asked about are a relation `asked (ord, line, id_hash, id_no, cert_no, applied_on)`; what comes out stands in
the order in which claims are taken, person by person, so that each is judged after what the person was granted before.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Max

from caseworks.base.errors import Refusal
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.people.models import Office
from caseworks.people.offices import OFFICE_OF_REGION
from caseworks.registry.models import TrainingSubsidy
from subsidies.parameters import Parameters
from subsidies.policy import Facts, Grant, Training

SCHEME = "subsidies"

# What a claim carries into its row as it is, in the order of the query.
CARRIED = (
    "line", "id_hash", "id_no", "name", "region", "office_id", "city_office_id", "policy_id", "cert_no", "applied_on",
    "issued_on", "level", "occupation_code", "occupation", "cert_type", "issuer", "insured_months", "service",
)  # fmt: skip
# Behind them: what the person has, as JSON; blank where there is nothing.
HISTORY = ("grants", "trainings", "rounds")


def _month(period: str) -> str:
    """A period as a number of months, so that ranges of them can be added up."""
    return f"(left({period}, 4)::int * 12 + right({period}, 2)::int)"


_SQL = f"""
WITH claimant AS MATERIALIZED (
    SELECT a.*, w.id AS worker_id, coalesce(w.name, '') AS name, coalesce(w.region, '') AS region
    FROM {{asked}} a LEFT JOIN registry_worker w ON w.id_hash = a.id_hash
), {{office_of_region}}, home AS MATERIALIZED (
    SELECT coalesce((SELECT r.prefix FROM people_officeregion r JOIN people_office o ON o.id = r.office_id
                     WHERE o.level = 'province' ORDER BY r.prefix LIMIT 1), '') AS prefix
), rule AS MATERIALIZED (
    SELECT * FROM unnest(%(policies)s::bigint[], %(regions)s::text[], %(begins)s::date[], %(types)s::text[],
                         %(lags)s::int[]) AS r(policy_id, region, begins, types, lag)
), placed AS MATERIALIZED (
    SELECT d.region, d.applied_on, r.policy_id, string_to_array(r.types, ';') AS types,
           to_char(d.applied_on, 'YYYY-MM') AS last_month,
           to_char(d.applied_on - make_interval(months => r.lag), 'YYYY-MM') AS first_month
    FROM (SELECT DISTINCT region, applied_on FROM claimant) d CROSS JOIN home h
    LEFT JOIN LATERAL (
        SELECT * FROM rule r
        WHERE (starts_with(d.region, r.region) OR (d.region = '' AND starts_with(h.prefix, r.region)))
          AND r.begins <= greatest(d.applied_on, %(first_day)s::date)
        ORDER BY starts_with(d.region, r.region) DESC, length(r.region) DESC, r.begins DESC LIMIT 1) r ON true
), person AS MATERIALIZED (
    SELECT DISTINCT id_hash FROM claimant
), trained AS MATERIALIZED (
    SELECT t.id_hash, json_agg(json_build_array(t.occupation_code, t.level, t.paid_on)
                               ORDER BY t.paid_on, t.level)::text AS trainings
    FROM person p JOIN registry_trainingsubsidy t ON t.id_hash = p.id_hash GROUP BY t.id_hash
), before AS MATERIALIZED (
    SELECT g.id_hash, (json_agg(json_build_array(g.occupation_code, g.level, g.applied_on, g.in_shortage, g.slot)
                                ORDER BY g.id) FILTER (WHERE g.held))::text AS grants,
           max(g.round) FILTER (WHERE g.year = %(year)s) AS rounds
    FROM person p JOIN subsidies_claim g ON g.id_hash = p.id_hash
    WHERE %(before)s::bigint IS NULL OR g.id < %(before)s::bigint GROUP BY g.id_hash
)
SELECT a.line, a.id_hash, a.id_no, a.name, a.region,
       CASE WHEN a.worker_id IS NULL THEN coalesce(%(office)s::bigint, o.office_id) ELSE o.office_id END AS office_id,
       CASE WHEN a.worker_id IS NULL THEN coalesce(%(city_office)s::bigint, o.city_office_id) ELSE o.city_office_id END
           AS city_office_id,
       d.policy_id, a.cert_no, a.applied_on, c.issued_on, c.level, coalesce(c.occupation_code, '') AS occupation_code,
       coalesce(c.occupation, '') AS occupation, coalesce(c.cert_type, '') AS cert_type,
       coalesce(c.issuer, '') AS issuer,
       coalesce((SELECT sum(upper(span) - lower(span)) FROM unnest(i.months) AS span), 0) AS insured_months,
       CASE WHEN i.at_work THEN 'enterprise' WHEN EXISTS (
           SELECT FROM registry_benefitspell b WHERE b.id_hash = a.id_hash
             AND b.period_from <= d.last_month AND b.period_to >= d.first_month) THEN 'benefit'
       ELSE '' END AS service,
       coalesce(h.grants, '') AS grants, coalesce(t.trainings, '') AS trainings, coalesce(h.rounds, 0) AS rounds
FROM claimant a
JOIN office_of_region o ON o.region = a.region
JOIN placed d ON d.region = a.region AND d.applied_on = a.applied_on
LEFT JOIN registry_certificate c ON c.cert_no = a.cert_no AND c.id_hash = a.id_hash
LEFT JOIN trained t ON t.id_hash = a.id_hash
LEFT JOIN before h ON h.id_hash = a.id_hash
LEFT JOIN LATERAL (
    SELECT range_agg(int4range({_month("s.period_from")},
               {_month("least(s.period_to, to_char(c.issued_on, 'YYYY-MM'))")}, '[]'))
               FILTER (WHERE s.period_from <= to_char(c.issued_on, 'YYYY-MM')) AS months,
           bool_or(u.unit_type = ANY(d.types))
               FILTER (WHERE s.period_from <= d.last_month AND s.period_to >= d.first_month) AS at_work
    FROM registry_workerinsurance s LEFT JOIN registry_unit u ON u.uscc = s.uscc
    WHERE s.id_hash = a.id_hash) i ON true
ORDER BY a.id_hash, a.applied_on, a.ord
"""
# What a signature under a claim's case holds for, and the key by which the case names the person (of a claim `c`).
SHOWN = (
    "id", "cert_no", "applied_on", "name", "region", "issued_on", "level", "occupation_code", "occupation", "issuer",
    "insured_months", "service", "granted_same_on", "granted_higher", "granted_higher_on", "training_same_on",
    "training_higher", "training_higher_on", "granted_in_year", "outcome", "reasons", "amount",
)  # fmt: skip
FINGERPRINT = "sha256(convert_to(json_build_array('subsidies', {shown})::text, 'UTF8'))".format(
    shown=", ".join(f"c.{name}" for name in SHOWN)
)
SUBJECT = "encode(c.id_hash, 'hex')"
# One claim as the relation that is asked about.
ONE = """(SELECT 1::bigint AS ord, NULL::bigint AS line, %(id_hash)s::bytea AS id_hash, %(id_no)s::bytea AS id_no,
          %(cert_no)s::text AS cert_no, %(applied_on)s::date AS applied_on)"""
# Several claims, given as arrays; `line` is their place.
SOME = """(SELECT w.ord, w.ord AS line, w.id_hash, ''::bytea AS id_no, w.cert_no, w.applied_on
           FROM unnest(%(hashes)s::bytea[], %(numbers)s::text[], %(days)s::date[])
                WITH ORDINALITY AS w(id_hash, cert_no, applied_on, ord))"""


@dataclass(frozen=True)
class Rulebook:
    """The policy rows of a year, each with its typed figures and its last day."""

    year: int
    rows: Mapping[int, Policy]
    parameters: Mapping[int, Parameters]

    @property
    def params(self) -> dict[str, Any]:
        """What the query is told of them."""
        rows = sorted(self.rows.values(), key=lambda row: row.pk)
        return {
            "policies": [row.pk for row in rows],
            "regions": [row.region for row in rows],
            "begins": [row.effective_from for row in rows],
            "types": [";".join(self.parameters[row.pk].service_types) for row in rows],
            "lags": [self.parameters[row.pk].service_lag for row in rows],
            "first_day": datetime.date(self.year, 1, 1),
            "year": self.year,
            "before": None,
        }


def rulebook(year: int) -> Rulebook:
    """The rows in force of a year; Refusal where there is none."""
    rows = {row.pk: row for row in Policy.objects.in_force().of(SCHEME, year).prefetch_related("figures")}
    if not rows:
        policies.for_screening(SCHEME, year, "", datetime.date(year, 12, 31))
    return Rulebook(year, rows, {pk: typed(row) for pk, row in rows.items()})


def typed(policy: Policy) -> Parameters:
    """The figures of a row."""
    found = policies.parameters(policy)
    assert isinstance(found, Parameters)
    return found


def sql(asked: str) -> str:
    """The query over the relation of claims that are asked about."""
    return _SQL.format(asked=asked, office_of_region=OFFICE_OF_REGION.format(source="claimant"))


def parameters(rules: Rulebook, office: Office | None) -> dict[str, Any]:
    """What the query is given; a person whom nobody knows belongs to the office that takes the claim.

    Somebody without a region is judged by the nation's row, and by the province's where there is none (decision 0090).
    """
    return rules.params | {
        "office": office.pk if office else None,
        "city_office": office.city_or_self_id if office else None,
    }


def training_seen() -> int:
    """The number of the latest training subsidy that is known: what is imported later is later than the claim. (J3.2)"""
    return TrainingSubsidy.objects.aggregate(last=Max("pk"))["last"] or 0


class Known(NamedTuple):
    """What the query tells of one claim, before the person's history is held against it."""

    id_hash: str
    region: str
    policy_id: int
    facts: Facts
    grants: list[Grant]
    trainings: list[Training]
    rounds: int  # claims of the person that were granted in the policy year


def read(fields: list[str]) -> Known:
    """One line of the query as COPY's text, split."""
    policy = fields[7]
    if policy == "\\N":
        applied = datetime.date.fromisoformat(fields[9])
        raise Refusal(
            f"缺少生效的政策：地区 {fields[4] or '（未填）'}，{applied} 或之前施行。未作任何更改。请主管在“管理－政策”中起草，"
            "并由另一人生效。"
        )
    day = datetime.date.fromisoformat
    issued, level = fields[10], fields[11]
    grants, trainings = fields[18], fields[19]
    return Known(
        fields[1],
        fields[4],
        int(policy),
        Facts(
            day(fields[9]), None if issued == "\\N" else day(issued), 0 if level == "\\N" else int(level),
            plain(fields[12]), int(fields[16]), fields[17], None, 0, None, None, 0, None, 0, 0,
        ),
        [Grant(code, of, day(on), short, nth) for code, of, on, short, nth in json.loads(plain(grants))]
        if grants
        else [],
        [Training(code, of, day(on)) for code, of, on in json.loads(plain(trainings))] if trainings else [],
        int(fields[20]),
    )  # fmt: skip


_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def plain(text: str) -> str:
    """A field of COPY's text as it was stored; almost none carries an escape."""
    if "\\" not in text:
        return text
    out, letters = [], iter(text)
    for letter in letters:
        escaped = next(letters, "") if letter == "\\" else letter
        out.append(_ESCAPES.get(escaped, escaped) if letter == "\\" else letter)
    return "".join(out)
