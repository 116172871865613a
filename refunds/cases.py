"""The refund's cases: which judgements become cases, and what a case is judged to be now (`caseworks.cases.sources`).

The fingerprint of a case is taken over all that its judgement shows; a signature holds for that and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from django.db import connection

from caseworks.base.enums import Size, UnitType
from caseworks.base.panels import Panel
from caseworks.cases.models import Case
from caseworks.cases.sources import Announced, Rejudged, Source
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.people.models import Person
from caseworks.registry import successions
from refunds import assessments, facts, rulebook, topups
from refunds.enums import Flag, Outcome
from refunds.models import Assessment, Difference, ScreeningRun
from refunds.parameters import Parameters

FINGERPRINT = "sha256(convert_to(json_build_array('refunds', a.year, a.uscc, {shown})::text, 'UTF8'))".format(
    shown=", ".join(f"a.{name}" for name in assessments.SHOWN)
)
# Eligible judgements without a case; nothing is opened over 0.00 yuan, or of a unit that another took over. (N5.1)
_ELIGIBLE = f"""
    SELECT a.uscc AS subject, a.name, a.office_id, a.city_office_id, a.amount, {FINGERPRINT} AS fingerprint,
           a.flags::text[] AS flags, p.share AS sample_share, p.band AS amount_band
    FROM refunds_assessment a
    JOIN unnest(%(policies)s::bigint[], %(shares)s::numeric[], %(bands)s::numeric[]) AS p(policy, share, band)
      ON p.policy = a.policy_id
    WHERE a.year = %(assessed)s AND a.outcome = 'eligible' AND a.amount > 0 AND a.case_id IS NULL
      AND a.uscc <> ALL(%(succeeded)s::text[])
"""
_BIND = f"""
    UPDATE refunds_assessment a SET case_id = c.id
    FROM cases_case c
    WHERE a.year = %(year)s AND a.case_id IS NULL AND c.scheme = 'refunds' AND c.year = a.year AND c.round = 1
      AND c.subject = a.uscc AND c.fingerprint = {FINGERPRINT}
"""
_ANNOUNCED = """
    SELECT a.case_id, coalesce(to_char(a.layoff_rate * 100, 'FM9999990.00') || '%%', '—') AS layoff_rate
    FROM refunds_assessment a WHERE a.case_id = ANY(%(ids)s)
    UNION ALL
    SELECT d.case_id, coalesce(to_char(d.layoff_rate * 100, 'FM9999990.00') || '%%', '—')
    FROM refunds_difference d WHERE d.case_id = ANY(%(ids)s)
"""
_NOW = f"SELECT {FINGERPRINT} FROM refunds_assessment a WHERE a.id = %s"


def source(year: int) -> Source:
    """The rows of a policy year of which cases are opened, with the figures of the policy row each was judged by."""
    used = Assessment.objects.of_year(year).eligible().order_by().values("policy_id").distinct()
    rows = {row.pk: _figures(row) for row in Policy.objects.filter(pk__in=used).prefetch_related("figures")}
    return Source(
        _ELIGIBLE,
        {
            "assessed": year,
            "policies": list(rows),
            "shares": [figures.sample_share for figures in rows.values()],
            "bands": [figures.amount_band for figures in rows.values()],
            "succeeded": sorted(successions.edges()),
        },
    )


def years() -> list[int]:
    """The policy years that were screened, the newest first."""
    return list(ScreeningRun.objects.order_by("-year").values_list("year", flat=True).distinct())


def bind(year: int) -> int:
    """Tie the judgements to the cases just opened of them: from now on a screening leaves them alone."""
    with connection.cursor() as cursor:
        cursor.execute(_BIND, {"year": year})
        return int(cursor.rowcount)


def flags() -> Mapping[str, str]:
    """The words of the flags (contract, 2)."""
    return dict(Flag.choices)


def panels(case: Case, person: Person, on: dt.date) -> Iterator[Panel]:
    """The judgement of a case, with its figures."""
    topped = Difference.objects.filter(case=case).select_related("policy", "policy_before").first()
    if topped is not None:
        url = f"/desk/refunds/differences/{topped.pk}/"
        yield Panel("补发核算", "refunds/_case_difference.html", {"row": topped}, url=url, more="差额详情", wide=True)
    found = Assessment.objects.filter(year=case.year, uscc=case.subject).first()
    if found is not None:
        url = f"/desk/refunds/{found.year}/{found.uscc}/"
        yield Panel("核算", "refunds/_case_judgement.html", {"row": found}, url=url, more="逐项核算", wide=True)


def figures(case: Case) -> list[tuple[str, str]]:
    """The figures of the judgement, as they stand on the sheet of a case."""
    row = Assessment.objects.filter(case=case).first()
    if row is None:
        return []
    rate = "—" if row.layoff_rate is None else f"{row.layoff_rate * 100:.2f}%"
    ratio = "—" if row.ratio is None else f"{row.ratio * 100:.0f}%"
    size = dict(Size.choices).get(row.size, "未划型")
    return [
        ("单位类型", str(dict(UnitType.choices).get(row.unit_type, row.unit_type))),
        ("企业划型", str(size)),
        ("足额缴费月数", str(row.months_paid)),
        ("年初 → 年末人数", f"{row.opening_headcount} → {row.closing_headcount}"),
        ("死亡 · 退休", f"{row.deaths} · {row.retirements}"),
        ("净减员 · 裁员率", f"{'—' if row.net_reduction is None else row.net_reduction} · {rate}"),
        ("上年度实缴", f"{row.premium:,.2f} 元"),
        ("返还比例", ratio),
        ("结论", row.get_outcome_display()),
        ("政策", str(Policy.objects.get(pk=row.policy_id))),
    ]


def announced() -> Announced:
    """The layoff rate, as the notices of the bureaus show it: in percent with two decimals. (N6.2)"""
    return Announced({"layoff_rate": "裁员率"}, _ANNOUNCED)


def rejudge(case: Case, at: dt.datetime) -> Rejudged:
    """Judge the unit of a case again by the same rules on the day of its judgement, and write what changed."""
    if case.round > 1:
        return topups.rejudge(case, at)
    row = Assessment.objects.select_for_update().get(case=case)
    policy = policies.for_screening(rulebook.SCHEME, row.year, row.region, row.judged_on)
    rules = rulebook.of_policy(policy, row.judged_on)
    connection.ensure_connection()
    chosen = {"usccs": [row.uscc]}
    lines = list(facts.copied(connection.connection, rules.question, "u.uscc = ANY(%(usccs)s)", chosen, one=True))
    latest = ScreeningRun.objects.filter(year=row.year).values_list("pk", flat=True).first()
    cause = assessments.Cause(row.year, at, screening_id=row.screening_id or latest, case_id=case.pk)
    assessments.write(assessments.judged(lines, rules, cause), cause, fresh=False)
    row.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [row.pk])
        fingerprint = bytes(cursor.fetchone()[0])
    band = rules.parameters[policy.pk].amount_band
    return Rejudged(
        name=row.name,
        amount=row.amount,
        fingerprint=fingerprint,
        flags=tuple(row.flags),
        further=band is not None and row.amount >= band,
        payable=row.outcome == Outcome.ELIGIBLE and row.amount > 0,
        words=f"重新核定为{row.get_outcome_display()}，{row.amount:,.2f} 元",
    )


def _figures(policy: Policy) -> Parameters:
    found = policies.parameters(policy)
    assert isinstance(found, Parameters)
    return found
