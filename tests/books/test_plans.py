"""A look at the books around an operation is a look by key, whatever else the database holds: read from EXPLAIN. (N6.2)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from caseworks.books import checking
from caseworks.books.invariants import union
from tests.money.conftest import Cases, bureau, cases, staff

__all__ = ["bureau", "cases", "staff"]
pytestmark = pytest.mark.django_db
# Tables that grow with the province; the others are small whatever there is.
GROWING = {
    "base_notice", "cases_announcementline", "cases_case", "cases_event", "cases_examination", "cases_flagclearing",
    "cases_hold", "cases_review", "cases_reviewsheet", "dispatch_application", "dispatch_obligation", "dispatch_share",
    "money_finalcallline", "money_match", "money_movement", "money_payment", "money_recovery", "money_recoveryentry",
    "money_reminder", "money_repayment", "money_statementline", "money_useline", "money_usereport", "refunds_assessment",
    "refunds_difference", "subsidies_claim",
}  # fmt: skip
# So few rows are read whole from their smallest index; by case each is a look by key, as the other plans show.
SMALL = {"payment_one_live_a_case"}
# Nothing but a way by key is left to the planner, where there is one.
BY_KEY = "".join(
    f"SET LOCAL enable_{way} = off;" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")
)


def whole(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The growing tables that a plan goes through from end to end, with how."""
    if plan.get("Relation Name") in GROWING and "Index Cond" not in plan and plan.get("Index Name") not in SMALL:
        yield plan["Relation Name"], plan["Node Type"]
    for each in plan.get("Plans", []):
        yield from whole(each)


def plans(ids: list[int], *, near: bool) -> dict[str, list[tuple[str, str]]]:
    """What each invariant goes through whole, looked at for these cases."""
    found = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{BY_KEY} CREATE TEMP TABLE looked_at (id bigint PRIMARY KEY) ON COMMIT DROP")
        cursor.execute("INSERT INTO looked_at SELECT unnest(%s::bigint[]); ANALYZE looked_at", [ids])
        others = checking._of_other_schemes(ids) if near else set()
        for name, each in checking.invariants().items():
            if name not in others:
                sql = union([(name, each)], some=True, listed=False, near=near)
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", {"limit": 100})
                plan = cursor.fetchone()[0]
                found[name] = list(whole((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
        cursor.execute("DROP TABLE looked_at")
    return found


def test_around_an_operation_nothing_that_grows_is_gone_through(cases: Cases) -> None:
    ids = cases.some(1, 2, 3)
    cases.send(ids)
    found = plans(ids, near=True)
    assert {name: told for name, told in found.items() if told} == {}
    assert len(found) > 30
    assert not [name for name in found if name.startswith(("dispatch_", "claim_"))]


def test_what_follows_no_case_is_looked_at_whole_by_the_hour(cases: Cases) -> None:
    """The proof that the reading of plans sees what goes through a table."""
    ids = cases.some(1)
    assert plans(ids, near=False)["recovery_is_its_account"] == [("money_recovery", "Seq Scan")]
    assert plans(ids, near=True)["recovery_is_its_account"] == []
