"""A bar: one a unit, scheme and year; it holds while proposed; another person decides, in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from caseworks.cases.models import Bar
from caseworks.people.models import Person
from tests.cases.conftest import AT

pytestmark = pytest.mark.django_db
USCC = "91220102XD00000084"


def bar(**values: Any) -> Bar:
    given = {"uscc": USCC, "year": 2025, "reason": "30个工作日内未拨付", "proposed_at": AT, "proposed_label": "os:root"}
    return Bar.objects.create(**{**given, **values})


def test_one_standing_bar_a_unit_scheme_and_year() -> None:
    bar()
    for fine in ({"year": 2026}, {"scheme": "subsidies"}, {"uscc": "91220182XD00000084"}):
        bar(**fine)
    with pytest.raises(IntegrityError, match="bar_once_a_year"), transaction.atomic():
        bar(status="confirmed", decided_at=AT, decision_no="吉人社决〔2025〕1号")
    Bar.objects.filter(uscc=USCC, year=2025).update(status="revoked", decided_at=AT, decision_reason="已按期退回")
    bar()


def test_a_proposed_bar_holds_at_once_and_a_revoked_one_no_more() -> None:
    bar()
    bar(year=2026, status="revoked", decided_at=AT, decision_reason="已按期退回")
    assert [found.year for found in Bar.objects.standing()] == [2025]
    assert list(Bar.objects.of_year("refunds", 2026).standing()) == []


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "confirmed", "decided_at": AT}, "bar_confirmed_with_a_number"),
        ({"status": "confirmed", "decision_no": "1"}, "bar_decided_by_somebody"),
        ({"status": "revoked", "decided_at": AT}, "bar_revoked_with_a_reason"),
    ],
)
def test_a_decision_has_its_number_its_time_and_its_reason(values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        bar(**values)


def test_who_proposed_a_bar_does_not_decide_it() -> None:
    person = Person.objects.create(username="zhuguan", full_name="主管")
    with pytest.raises(IntegrityError, match="bar_four_eyes"), transaction.atomic():
        bar(proposed_by=person, decided_by=person, decided_at=AT, status="confirmed", decision_no="1")
