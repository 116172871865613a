"""Every order of the list of judgements, in every scope, walks an index: nothing is sorted, nothing is scanned."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict

from caseworks.people import offices
from refunds.filters import AssessmentFilter
from refunds.models import Assessment, AssessmentChange, AssessmentQuerySet
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.django_db

MANY = 20_000
SCOPES = ("province", "city", "county")
ORDERS = (("uscc",), ("-amount", "-uscc"))


@pytest.fixture
def many(db: None) -> dict[str, dict[str, int]]:
    """So many judgements that the planner thinks of indexes: a fifth ineligible, a few manual, a few flagged."""
    call_command("setup")
    place = offices.place("220102")
    other = offices.place("220202")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO refunds_assessment (year, uscc, unit_id, office_id, city_office_id, policy_id, judged_on,
                months_paid, arrears_months, opening_headcount, closing_headcount, deaths, retirements, net_reduction,
                rejected_rows, late_months, account_proposed, name, region, unit_type, size, status, dispatch_licence,
                first_arrears, lists, bar, determined, outcome, reasons, flags, premium, amount)
            SELECT y, '91' || lpad(n::text, 16, '0'), n, CASE WHEN n %% 9 = 0 THEN %(office)s ELSE %(other)s END,
                CASE WHEN n %% 3 = 0 THEN %(city)s ELSE %(other_city)s END, 1, '2024-06-28', 12, 0, 10, 10, 0, 0, 0, 0,
                0, false, n::text, '220102', 'enterprise', 'small', 'active', '', '', '', '', '', o,
                CASE o WHEN 'ineligible' THEN ARRAY['in_arrears'] WHEN 'manual' THEN ARRAY['size_unknown']
                    ELSE ARRAY[]::varchar[] END,
                CASE WHEN n %% 50 = 0 THEN ARRAY['paid_late'] ELSE ARRAY[]::varchar[] END, n,
                CASE o WHEN 'eligible' THEN n %% 977 ELSE 0 END
            FROM generate_series(1, %(many)s) n, unnest(ARRAY[2023, 2024]) y, LATERAL (SELECT CASE
                WHEN n %% 5 = 0 THEN 'ineligible' WHEN n %% 201 = 0 THEN 'manual' ELSE 'eligible' END AS o) x""",
            {
                "many": MANY, "office": place.office_id, "other": other.office_id, "city": place.city_office_id,
                "other_city": other.city_office_id,
            },
        )  # fmt: skip
        cursor.execute("ANALYZE refunds_assessment")
    return {
        "province": {}, "city": {"city_office": place.city_office_id}, "county": {"office": place.office_id},
    }  # fmt: skip


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def plan_of(rows: Any) -> list[dict[str, Any]]:
    found = json.loads(rows.explain(format="json", analyze=True))
    return list(nodes(found[0]["Plan"]))


def walks_an_index(rows: Any) -> None:
    found = plan_of(rows)
    kinds = {node["Node Type"] for node in found}
    assert not kinds & {"Sort", "Incremental Sort", "Seq Scan", "Parallel Seq Scan"}, found
    read = sum(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in found if "Scan" in node["Node Type"]
    )
    assert read < 1500, found


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("outcome", ["", "eligible", "ineligible"])
def test_a_page_of_the_list(many: dict[str, dict[str, int]], scope: str, order: tuple[str, ...], outcome: str) -> None:
    rows: AssessmentQuerySet = Assessment.objects.of_year(2024).filter(**many[scope])
    if outcome:
        rows = rows.of_outcome(outcome)
    walks_an_index(rows.order_by(*order)[:51])


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    "asked", ["outcome=", "outcome=ineligible", "outcome=eligible", "outcome=eligible&amount_from=0.01"]
)
def test_from_the_least_amount_up_as_far_as_it_is_offered(
    many: dict[str, dict[str, int]], scope: str, asked: str
) -> None:
    form = AssessmentFilter(
        QueryDict(f"year=2024&{asked}"), years=[2024], person=make_person("clerk"), on=datetime.date(2024, 6, 28)
    )
    offered = "amount_up" in form.orders
    assert offered == (asked != "outcome=eligible")
    if offered:
        rows = form.applied(Assessment.objects.of_year(2024).filter(**many[scope]))
        walks_an_index(rows.order_by(*form.orders["amount_up"].by(reverse=False))[:51])


def test_rare_outcomes_and_flags_have_indexes_of_their_own(many: dict[str, dict[str, int]]) -> None:
    rows = Assessment.objects.of_year(2024)
    walks_an_index(rows.filter(outcome="manual").order_by("uscc")[:51])
    walks_an_index(rows.flagged().order_by("uscc")[:51])


def test_one_unit(many: dict[str, dict[str, int]]) -> None:
    walks_an_index(Assessment.objects.filter(year=2024, uscc="91" + "7".rjust(16, "0")))
    assert not AssessmentChange.objects.exists()
