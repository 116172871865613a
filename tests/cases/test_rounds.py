"""Several cases of one subject in one year: a top-up, a further claim. Each is a round of its own."""

from __future__ import annotations

import pytest

from caseworks.cases import history
from caseworks.cases.models import Case
from caseworks.cases.sources import Source
from tests.cases.conftest import AT, CLOCK, Bureau

SELECT = """
    SELECT s AS subject, s AS name, %(office)s::bigint AS office_id, %(office)s::bigint AS city_office_id,
           r * 100.00 AS amount, sha256((s || r)::bytea) AS fingerprint, r AS round
    FROM (VALUES ('A', 1), ('A', 2), ('B', 3)) v(s, r)
"""


@pytest.mark.django_db
@pytest.mark.tampers  # no difference stands behind these rounds
def test_each_round_of_a_subject_is_a_case_and_is_opened_once(bureau: Bureau) -> None:
    given = {"scheme": "refunds", "year": 2024, "params": {"office": bureau.county.pk}, "by": CLOCK, "at": AT}
    assert history.open_cases(select=SELECT, rounds=True, **given) == 3
    assert history.open_cases(select=SELECT, rounds=True, **given) == 0
    rows = Case.objects.order_by("subject", "round").values_list("subject", "round", "amount", "events__data__round")
    assert [(subject, round_, f"{amount}", told) for subject, round_, amount, told in rows] == [
        ("A", 1, "100.00", 1),
        ("A", 2, "200.00", 2),
        ("B", 3, "300.00", 3),
    ]


@pytest.mark.django_db
def test_a_source_without_rounds_is_of_the_first_or_of_every_one() -> None:
    source = Source("SELECT 1 AS subject", {})
    assert source.in_rounds() == "SELECT given.*, 1::int AS round FROM (SELECT 1 AS subject) given"
    assert source.in_rounds("NULL") == "SELECT given.*, NULL::int AS round FROM (SELECT 1 AS subject) given"
    assert Source("SELECT 1 AS subject, 2 AS round", {}, rounds=True).in_rounds() == "SELECT 1 AS subject, 2 AS round"
