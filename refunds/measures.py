"""What the supervisors' dashboards count of the refund: judgements by outcome and reason. (N7.2)"""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from caseworks.oversight.measures import Measure, Place
from refunds.enums import Outcome
from refunds.parameters import REASONS

_JUDGED = """
    SELECT a.office_id, a.city_office_id, a.outcome, NULL::date, count(*), sum(a.amount)
    FROM refunds_assessment a WHERE a.year = %(year)s GROUP BY 1, 2, 3
"""
_REASONS = """
    SELECT a.office_id, a.city_office_id, r.reason, NULL::date, sum(a.units)::bigint, 0
    FROM (SELECT office_id, city_office_id, reasons, count(*) AS units FROM refunds_assessment
          WHERE year = %(year)s AND reasons <> '{}' GROUP BY 1, 2, 3) a, unnest(a.reasons) AS r(reason)
    GROUP BY 1, 2, 3
"""
_UNOPENED = """
    SELECT a.office_id, a.city_office_id, 'eligible', NULL::date, count(*), sum(a.amount)
    FROM refunds_assessment a WHERE a.year = %(year)s AND a.outcome = 'eligible' AND a.case_id IS NULL GROUP BY 1, 2
"""


def _listed(place: Place, **more: str) -> str:
    return f"{reverse('refunds:assessment_list')}?{urlencode(place.query(**more))}"


def measures(year: int) -> list[Measure]:
    """Judged, by reason, and payable of which no case is opened yet."""
    return [
        Measure(
            "judged", "判定结论", _JUDGED, lambda key, place: _listed(place, outcome=key),
            words={outcome.value: str(outcome.label) for outcome in Outcome}, granted=(Outcome.ELIGIBLE.value,),
        ),
        Measure("reason", "原因", _REASONS, lambda key, place: _listed(place, reason=key), words=REASONS),
        Measure(
            "unopened", "符合，尚未立件", _UNOPENED, lambda key, place: _listed(place, outcome=key, opened="no"),
            words={Outcome.ELIGIBLE.value: "符合，尚未立件"},
        ),
    ]  # fmt: skip
