"""筛查结果: what the list shows, how it is narrowed down, what is taken away, and how the database finds it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from urllib.parse import urlencode

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caseworks.base.models import Run
from caseworks.people.models import Office
from refunds.models import Assessment, ScreeningRun
from tests.refunds_pages.conftest import assess, code, make_unit

LIST = "/desk/refunds/"
MACHINE, TEXTILE, TRADE, LABOUR = (
    "长春示例机械有限公司",
    "长春裁员纺织有限公司",
    "吉林待定商贸有限公司",
    "吉林人力服务有限公司",
)


def names(response: object) -> list[str]:
    return [row.name for row in response.context["page"].rows]  # type: ignore[attr-defined]


def body(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_clerk_of_the_province_sees_every_unit(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get(LIST)
    assert names(response) == [MACHINE, TEXTILE, TRADE, LABOUR]
    text = response.content.decode()
    for words in ("裁员率高于控制目标", "疑似劳务派遣", "6,000.00", "6.45%", "导出Excel", "第 1–4 条"):
        assert words in text


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"outcome": "ineligible"}, [TEXTILE]),
        ({"reason": "size_unknown"}, [TRADE]),
        ({"flag": "dispatch_suspected"}, [LABOUR]),
        ({"flag": "any"}, [LABOUR]),
        ({"unit_size": "unknown"}, [TRADE]),
        ({"unit_type": "enterprise", "unit_size": "small"}, [MACHINE, TEXTILE, LABOUR]),
        ({"region": "2202"}, [TRADE, LABOUR]),
        ({"name": "裁员"}, [TEXTILE]),
        ({"uscc": code(1).lower()}, [MACHINE]),
        ({"amount_from": "0.01"}, [MACHINE, LABOUR]),
        ({"amount_from": "300", "amount_to": "300.00"}, [LABOUR]),
        ({"year": "2024", "outcome": "apply"}, []),
        ({"order": "amount"}, [MACHINE, LABOUR, TRADE, TEXTILE]),
    ],
)
def test_the_address_narrows_the_list(
    conditions: dict[str, str], expected: list[str], judged: ScreeningRun, sign_in: Callable[..., Client]
) -> None:
    response = sign_in().get(f"{LIST}?{urlencode(conditions)}")
    assert names(response) == expected


def test_an_office_is_an_equality_and_counts_what_is_below_it(
    judged: ScreeningRun, sign_in: Callable[..., Client]
) -> None:
    client = sign_in()
    city, county = Office.objects.get(code="220200"), Office.objects.get(code="220202")
    assert names(client.get(f"{LIST}?office={city.pk}")) == [TRADE, LABOUR]
    assert names(client.get(f"{LIST}?office={county.pk}")) == [TRADE, LABOUR]
    assert "长春" in client.get(f"{LIST}?office={Office.objects.get(code='220000').pk}").content.decode()


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"amount_from": "很多"}, "金额从（元）"),
        ({"amount_from": "9", "amount_to": "1"}, "上限 1 小于下限 9"),
        ({"outcome": "nonsense"}, "结论"),
        ({"uscc": "91;DROP"}, "只含数字和字母"),
        ({"year": "1066"}, "政策年度"),
        ({"name": "一"}, "单位名称"),
        ({"office": "0"}, "经办机构"),
        ({"after": "%%%"}, "序号"),
        ({"amount_from": "1e400"}, "金额从（元）"),
    ],
)
def test_a_wrong_condition_is_answered_in_words(
    conditions: dict[str, str], words: str, judged: ScreeningRun, sign_in: Callable[..., Client]
) -> None:
    client = sign_in()
    response = client.get(f"{LIST}?{urlencode(conditions)}")
    assert response.status_code == 200
    assert words in response.content.decode()
    if "after" not in conditions:
        assert response.context["form"].problems
        refused = client.get(f"/desk/refunds/export/csv/?{urlencode(conditions)}")
        assert refused.status_code == 302
        assert "没有导出" in client.get(refused["Location"]).content.decode()


def test_chips_lead_to_the_list_without_them(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    chips = sign_in().get(f"{LIST}?outcome=ineligible&name=裁员").context["form"].chips
    assert [(chip.label, chip.value) for chip in chips] == [("结论", "不符合"), ("单位名称", "裁员")]
    assert "outcome" not in chips[0].without


def test_before_the_first_screening_the_page_says_what_to_do(sign_in: Callable[..., Client]) -> None:
    text = sign_in().get(LIST).content.decode()
    assert "还没有筛查结果" in text
    assert "发起筛查" in text


def test_csv_carries_what_is_filtered_and_runs_no_formula(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    assess(make_unit(9, "=HYPERLINK(1)有限公司", "220102"), judged)
    response = sign_in().get("/desk/refunds/export/csv/?outcome=eligible")
    assert response["Content-Disposition"].startswith("attachment")
    text = body(response).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["单位名称"] for row in rows} == {MACHINE, LABOUR, "'=HYPERLINK(1)有限公司"}
    first = next(row for row in rows if row["单位名称"] == LABOUR)
    assert (first["结论"], first["提示"], first["返还金额（元）"], first["返还比例"]) == (
        "符合",
        "疑似劳务派遣",
        "300.00",
        "60%",
    )
    run = Run.objects.get(kind="export")
    assert (run.state, run.summary) == ("done", {"rows": 3, "query": "outcome=eligible", "words": "结论：符合"})
    assert run.person is not None


def test_xlsx_carries_numbers_as_numbers_and_codes_as_text(
    judged: ScreeningRun, sign_in: Callable[..., Client]
) -> None:
    assess(make_unit(9, "=1+1有限公司", "220102"), judged)
    response = sign_in().get("/desk/refunds/export/xlsx/")
    sheet = openpyxl.load_workbook(io.BytesIO(body(response))).active
    header, *rows = list(sheet.iter_rows())
    at = {cell.value: place for place, cell in enumerate(header)}
    assert len(rows) == 5
    cells = {row[at["单位名称"]].value: row for row in rows}
    assert cells["=1+1有限公司"][at["单位名称"]].data_type == "s"
    assert cells[MACHINE][at["返还金额（元）"]].value == 6000
    assert cells[MACHINE][at["统一社会信用代码"]].data_type == "s"


def test_an_unknown_format_is_not_there(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    assert sign_in().get("/desk/refunds/export/pdf/").status_code == 404


def fill(screening: ScreeningRun, count: int = 20000) -> None:
    """As many judgements, most of them of 长春, some of 吉林 and of its districts."""
    model = Assessment.objects.filter(outcome="eligible").first()
    assert model is not None
    names_of = [
        field.column for field in Assessment._meta.fields if field.column not in ("id", "uscc", "amount", "office_id")
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO refunds_assessment ({", ".join(names_of)}, uscc, amount, office_id)
            SELECT {", ".join(f"a.{name}" for name in names_of)}, '99' || lpad(n::text, 16, '0'),
                   (n * 37) %% 9973, a.office_id
            FROM refunds_assessment a, generate_series(1, %s) n WHERE a.id = %s""",
            [count, model.pk],
        )
        cursor.execute("ANALYZE refunds_assessment, people_office")


