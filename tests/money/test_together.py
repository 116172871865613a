"""Many cases and many hands: as many queries for hundreds as for one, and one of two wins."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseworks.money import bank_results, batches
from caseworks.money.bank_results import Booked
from caseworks.money.models import Batch, Movement, Payment
from tests.cases.test_concurrency import at_once
from tests.money.conftest import AT, CLOCK, ON, Cases, Results, Staff


@pytest.mark.django_db
def test_many_cases_cost_as_many_queries_as_one(cases: Cases, staff: Staff, results: Results) -> None:
    counts = []
    warmed, one, many = cases.some(1), cases.some(2), cases.some(*range(3, 33))
    for ids in (warmed, one, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            (batch,) = cases.draw_up(ids)
            batches.release(batch, by=staff.second, at=AT)
            assert batches.send(batch, by=staff.cashier, at=AT, on=ON).lines == len(ids)
            numbers = Payment.objects.filter(batch=batch).order_by("pk").values_list("payment_no", flat=True)
            file = results(*(f"{number},paid,2024-07-10," for number in numbers))
            assert bank_results.book(file, by=CLOCK, at=AT).paid == len(ids)
        counts.append(len(queries))
    assert counts[1] == counts[2]


@pytest.mark.django_db(transaction=True)
def test_two_batches_over_the_same_cases_and_two_imports_of_a_file(cases: Cases, results: Results) -> None:
    ids = cases.some(1, 2)
    found = at_once(2, lambda _: len(cases.draw_up(ids)))
    assert sorted(found, key=str) == sorted(
        [
            1,
            "2 件不在可组批的状态，未作任何更改：示例1商贸有限公司（拨付中）、示例2商贸有限公司（拨付中）。请刷新后重试。",
        ],
        key=str,
    )
    (batch,) = Batch.objects.all()
    batches.release(batch, by=cases.staff.second, at=AT)
    batches.send(batch, by=cases.staff.cashier, at=AT, on=ON)
    numbers = Payment.objects.order_by("pk").values_list("payment_no", flat=True)
    file = results(*(f"{number},paid,2024-07-10," for number in numbers))
    booked = at_once(3, lambda _: bank_results.book(file, by=CLOCK, at=AT))
    assert sorted(booked, key=str) == [Booked(2, 0, 0, 2), Booked(2, 0, 0, 2), Booked(2, 2, 0, 0)]
    assert Movement.objects.count() == 2
