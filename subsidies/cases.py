"""The claims' cases: which claims become cases, and what a case is judged to be now (`caseworks.cases.sources`).

A case is one claim; several claims of a person in a year are rounds of the same subject. The fingerprint of a case is
taken over all that its judgement shows; a signature holds for that and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from caseworks.base.panels import Panel
from caseworks.base.subjects import person_key
from caseworks.cases.models import Case
from caseworks.cases.sources import Announced, Rejudged, Source
from caseworks.law.models import Policy
from caseworks.people.models import Person
from subsidies import claims, explain, signs
from subsidies.enums import Outcome, Sign
from subsidies.facts import FINGERPRINT, SUBJECT, typed
from subsidies.models import Claim

# Granted claims whose slot stands and that have no case yet (contract 4).
_GRANTED = f"""
    SELECT {SUBJECT} AS subject, c.round::int AS round, c.name, c.office_id, c.city_office_id, c.amount,
           {FINGERPRINT} AS fingerprint, {signs.FLAGS} AS flags, p.share AS sample_share, p.band AS amount_band
    FROM subsidies_claim c
    LEFT JOIN registry_worker w ON w.id_hash = c.id_hash
    JOIN unnest(%(policies)s::bigint[], %(shares)s::numeric[], %(bands)s::numeric[], %(phones)s::int[],
                %(issuers)s::int[]) AS p(policy, share, band, phone_crowd, issuer_crowd) ON p.policy = c.policy_id
    WHERE c.year = %(claimed)s AND c.held AND c.case_id IS NULL
    ORDER BY c.id
"""
_ANNOUNCED = """
    SELECT c.case_id, '****' || right(c.cert_no, 4) AS certificate,
           (ARRAY['一级', '二级', '三级', '四级', '五级'])[c.level] AS level
    FROM subsidies_claim c WHERE c.case_id = ANY(%(ids)s)
"""
_PAYEES = f"""
    SELECT {SUBJECT} AS subject, c.round::int AS round, c.policy_id,
           coalesce(nullif(c.region, ''), (
               SELECT min(r.prefix) FROM people_officeregion r JOIN people_office o ON o.id = r.office_id
               WHERE o.level = 'province'), '') AS region
    FROM subsidies_claim c WHERE c.year = %(claimed)s AND c.case_id IS NOT NULL
"""
_NOW = f"SELECT {FINGERPRINT} FROM subsidies_claim c WHERE c.id = %s"


def source(year: int) -> Source:
    """The claims of a policy year of which cases are opened, with the figures of the policy row each was judged by."""
    used = Claim.objects.of_year(year).standing().filter(case=None).order_by().values("policy_id").distinct()
    rows = {row.pk: typed(row) for row in Policy.objects.filter(pk__in=used).prefetch_related("figures")}
    return Source(
        _GRANTED,
        {
            "claimed": year,
            "policies": list(rows),
            "shares": [figures.sample_share for figures in rows.values()],
            "bands": [figures.amount_band for figures in rows.values()],
            "phones": [figures.phone_crowd for figures in rows.values()],
            "issuers": [figures.issuer_crowd for figures in rows.values()],
        },
        rounds=True,
    )


def years() -> list[int]:
    """The policy years that have claims, the newest first."""
    return list(Claim.objects.order_by("-year").values_list("year", flat=True).distinct())


def days(year: int) -> Mapping[tuple[str, int], dt.date]:
    """Person and round → day of application: rehearsals review a case on it (contract 5)."""
    found = Claim.objects.of_year(year).standing().values_list("id_hash", "round", "applied_on")
    return {(person_key(id_hash), round_): day for id_hash, round_, day in found if round_}


def payees(year: int) -> Source:
    """The persons whom the cases of a year pay, to their cards; region and policy row are those of the claim."""
    return Source(_PAYEES, {"claimed": year}, rounds=True, persons=True)


def flags() -> Mapping[str, str]:
    """The words of the signs (N6.3)."""
    return dict(Sign.choices)


def announced() -> Announced:
    """Masked name, the certificate's last digits, level, amount. (N6.2)"""
    return Announced({"certificate": "证书编号（末四位）", "level": "等级"}, _ANNOUNCED, persons=True)


def panels(case: Case, person: Person, on: dt.date) -> Iterator[Panel]:
    """The claim of a case, with every rule's numbers."""
    claim = Claim.objects.select_related("policy", "office").filter(case=case).first()
    if claim is None:
        return
    data: dict[str, Any] = {"claim": claim, "lines": explain.trace(claim), "signs": signs.of_claim(claim)}
    yield Panel(
        "申领", "subsidies/_case_claim.html", data, url=f"/desk/subsidies/{claim.pk}/", more="申领详情", wide=True
    )


def rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """Judge the claim of a case again by the row of its day, on what is known now, and write what changed."""
    claim = claims.rejudge(Claim.objects.select_for_update().get(case=case), at=at)
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [claim.pk])
        fingerprint = bytes(cursor.fetchone()[0])
    band = typed(claim.policy).amount_band
    return Rejudged(
        name=claim.name,
        amount=claim.amount,
        fingerprint=fingerprint,
        flags=tuple(seen.code for seen in signs.of_claim(claim)),
        further=band is not None and claim.amount >= band,
        payable=claim.outcome == Outcome.GRANTED,
        words=f"重新核定为{claim.get_outcome_display()}，{claim.amount:,.2f} 元",
    )
