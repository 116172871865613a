"""Many hands on one case: one of them wins, the others hear why."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from caseworks.base.errors import Refusal
from caseworks.cases import history, reviews
from caseworks.cases.anchors import take_anchor
from caseworks.cases.models import AnchorHead, Case, Event, Review
from caseworks.cases.verification import findings
from caseworks.people.actors import Actor
from caseworks.people.models import Appointment, Person
from tests.cases.conftest import AT, CLOCK, ROWS, Bureau, open_some

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, work: object) -> list[object]:
    """Run the work in so many threads that start together; refusals come back as their words."""
    barrier = threading.Barrier(count)

    def run(number: int) -> object:
        try:
            barrier.wait()
            return work(number)  # type: ignore[operator]
        except Refusal as refusal:
            return refusal.message
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_eight_takers_one_wins_and_the_others_hear_why(bureau: Bureau) -> None:
    (case,) = open_some(bureau.county)
    results = at_once(8, lambda _: history.take("pass_first", [case], by=CLOCK, at=AT))
    assert results.count(1) == 1
    refused = [result for result in results if result != 1]
    assert refused == ["1 件不在可办理“初审通过”的状态，未作任何更改：示例单位1（待复核）。请刷新后重试。"] * 7
    assert Event.objects.filter(case=case, step="pass_first").count() == 1
    assert findings() == []


def test_overlapping_sets_in_opposite_order_do_not_lock_each_other_up(bureau: Bureau) -> None:
    cases = open_some(bureau.county, 200)
    half = {0: cases[:150], 1: cases[:49:-1]}
    results = at_once(2, lambda number: history.take("pass_first", half[number], by=CLOCK, at=AT))
    assert results.count(150) == 1
    assert Case.objects.filter(status="first_passed").count() == 150


def test_a_case_is_opened_once_by_four_openers(bureau: Bureau) -> None:
    params = {"count": 300, "prefix": "S", "office_id": bureau.county.pk, "city_id": bureau.city.pk}
    results = at_once(
        4,
        lambda _: history.open_cases(scheme="refunds", year=2024, select=ROWS, params=params, by=CLOCK, at=AT),
    )
    assert results.count(300) == 1
    assert set(results) <= {300, 0, "其中有单位刚被他人立件，未作任何更改。请刷新后重试。"}
    assert Case.objects.count() == 300
    assert findings() == []


def test_an_anchor_amid_steps_misses_no_event(bureau: Bureau) -> None:
    cases = open_some(bureau.county, 60)

    def work(number: int) -> object:
        if number == 0:
            return [take_anchor(AT.replace(microsecond=n)).heads for n in range(10)]
        return [history.take("pass_first", [case], by=CLOCK, at=AT) for case in cases[number - 1 :: 5]]

    at_once(6, work)
    take_anchor(AT.replace(microsecond=99))
    assert findings() == []
    latest = dict(AnchorHead.objects.order_by("anchor_id").values_list("case_number", "seq"))
    assert latest == dict.fromkeys(cases, 2)


def test_of_thirty_two_approvers_one_signs_and_the_others_hear_why(bureau: Bureau, staff: Callable[..., Actor]) -> None:
    (case,) = open_some(bureau.county)
    reviews.pass_on(stage="first", case_ids=[case], opinion="", by=staff("clerk", bureau.city), at=AT)
    reviews.pass_on(stage="second", case_ids=[case], opinion="", by=staff("reviewer", bureau.city), at=AT)
    model = staff("approver", bureau.city).person
    assert model is not None
    held = Appointment.objects.get(person=model)
    approvers = []
    for number in range(32):
        person = Person.objects.create(username=f"approver-{number}", full_name=f"审批{number}", office=bureau.city)
        held.pk, held.person = None, person
        held.save()
        approvers.append(Actor.of_person(person))

    def approve(number: int) -> int:
        return reviews.pass_on(stage="approval", case_ids=[case], opinion="同意", by=approvers[number], at=AT)

    results = at_once(32, approve)
    assert results.count(1) == 1
    refused = {str(result) for result in results if result != 1}
    assert refused == {"1 件不在可办理“审批通过”的状态，未作任何更改：示例单位1（待公示）。请刷新后重试。"}
    assert list(Review.objects.filter(case=case).values_list("stage", flat=True)) == ["first", "second", "approval"]
    assert findings() == []
