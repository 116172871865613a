"""Many cases and many hands: as many queries for hundreds as for one, and one of two wins."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseworks.money import bank_files, bank_results, batches, reconciling, statements
from caseworks.money.bank_results import Booked
from caseworks.money.models import Batch, Match, Movement, Payment, StatementLine
from caseworks.people.models import Office
from tests.cases.test_concurrency import at_once
from tests.money.conftest import AT, CLOCK, LATER, ON, Cases, Results, Staff


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


@pytest.mark.django_db(transaction=True)
def test_overlapping_batches_and_two_hands_at_one_batch(cases: Cases, staff: Staff) -> None:
    one, two, three = cases.some(1, 2, 3)
    wanted = {0: [one, two], 1: [two, three]}
    found = at_once(2, lambda number: sum(batch.lines for batch in cases.draw_up(wanted[number])))
    assert found.count(2) == 1, "one of two overlapping batches wins whole"
    (refused,) = (each for each in found if each != 2)
    assert refused == "1 件不在可组批的状态，未作任何更改：示例2商贸有限公司（拨付中）。请刷新后重试。"
    assert Payment.objects.count() == 2
    (batch,) = Batch.objects.all()
    releases = at_once(3, lambda _: batches.release(batch, by=staff.second, at=AT).status)
    assert sorted(map(str, releases)).count("released") == 1
    sendings = at_once(3, lambda _: batches.send(batch, by=staff.cashier, at=AT, on=ON).lines)
    assert sendings.count(2) == 1
    assert {each for each in sendings if each != 2} == {
        f"批次 {batch} 已送银行，不能送银行，未作任何更改。请刷新后查看。"
    }
    issues = at_once(3, lambda _: bank_files.issue(batch, by=staff.cashier, at=AT)[0].issue)
    assert issues.count(1) == 1, "the original is issued once"


@pytest.mark.django_db(transaction=True)
def test_two_statements_and_two_closings_at_once(cases: Cases, results: Results, staff: Staff, tmp_path: Path) -> None:
    sent = cases.send(cases.some(1, 2))
    bank_results.book(results(*(f"{row.payment_no},paid,2024-07-10," for row in sent)), by=CLOCK, at=AT)
    office = Office.objects.get(code="220100")
    file = tmp_path / "statement.csv"
    rows = [f"2024-07-10,{row.amount},支出,{row.payment_no}" for row in sent]
    file.write_text("\n".join(["日期,金额,方向,摘要", *rows]), encoding="utf-8")
    taken = at_once(3, lambda _: statements.take(file, office, by=staff.cashier, at=LATER))
    assert sorted(each.fresh for each in taken) == [0, 0, 2]
    assert (StatementLine.objects.count(), Match.objects.count()) == (2, 2)
    row = reconciling.propose(office, "2024-07", by=staff.cashier, at=LATER)
    closed = at_once(3, lambda _: reconciling.close(row, by=staff.second, at=LATER).status)
    assert closed.count("closed") == 1
    assert {each for each in closed if each != "closed"} == {"2024-07 已关账，未作任何更改。请刷新后查看。"}
