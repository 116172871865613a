"""Signs that a reviewer should look at (N6.3): each is counted from the registry; none decides anything.

Written as SQL over a claim `c`, its person `w` (registry_worker) and the policy row's thresholds `p`, so that the cases of
a year are marked in the statement that opens them and one claim on its page by the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from caseworks.law.models import Policy
from subsidies.enums import Sign
from subsidies.facts import typed
from subsidies.models import Claim, ClaimQuerySet

# Each gives how many it counts; below its threshold (or at nought) it is no sign.
COUNTS: Mapping[Sign, str] = {
    Sign.CARD_SHARED: """(
        SELECT count(*) FROM registry_worker o WHERE o.card_hash = w.card_hash AND o.id_hash <> c.id_hash)""",
    Sign.PHONE_SHARED: """(
        SELECT count(*) FROM registry_worker o WHERE o.phone_hash = w.phone_hash)""",
    Sign.ISSUED_IN_BULK: """(
        SELECT count(*) FROM registry_certificate o
        WHERE o.issuer = c.issuer AND o.issued_on = c.issued_on AND c.issuer <> '')""",
    Sign.LEVEL_JUMP: """(
        SELECT count(*) FROM registry_certificate o
        WHERE o.id_hash = c.id_hash AND o.occupation_code = c.occupation_code AND o.issued_on <= c.issued_on
          AND o.level - c.level >= 2 AND NOT EXISTS (
              SELECT FROM registry_certificate b WHERE b.id_hash = c.id_hash AND b.occupation_code = c.occupation_code
                AND b.issued_on <= c.issued_on AND b.level > c.level AND b.level < o.level))""",
    Sign.BEFORE_INSURANCE: """(
        SELECT 1 WHERE c.issued_on IS NOT NULL AND NOT EXISTS (
            SELECT FROM registry_workerinsurance i
            WHERE i.id_hash = c.id_hash AND i.period_from <= to_char(c.issued_on, 'YYYY-MM')))""",
    Sign.AFTER_THE_END: """(
        SELECT count(*) FROM registry_separation s
        WHERE s.id_hash = c.id_hash AND s.reason IN ('death', 'retirement') AND s.separated_on <= c.applied_on)""",
    # Known when the claim was judged, and no reason to refuse it: what is imported later is a finding (`overlaps`).
    Sign.TRAINED_SINCE: """(
        SELECT count(*) FROM registry_trainingsubsidy t
        WHERE t.id_hash = c.id_hash AND t.occupation_code = c.occupation_code AND t.level >= c.level
          AND t.paid_on > c.applied_on AND t.id <= c.training_seen)""",
}
_LEAST = {Sign.PHONE_SHARED: "p.phone_crowd", Sign.ISSUED_IN_BULK: "p.issuer_crowd"}


def _raised(sign: Sign) -> str:
    return f"CASE WHEN {COUNTS[sign]} >= {_LEAST.get(sign, '1')} THEN '{sign.value}' END"


FLAGS = f"array_remove(ARRAY[{', '.join(_raised(sign) for sign in Sign)}]::text[], NULL)"


# Claims without a case carry no signs yet: they are counted when somebody asks, by the same words.
_UNOPENED = """
    SELECT {wanted} FROM subsidies_claim c
    LEFT JOIN registry_worker w ON w.id_hash = c.id_hash
    JOIN unnest(%s::bigint[], %s::int[], %s::int[]) AS p(policy, phone_crowd, issuer_crowd) ON p.policy = c.policy_id
    WHERE c.case_id IS NULL AND {which}
"""


_GROUPED = """
    SELECT c.office_id, c.city_office_id, k.code, NULL::date, count(*), sum(c.amount)
    FROM subsidies_claim c
    LEFT JOIN registry_worker w ON w.id_hash = c.id_hash
    JOIN unnest(%s::bigint[], %s::int[], %s::int[]) AS p(policy, phone_crowd, issuer_crowd) ON p.policy = c.policy_id
    CROSS JOIN LATERAL unnest({flags}) AS k(code)
    WHERE c.case_id IS NULL AND c.year = %s GROUP BY 1, 2, 3
