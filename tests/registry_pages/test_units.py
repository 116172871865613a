"""参保单位: the list, its filters and pages, the unit's page, the export."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from .bureau import Bureau, fill_unit, make_unit

LIST = "/desk/units/"
A, B, C = "91220101MA0000001A", "91220101MA0000002B", "91220201MA0000003C"
MOST_QUERIES = 12


def asked(queries: CaptureQueriesContext) -> list[str]:
    """The queries of a page, without the savepoints that stand for a transaction in a test."""
    return [q["sql"][:150] for q in queries if "SAVEPOINT" not in q["sql"]]


@pytest.fixture
def three(bureau: Bureau) -> Bureau:
    make_unit(bureau, A, "长春示例（集团）有限公司", bureau.county, former_names="春城旧名工厂", size="large")
    make_unit(bureau, B, "甲市示范律师事务所", unit_type="law_firm", size="", status="suspended")
    make_unit(
        bureau, C, "乙市劳务派遣有限公司", bureau.other, dispatch_licence="D-1", dispatch_licence_until="2020-01-01"
    )
    return bureau


def shown(client, query: str = "") -> list[str]:
    """Codes of the list, in its order."""
    page = client.get(f"{LIST}?{query}").context["page"]
    return [unit.uscc for unit in page]


def test_who_may_look(three: Bureau) -> None:
    for role in ("clerk", "reviewer", "approver", "cashier", "supervisor", "auditor"):
        assert three.client(role).get(LIST).status_code == 200, role
        assert three.client(role).get(f"{LIST}{A}/").status_code == 200, role
    for path in (LIST, f"{LIST}{A}/", f"{LIST}totals", f"{LIST}export.csv"):
        assert three.client("administrator").get(path).status_code == 403, path
    assert three.client("auditor").get(f"{LIST}export.csv").status_code == 403


def test_a_stranger_is_sent_to_the_login(three: Bureau, client) -> None:
    response = client.get(LIST)
    assert response.status_code == 302
    assert response["Location"].startswith("/login")


def test_an_office_sees_its_own_and_those_below(three: Bureau) -> None:
    assert shown(three.client("clerk")) == [A, B, C]
    assert shown(three.client("clerk", three.city)) == [A, B]
    assert shown(three.client("clerk", three.county)) == [A]
    assert shown(three.client("clerk", three.other)) == [C]


def test_outside_the_scope_is_not_found(three: Bureau) -> None:
    other = three.client("clerk", three.other)
    response = other.get(f"{LIST}{A}/")
    assert response.status_code == 404
    assert "长春示例" not in response.content.decode()
    assert other.get(f"{LIST}{C}/").status_code == 200
    assert "长春示例" not in b"".join(other.get(f"{LIST}export.csv")).decode()
    assert "1" in other.get(f"{LIST}totals").content.decode()
    # the office of another city is no choice of the filter, and does not open it
    assert shown(other, f"office={three.city.pk}") == [C]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=长春", [A]),
        ("name=示例(集团) 有限", [A]),
        ("name=旧名", [A]),
        ("name=有限公司", [A, C]),
        ("name=没有的", []),
        ("uscc=91220101", [A, B]),
        ("uscc=91220101ma0000002b", [B]),
        ("size=large", [A]),
        ("size=large&rows=20", [A]),  # the size of a unit is not the size of a page
        ("size=unknown", [B]),
        ("unit_type=law_firm", [B]),
        ("status=suspended", [B]),
        ("region=2202", [C]),
        ("region=220102", [A]),
        ("licence=expired", [C]),
        ("licence=none", [A, B]),
        ("name=示&unit_type=law_firm", [A, B, C]),  # one character is an error in words; nothing is filtered
    ],
)
def test_filters(three: Bureau, query: str, expected: list[str]) -> None:
    assert shown(three.client("clerk"), query) == expected


def test_the_office_filter_covers_what_is_below(three: Bureau) -> None:
    client = three.client("clerk")
    assert shown(client, f"office={three.city.pk}") == [A, B]
    assert shown(client, f"office={three.county.pk}") == [A]
    assert shown(client, f"office={three.province.pk}") == [A, B, C]


def test_errors_stand_in_words_and_active_filters_as_chips(three: Bureau) -> None:
    client = three.client("clerk")
    assert "请至少填写两个字" in client.get(LIST, {"name": "示"}).content.decode()
    page = client.get(LIST, {"name": "长春", "size": "large"}).content.decode()
    assert "单位名称：长春" in page
    assert "企业划型：大型" in page


def test_keyset_pages_over_equal_names(bureau: Bureau) -> None:
    codes = [f"9122010{n:011d}" for n in range(45)]
    for place, code in enumerate(codes):
        make_unit(bureau, code, "同名有限公司" if place < 40 else f"甲{place}")
    client = bureau.client("clerk")
    seen, query, numbers = [], "order=name&rows=20", []
    while query:
        page = client.get(f"{LIST}?{query}").context["page"]
        seen += [unit.uscc for unit in page]
        numbers += [number for number, _ in page.numbered()]
        last, query = page, page.next_query
    assert sorted(seen) == codes
    assert len(set(seen)) == len(codes)
    assert numbers == list(range(1, 46))
    back = client.get(f"{LIST}?{last.previous_query}").context["page"]
    assert [unit.uscc for unit in back] == seen[20:40]
    assert [number for number, _ in back.numbered()] == list(range(21, 41))
    first = client.get(f"{LIST}?{back.previous_query}").context["page"]
    assert [unit.uscc for unit in first] == seen[:20]
    assert not first.has_previous


@pytest.mark.parametrize("cursor", ["after=nonsense", "before=W10", "after=%00", "after=WzEsInki%2CMV0"])
def test_an_unreadable_cursor_shows_the_first_page(three: Bureau, cursor: str) -> None:
    assert shown(three.client("clerk"), cursor) == [A, B, C]


def test_totals_come_after_the_page(three: Bureau) -> None:
    client = three.client("clerk")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"{LIST}?name=有限公司")
    assert not [
        q for q in queries if "count(" in q["sql"].lower() and "registry_unit" in q["sql"] and "LIMIT" not in q["sql"]
    ]
    assert 'hx-get="/desk/units/totals?' in page.content.decode()
    fragment = client.get(f"{LIST}totals?name=有限公司", headers={"HX-Request": "true"}).content.decode()
    assert "户数 <b>2</b>" in fragment
    assert "<html" not in fragment
    assert "返回列表" in client.get(f"{LIST}totals?name=有限公司").content.decode()


def test_the_page_of_a_unit(three: Bureau) -> None:
    from caseworks.registry.models import Unit

    fill_unit(Unit.objects.get(uscc=A))
    client = three.client("clerk")
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"{LIST}{A}/")
    page = response.content.decode()
    assert len(asked(queries)) <= MOST_QUERIES, asked(queries)
    for words in (
        "长春示例（集团）有限公司",
        "春城旧名工厂",
        "2023-12",
        "欠缴",
        "1,200.50",
        "经营异常",
        "辞职 2",
        "待确认",
    ):
        assert words in page, words
    cards = client.get(f"{LIST}{A}/cards", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in cards
    assert "文书" in cards
    assert three.client("clerk", three.other).get(f"{LIST}{A}/cards").status_code == 404
    history = client.get(f"{LIST}{A}/history").content.decode()
    assert "对公账户（尾号 5678）登记" in history
    assert three.client("clerk", three.other).get(f"{LIST}{A}/history").status_code == 404
    assert "6222020000001234" not in page
    assert "1234" in page


def test_the_list_asks_little(three: Bureau) -> None:
    client = three.client("clerk")
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{LIST}?name=有限公司&order=name")
    assert len(asked(queries)) <= MOST_QUERIES, asked(queries)


def test_exports_hold_the_filter_and_no_formula(three: Bureau) -> None:
    make_unit(three, "91220101MA0000009X", '=HYPERLINK("http://x")有限公司', contact="@甲")
    client = three.client("clerk")
    text = b"".join(client.get(f"{LIST}export.csv?name=有限公司")).decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0].startswith("统一社会信用代码,单位名称")
    assert len(lines) == 4
    assert "'=HYPERLINK" in text
    assert "联系" not in lines[0]
    response = client.get(f"{LIST}export.xlsx?name=有限公司")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response))).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert sheet.max_row == 4
    assert ".xlsx" in response["Content-Disposition"]
    assert client.get(f"{LIST}export.pdf").status_code == 404


def test_an_empty_registry_says_what_to_do_first(bureau: Bureau) -> None:
    page = bureau.client("clerk").get(LIST).content.decode()
    assert "还没有参保单位" in page
    assert "/desk/imports/new" in page