@pytest.mark.parametrize("office", ["220000", "220100", "220102"])
@pytest.mark.parametrize("order", ["uscc", "amount", "amount_up"])
def test_a_page_walks_an_index_and_neither_sorts_nor_scans(
    office: str, order: str, judged: ScreeningRun, sign_in: Callable[..., Client]
) -> None:
    fill(judged)
    client = sign_in("clerk", office)
    second = f"{LIST}?{client.get(f'{LIST}?order={order}').context['page'].next_query}"
    for address in (f"{LIST}?order={order}", second):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        assert len(response.context["page"].rows) == 50
        assert len(queries) <= 12, "\n".join(q["sql"][:200] for q in queries)
        [sql] = [
            q["sql"] for q in queries if q["sql"].startswith('SELECT "refunds_assessment"') and "LIMIT" in q["sql"]
        ]
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + sql)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Sort" not in plan, plan
        assert "Seq Scan on refunds_assessment" not in plan, plan


def test_pages_follow_one_another_without_a_gap(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    fill(judged, 130)
    client, seen, query = sign_in(), [], "order=amount&rows=20"
    while query:
        page = client.get(f"{LIST}?{query}").context["page"]
        seen += [row.uscc for row in page.rows]
        query = page.next_query
    assert len(seen) == 134
    assert seen == [row.uscc for row in Assessment.objects.order_by("-amount", "-uscc")]
