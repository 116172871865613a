"""补发: the cases of later rounds. Each pays one accepted difference, under the policy row that grants it. (N2.3)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection

from caseworks.base.money import ZERO
from caseworks.cases.models import Case
from caseworks.cases.sources import Rejudged, Source
from caseworks.law import policies
from caseworks.law.models import Policy
from refunds import recalculation, standing
from refunds.enums import Outcome
from refunds.models import Difference
from refunds.parameters import Parameters

SHOWN = (
    "granted", "standing", "amount", "policy_id", "name", "region", "unit_type", "size", "outcome", "reasons", "flags",
    "premium", "layoff_rate", "ratio",
)  # fmt: skip
FINGERPRINT = "sha256(convert_to(json_build_array('refunds', d.year, d.uscc, d.round, {shown})::text, 'UTF8'))".format(
    shown=", ".join(f"d.{name}" for name in SHOWN)
)
_SELECT = f"""
    SELECT d.uscc AS subject, d.name, d.office_id, d.city_office_id, d.amount, {FINGERPRINT} AS fingerprint,
           d.flags::text[] AS flags, p.share AS sample_share, p.band AS amount_band, d.round
    FROM refunds_difference d
    JOIN unnest(%(policies)s::bigint[], %(shares)s::numeric[], %(bands)s::numeric[]) AS p(policy, share, band)
      ON p.policy = d.policy_id
    WHERE d.id = ANY(%(differences)s::bigint[]) AND d.round IS NOT NULL AND d.case_id IS NULL
"""
_BIND = f"""
    UPDATE refunds_difference d SET case_id = c.id
    FROM cases_case c
    WHERE d.id = ANY(%s::bigint[]) AND d.case_id IS NULL AND c.scheme = 'refunds' AND c.year = d.year
      AND c.round = d.round AND c.subject = d.uscc AND c.fingerprint = {FINGERPRINT}
"""
_STANDS = "SELECT t.high FROM ({standing}) t"
_NOW = f"SELECT {FINGERPRINT} FROM refunds_difference d WHERE d.id = %s"


def source(differences: Iterable[int]) -> Source:
    """The rows of accepted differences of which cases are opened, with the figures of the row that pays each."""
    ids = list(differences)
    used = Difference.objects.filter(pk__in=ids).order_by().values("policy_id").distinct()
    rows = list(Policy.objects.filter(pk__in=used).prefetch_related("figures").order_by("pk"))
    figures = [_figures(row) for row in rows]
    return Source(
        _SELECT,
        {
            "differences": ids,
            "policies": [row.pk for row in rows],
            "shares": [each.sample_share for each in figures],
            "bands": [each.amount_band for each in figures],
        },
        rounds=True,
    )


def bind(differences: Iterable[int]) -> int:
    """Tie the differences to the cases just opened of them."""
    with connection.cursor() as cursor:
        cursor.execute(_BIND, [list(differences)])
        return int(cursor.rowcount)


def rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """What a top-up is worth now: what is granted today less what stands without it."""
    row = Difference.objects.select_for_update().get(case=case)
    now = recalculation.of_unit(row.uscc, row.year, row.recalculation.as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            _STANDS.format(standing=standing.sql("c.subject = %(uscc)s AND c.id <> %(case)s")),
            {"year": row.year, "uscc": row.uscc, "case": case.pk},
        )
        stands = cursor.fetchone()[0]
    granted = now["amount"] if now["outcome"] == Outcome.ELIGIBLE else ZERO
    for name in ("name", "outcome", "reasons", "flags", "premium", "layoff_rate", "ratio", "unit_type", "size"):
        setattr(row, name, now[name])
    row.granted, row.standing, row.amount = granted, stands, max(granted - stands, ZERO)
    row.save()
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [row.pk])
        fingerprint = bytes(cursor.fetchone()[0])
    band = _figures(row.policy).amount_band
    return Rejudged(
        name=row.name,
        amount=row.amount,
        fingerprint=fingerprint,
        flags=tuple(row.flags),
        further=band is not None and row.amount >= band,
        payable=row.amount > 0,
        words=f"现核定 {granted:,.2f} 元，其他各次 {stands:,.2f} 元，补发 {row.amount:,.2f} 元",
    )


def _figures(policy: Policy) -> Parameters:
    found = policies.parameters(policy)
    assert isinstance(found, Parameters)
    return found