"""


def unopened(year: int) -> list[tuple[Any, ...]]:
    """The signs on a year's claims without a case, by office: office, city office, sign, no day, claims, money."""
    with connection.cursor() as cursor:
        given: list[Any] = [*_crowds(Claim.objects.of_year(year)), year]
        cursor.execute(_GROUPED.format(flags=FLAGS), given)
        return cursor.fetchall()


def _crowds(claims: QuerySet[Claim]) -> list[list[int]]:
    used = claims.filter(case=None).order_by().values("policy_id").distinct()
    rows = {row.pk: typed(row) for row in Policy.objects.filter(pk__in=used).prefetch_related("figures")}
    return [list(rows), [row.phone_crowd for row in rows.values()], [row.issuer_crowd for row in rows.values()]]


def raised(claims: ClaimQuerySet, sign: str) -> ClaimQuerySet:
    """Of these claims those with the sign, or with any (`any`): as marked when a case was opened, or as counted now."""
    signs = list(Sign) if sign == "any" else [Sign(sign)]
    which = " OR ".join(f"{COUNTS[each]} >= {_LEAST.get(each, '1')}" for each in signs)
    counted = RawSQL(_UNOPENED.format(wanted="c.id", which=f"({which})"), _crowds(claims))  # noqa: S611 - our own words
    marked = ~Q(signs=[]) if sign == "any" else Q(signs__contains=[sign])
    return claims.filter(Q(case__isnull=False) & marked | Q(case=None, pk__in=counted))


def shown(claims: Sequence[Claim]) -> dict[int, list[str]]:
    """The signs of each of some claims: as marked when its case was opened, or as counted now."""
    found = {claim.pk: list(claim.signs) for claim in claims}
    ids = [claim.pk for claim in claims if claim.case_id is None]
    if ids:
        with connection.cursor() as cursor:
            statement = _UNOPENED.format(wanted=f"c.id, {FLAGS}", which="c.id = ANY(%s)")
            cursor.execute(statement, [*_crowds(Claim.objects.filter(pk__in=ids)), ids])
            found |= dict(cursor.fetchall())
    return found


class Seen(NamedTuple):
    """A sign on a claim: its words and how many it counts."""

    code: str
    label: str
    words: str


_WORDS = {
    Sign.CARD_SHARED: "另有 {count} 人登记了同一张社保卡",
    Sign.PHONE_SHARED: "共有 {count} 人登记了同一个电话",
    Sign.ISSUED_IN_BULK: "该机构同日发证 {count} 张",
    Sign.LEVEL_JUMP: "此前同一职业的证书低两级以上，没有中间等级",
    Sign.BEFORE_INSURANCE: "发证时还没有参保记录",
    Sign.AFTER_THE_END: "申领前已有死亡或退休减员记录",
    Sign.TRAINED_SINCE: "申领日期之后另有 {count} 笔同一职业同级或低级的职业培训补贴",
}
_ONE = f"""
    SELECT {", ".join(f"{COUNTS[sign]} >= {_LEAST.get(sign, '1')}, {COUNTS[sign]}" for sign in Sign)}
    FROM subsidies_claim c LEFT JOIN registry_worker w ON w.id_hash = c.id_hash
    CROSS JOIN (SELECT %(phone_crowd)s::int AS phone_crowd, %(issuer_crowd)s::int AS issuer_crowd) p
    WHERE c.id = %(claim)s
"""


def of_claim(claim: Claim) -> list[Seen]:
    """The signs of one claim on what is known now, each with what it counts."""
    year = typed(claim.policy)
    with connection.cursor() as cursor:
        given = {"claim": claim.pk, "phone_crowd": year.phone_crowd, "issuer_crowd": year.issuer_crowd}
        cursor.execute(_ONE, given)
        row = cursor.fetchone() or ()
    return [
        Seen(sign.value, str(sign.label), _WORDS[sign].format(count=row[place * 2 + 1]))
        for place, sign in enumerate(Sign)
        if row[place * 2]
    ]
