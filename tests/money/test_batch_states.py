"""The list of batches: what became of the payments, a state in words, found by it, summed up; one query for all rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from caseworks.base.models import Run
from caseworks.money import bank_results, batch_states
from caseworks.money.models import Batch, Payment
from tests.money.conftest import AT, Cases, Staff
from tests.money.test_pages import page, words


def came(row: Batch) -> tuple[str, int, int, int]:
    found = batch_states.of([row])[0]
    return found.word, found.paid.count, found.returned.count, found.open.count


@pytest.fixture
def booked(cases: Cases, staff: Staff, tmp_path: Path) -> dict[str, Batch]:
    """A batch for every state; each but the drawn one has two payments of which the bank said what its name tells."""
    found, number = {}, 0
    for state in ("waiting", "partly", "done", "some_returned", "all_returned"):
        results = {
            "waiting": [], "partly": ["paid"], "done": ["paid", "paid"], "some_returned": ["paid", "returned"],
            "all_returned": ["returned", "returned"],
        }[state]  # fmt: skip
        rows = cases.send(cases.some(number + 1, number + 2))
        number += 2
        lines = [f"{row.payment_no},{result},2024-07-10,账号有误" for row, result in zip(rows, results, strict=False)]
        if lines:
            path = tmp_path / f"{state}.csv"
            path.write_text("\n".join(["payment_no,result,on,reason", *lines, ""]), encoding="utf-8")
            bank_results.book(path, by=staff.cashier, at=AT)
        found[state] = rows[0].batch
    found["drawn"] = next(iter(cases.draw_up(cases.some(number + 1))))
    return found


def test_what_became_of_a_batch_in_words_and_figures(booked: dict[str, Batch]) -> None:
    assert {state: came(Batch.objects.get(pk=row.pk)) for state, row in booked.items()} == {
        "waiting": ("待银行回盘", 0, 0, 2),
        "partly": ("部分回盘", 1, 0, 1),
        "done": ("已完成", 2, 0, 0),
        "some_returned": ("部分退回", 1, 1, 0),
        "all_returned": ("全部退回", 0, 2, 0),
        "drawn": ("待复核放行", 0, 0, 0),
    }


def test_the_list_tells_it_and_finds_by_it(booked: dict[str, Batch], staff: Staff) -> None:
    cashier, url = page(staff.cashier), reverse("money:batch_list")
    seen = words(cashier, url)
    for state, word in batch_states.STATES.items():
        assert word in seen
        listed = cashier.get(f"{url}?status={state}").content.decode()
        assert [row.batch_no for row in Batch.objects.order_by("pk") if row.batch_no in listed] == [
            booked[state].batch_no
        ], state
        assert list(batch_states.standing_at(Batch.objects.all(), state)) == [booked[state]]
    assert "尚未送银行" in seen
    payments = Payment.objects.filter(batch=booked["some_returned"])
    paid, returned = payments.get(status="paid"), payments.get(status="returned")
    row = words(cashier, f"{url}?status=some_returned")
    assert f"{paid.amount + returned.amount:,.2f} 2 笔 {paid.amount:,.2f} 1 笔 {returned.amount:,.2f} 1 笔 —" in row
    assert "状态：部分退回" in row
    totals = words(cashier, reverse("money:batch_totals"))
    assert "已到账" in totals
    assert "4 笔" in totals
    of_one = words(cashier, reverse("money:batch_totals") + "?status=some_returned")
    assert f"1 笔 {returned.amount:,.2f} 元" in of_one
    assert "没有符合条件的批次" in words(cashier, f"{url}?text=PC1999")
    assert booked["done"].batch_no in words(cashier, f"{url}?text={booked['done'].batch_no.lower()}")
    assert "没有符合条件的批次" in words(cashier, f"{url}?sent_to=2024-07-01")
    assert booked["drawn"].batch_no not in words(cashier, f"{url}?sent_from=2024-07-01")


def test_a_batch_shows_its_returned_lines_alone(booked: dict[str, Batch], staff: Staff) -> None:
    row = booked["some_returned"]
    seen = words(page(staff.cashier), reverse("money:batch_detail", args=[row.pk]) + "?show=returned")
    paid, returned = Payment.objects.filter(batch=row).order_by("status")
    assert (paid.status, returned.status) == ("paid", "returned")
    assert "部分退回" in seen
    assert "只看 银行退回 1 笔" in seen.replace("只看银行", "只看 银行")
    assert returned.payment_no in seen
    assert paid.payment_no not in seen


def test_more_batches_cost_no_more_queries(booked: dict[str, Batch], staff: Staff) -> None:
    clerk, url, counts = page(staff.clerk), reverse("money:batch_list"), []
    clerk.get(url)  # the figures beside the menu are kept from here on
    for address in (f"{url}?text={booked['done'].batch_no}", url):
        with CaptureQueriesContext(connection) as queries:
            assert clerk.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= 12
    cashier = page(staff.cashier)
    cashier.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert cashier.get(url).status_code == 200
    assert len(queries) <= 12
    with CaptureQueriesContext(connection) as queries:
        assert len(batch_states.of(Batch.objects.filter(status="drawn"))) == 1
    assert len(queries) == 1, "what was not sent is not asked for"


def test_the_list_is_taken_away_with_the_figures(booked: dict[str, Batch], staff: Staff, tmp_path: Path) -> None:
    clerk = page(staff.clerk)
    answer = clerk.get(reverse("money:batch_export", args=["xlsx"]) + "?status=some_returned")
    path = tmp_path / "taken.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    head, row = load_workbook(path).active.values
    taken = dict(zip(head, row, strict=True))
    assert (taken["批次号"], taken["状态"], taken["笔数"]) == (booked["some_returned"].batch_no, "部分退回", 2)
    assert (taken["已到账笔数"], taken["银行退回笔数"], taken["未回盘笔数"]) == (1, 1, 0)
    run = Run.objects.get(kind="export")
    assert (run.state, run.summary) == ("done", {"rows": 1, "query": "status=some_returned", "words": "状态：部分退回"})
    assert clerk.get(reverse("money:batch_export", args=["exe"])).status_code == 404
