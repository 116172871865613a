"""No list page sorts or scans: PostgreSQL's own plan of what a page asked, on 20,000 units."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from .bureau import Bureau

UNITS = """
    INSERT INTO registry_unit (uscc, name, name_key, former_names, former_key, unit_type, size, region, status,
        insured_from, dispatch_licence, phone, address, legal_representative, contact, office_id, city_office_id,
        updated_at)
    SELECT '91' || lpad((n * 7919 %% 1000003)::text, 16, '0'), names.name, names.name, '', '',
        CASE WHEN n %% 2000 = 0 THEN 'foundation' ELSE 'enterprise' END,
        CASE WHEN n %% 1500 = 0 THEN 'large' ELSE 'small' END,
        CASE WHEN n %% 100 = 0 THEN '220102' WHEN n %% 2 = 0 THEN '220100' ELSE '220200' END,
        CASE WHEN n %% 1000 = 0 THEN 'revoked' ELSE 'active' END, '2015-01-01', '', ''::bytea, '', '', '',
        CASE WHEN n %% 100 = 0 THEN %(county)s WHEN n %% 2 = 0 THEN %(city)s ELSE %(other)s END::bigint,
        CASE WHEN n %% 2 = 0 THEN %(city)s ELSE %(other)s END::bigint, '2024-01-01'
    FROM generate_series(1, 20000) n,
         LATERAL (SELECT '示例' || (n * 31 %% 997) || '号' || chr(20000 + n %% 5000) || '有限公司' AS name) AS names
"""


@pytest.fixture
def crowded(bureau: Bureau) -> Bureau:
    """20,000 units, analysed as autovacuum would have done."""
    with connection.cursor() as cursor:
        ids = {"county": bureau.county.pk, "city": bureau.city.pk, "other": bureau.other.pk}
        cursor.execute(UNITS, ids)
        cursor.execute("ANALYZE registry_unit")
    return bureau


def plan_of(client: Client, path: str, table: str = "registry_unit") -> list[tuple[str, str]]:
    """Node and table of every step of the page's one query of rows."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    rows = [q["sql"] for q in queries if re.search(rf'FROM "{table}".*LIMIT (21|51|101)', q["sql"])]
    assert len(rows) == 1, rows
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + rows[0].replace("%", "%%"))
        (answer,) = cursor.fetchone() or ([],)
    plan = answer if isinstance(answer, list) else json.loads(answer)
    steps: list[tuple[str, str]] = []

    def walk(node: dict[str, object]) -> None:
        steps.append((str(node["Node Type"]), str(node.get("Relation Name", ""))))
        for child in node.get("Plans", []):  # type: ignore[attr-defined]
            walk(child)

    walk(plan[0]["Plan"])
    return steps


def bad(steps: list[tuple[str, str]], table: str = "registry_unit") -> list[tuple[str, str]]:
    """Sorts, and scans of the whole table."""
    return [step for step in steps if "Sort" in step[0] or step == ("Seq Scan", table)]


QUERIES = [
    "", "order=name", "rows=20", "order=name&rows=100", "size=large", "size=large&order=uscc", "unit_type=foundation",
    "status=revoked", "region=220102", "region=2201", "uscc=910000", "uscc=910000000000000001", "licence=none",
]  # fmt: skip


def test_the_province_walks_an_index(crowded: Bureau) -> None:
    client = crowded.client("clerk")
    plans = {query: plan_of(client, f"/desk/units/?{query}") for query in QUERIES}
    assert not {query: steps for query, steps in plans.items() if bad(steps)}


def test_an_office_walks_its_own_index(crowded: Bureau) -> None:
    plans = {
        (office.name, query): plan_of(crowded.client("clerk", office), f"/desk/units/?{query}")
        for office in (crowded.city, crowded.county)
        for query in ("", "status=active", "order=name")
    }
    assert not {asked: steps for asked, steps in plans.items() if bad(steps)}


def test_the_next_page_and_the_one_before_walk_it_too(crowded: Bureau) -> None:
    """From the fourth page back: right behind the front so few rows are left that any way to them is a good one."""
    client = crowded.client("clerk")
    for order in ("uscc", "name"):
        query = f"order={order}&rows=20"
        for _ in range(3):
            query = client.get(f"/desk/units/?{query}").context["page"].next_query
            assert not bad(plan_of(client, f"/desk/units/?{query}")), order
        back = client.get(f"/desk/units/?{query}").context["page"].previous_query
        assert not bad(plan_of(client, f"/desk/units/?{back}")), order


def test_a_name_is_looked_up_by_its_parts(crowded: Bureau) -> None:
    """Few rows have both characters side by side: they are found by the index on pairs, and only they are sorted."""
    steps = plan_of(crowded.client("clerk"), "/desk/units/?name=" + chr(20007) + "有")
    assert ("Bitmap Heap Scan", "registry_unit") in steps
    assert ("Seq Scan", "registry_unit") not in steps
    assert not bad(plan_of(crowded.client("clerk"), "/desk/units/?name=有限公司"))
