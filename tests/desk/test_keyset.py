"""The keyset pager by itself: ties, both directions, both senses, values of every kind."""

from __future__ import annotations

import datetime as dt

import pytest
from django.http import QueryDict

from caseworks.base.models import Run
from caseworks.base.pages import KeysetPage, Order, query_with

AT = dt.datetime(2024, 6, 3, 9, 30, tzinfo=dt.UTC)
ORDERS = {
    "newest": Order("最近", ("created_at", "id"), descending=True),
    "done": Order("数量", ("done", "id")),
    "title": Order("名称", ("title", "id")),
}


@pytest.fixture
def runs(db: None) -> list[int]:
    rows = [
        Run(kind="x", title=f"t{n % 3}", os_user="u", done=n % 4, created_at=AT + dt.timedelta(days=n // 10))
        for n in range(90)
    ]
    return [row.pk for row in Run.objects.bulk_create(rows)]


def walk(order: str, size: str, start: str = "") -> tuple[list[int], KeysetPage]:
    query, seen = f"order={order}&rows={size}", []
    while True:
        page = KeysetPage(Run.objects.all(), ORDERS, QueryDict(query))
        seen += [row.pk for row in page]
        if not page.has_next:
            return seen, page
        query = page.next_query


@pytest.mark.parametrize("order", list(ORDERS))
@pytest.mark.parametrize("size", ["20", "50"])
def test_forth_and_back_over_ties(runs: list[int], order: str, size: str) -> None:
    expected = list(Run.objects.order_by(*ORDERS[order].by()).values_list("pk", flat=True))
    seen, page = walk(order, size)
    assert seen == expected
    back = [row.pk for row in page]
    while page.has_previous:
        page = KeysetPage(Run.objects.all(), ORDERS, QueryDict(page.previous_query))
        back = [row.pk for row in page] + back
    assert back == expected
    assert page.start == 1


def test_rows_that_come_and_go_leave_the_others_in_place(runs: list[int]) -> None:
    first = KeysetPage(Run.objects.all(), ORDERS, QueryDict("order=done&rows=20"))
    edge = first.rows[-1]
    Run.objects.create(kind="x", title="new", os_user="u", done=0, created_at=AT)
    Run.objects.filter(pk=edge.pk).delete()
    second = KeysetPage(Run.objects.all(), ORDERS, QueryDict(first.next_query))
    shown = [(row.done, row.pk) for row in second]
    assert shown == sorted(shown)
    assert shown[0] > (edge.done, edge.pk)
    assert not {row.pk for row in first} & {row.pk for row in second}


def test_the_address_keeps_the_filter_and_drops_the_old_cursor() -> None:
    assert (
        query_with(QueryDict("name=甲&rows=&after=x&before=y"), order="done")
        == QueryDict("name=甲&order=done").urlencode()
    )


def test_an_empty_list_has_no_neighbours(db: None) -> None:
    page = KeysetPage(Run.objects.none(), ORDERS, QueryDict("rows=37&order=nothing"))
    assert (len(page), page.has_next, page.has_previous, page.size, page.order_name) == (0, False, False, 50, "newest")


def test_an_order_has_one_direction() -> None:
    with pytest.raises(ValueError, match="descending"):
        Order("最新", ("-id",))
