"""核算单, 为什么没有我 and 人工核定 on a province that the engine itself has judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caseworks.registry import partitions
from caseworks.registry.models import Contribution, Unit
from refunds import screening
from refunds.models import Assessment, Determination, ScreeningRun
from tests.refunds_pages.conftest import ON, code, make_unit, plain, policy_of
from tests.refunds_pages.staff import AT, SHELL, make_person

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"


def pay(unit: Unit, opening: int, closing: int | None) -> None:
    """Twelve paid months with a headcount at each end of 2023; `None` has the December of the year before instead."""
    months = [f"2023-{month:02d}" for month in range(1, 13)]
    if closing is None:
        months[-1] = "2022-12"
    for period in months:
        people = closing if period == "2023-12" and closing is not None else opening
        Contribution.objects.bulk_create(
            [
                Contribution(
                    uscc=unit.uscc, period=period, kind="normal", serial="1", headcount=people, due=100,
                    paid=100, paid_on=f"{period}-15",
                )
            ]
        )  # fmt: skip


@pytest.fixture
def province(db: None) -> dict[str, Unit]:
    """长春 with an eligible unit, one above the ceiling and one without a December, judged by the engine."""
    make_person("clerk")
    make_person("reviewer")
    policy_of(2024)
    partitions.ensure(2022)
    partitions.ensure(2023)
    units = {
        "good": make_unit(1, "长春示例机械有限公司", "220102"),
        "cut": make_unit(2, "长春裁员纺织有限公司", "220102"),
        "gap": make_unit(3, "长春缺月商贸有限公司", "220102", size="micro"),
        "twin": make_unit(4, "长春示例纺织有限公司", "220102"),
    }
    pay(units["good"], 40, 40)
    pay(units["cut"], 31, 29)
    pay(units["gap"], 10, None)
    screening.run(2024, "22", ON, SHELL, AT)
    return units


def page(client: Client, unit: Unit) -> str:
    response = client.get(f"/desk/refunds/2024/{unit.uscc}/")
    assert response.status_code == 200
    return plain(response)


pytestmark = pytest.mark.django_db(transaction=True)


def test_the_numbers_of_a_refusal_explain_themselves(province: dict[str, Unit], sign_in: Callable[..., Client]) -> None:
    text = page(sign_in(), province["cut"])
    assert "上年初缴费 31 人，年末缴费 29 人，净减员 2 人，裁员率 6.45%，高于 5.5%" in text
    assert "（31－0－0－29）÷ 31 = 2 ÷ 31 = 6.45%" in text
    assert "N2.2（人社部发〔2024〕40号 二）" in text
    assert "不高于 5.5%" in text
    assert "30 人（含）以下" not in text


def test_an_eligible_unit_shows_how_its_amount_comes_about(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    text = page(sign_in(), province["good"])
    assert "1,200.00 元（上年度实缴）× 60% = 720.00 元" in text
    assert "柒佰贰拾元整" in text
    assert "按现在的数据重新核算" not in text.replace("按现有数据", "")


def test_data_that_changed_since_is_told_line_by_line(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    Contribution.objects.filter(uscc=province["good"].uscc, period="2023-12").update(headcount=30)
    text = page(sign_in(), province["good"])
    assert "结论与上次筛查不同" in text
    assert "结论 符合 不符合" in text
    assert "返还金额 720.00 元 0.00 元" in text
    assert Assessment.objects.get(uscc=province["good"].uscc).outcome == "eligible"


def test_pages_take_few_queries(province: dict[str, Unit], sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    client.get("/desk/")
    taken = {}
    for address in (
        f"/desk/refunds/2024/{province['cut'].uscc}/",
        f"/desk/refunds/screenings/{ScreeningRun.objects.get().pk}/",
        "/desk/refunds/screenings/",
        "/desk/refunds/determinations/",
        "/desk/refunds/determinations/manual/",
        "/desk/why/?q=裁员",
    ):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        taken[address] = sum(query["sql"] not in ("BEGIN", "COMMIT") for query in queries)
    assert {address: count for address, count in taken.items() if count > 14} == {}


@pytest.mark.parametrize("asked", [code(2), "裁员", code(2).lower().replace("9122", "９１２２")])
def test_the_counter_gets_an_answer_with_numbers(
    asked: str, province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    response = sign_in().get("/desk/why/", {"q": asked})
    text = plain(response)
    assert "2024 年度，该单位不符合条件" in text
    assert "裁员率 6.45%，高于 5.5%" in text
    assert "有疑问请联系" in text
    assert "长春市南关区" in text


def test_several_matches_are_listed_and_none_is_answered_in_words(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    client = sign_in()
    assert [unit.name for unit in client.get("/desk/why/", {"q": "纺织"}).context["matches"]] == [
        "长春示例纺织有限公司", "长春裁员纺织有限公司",
    ]  # fmt: skip
    assert "没有找到“不存在的公司”" in client.get("/desk/why/", {"q": "不存在的公司"}).content.decode()
    assert "请核对证照上的统一社会信用代码" in client.get("/desk/why/", {"q": code(2)[:-1] + "Z"}).content.decode()
    assert "请至少输入两个字" in client.get("/desk/why/", {"q": "春"}).content.decode()


def test_a_unit_that_came_after_the_screening_is_judged_on_the_spot(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    new = make_unit(7, "长春后来机械有限公司", "220102")
    pay(new, 12, 12)
    text = plain(sign_in().get("/desk/why/", {"q": "后来"}))
    assert "筛查时名册中还没有该单位；按现有数据试算，该单位符合条件，应返还 720.00 元" in text
    assert not Assessment.objects.filter(uscc=new.uscc).exists()


def test_a_missing_fact_is_set_by_one_and_confirmed_by_another(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    unit, clerk, reviewer = province["gap"], sign_in("clerk"), sign_in("reviewer")
    assert "填报核定" in page(clerk, unit)
    address = f"/desk/refunds/determinations/new/2024/{unit.uscc}/?fact=closing_headcount"
    given = {
        "value": "10",
        "source": "社保台账",
        "evidence": "12 月在册 10 人",
        "file": SimpleUploadedFile("证明.pdf", PDF),
    }
    response = clerk.post(address, given, follow=True)
    made = Determination.objects.get()
    assert "等待另一人确认" in response.content.decode()
    assert (made.value, made.file_name, made.status) == ("10", "证明.pdf", "set")
    own = f"/desk/refunds/determinations/{made.pk}/"
    clerk.post(own, {"decision": "confirm", "note": ""})
    assert Determination.objects.get().status == "set"
    refused = reviewer.post(own, {"decision": "refuse", "note": ""})
    assert "请写明不予确认的原因" in refused.content.decode()
    text = plain(reviewer.post(own, {"decision": "confirm", "note": "属实"}, follow=True))
    assert "已确认并重新核算：长春缺月商贸有限公司 符合，返还金额 660.00 元" in text
    assert "年末缴费人数" in text
    assert Assessment.objects.get(uscc=unit.uscc).outcome == "eligible"
    assert "人工核定：年末参保人数 10 人" in page(clerk, unit)


def test_a_fact_set_twice_or_a_file_of_another_kind_is_refused_in_words(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    clerk = sign_in("clerk")
    address = f"/desk/refunds/determinations/new/2024/{province['gap'].uscc}/?fact=closing_headcount"
    wrong = {
        "value": "10",
        "source": "台账",
        "evidence": "见附件",
        "file": SimpleUploadedFile("a.pdf", b"MZ\x90\x00 program"),
    }
    assert "不是可用的 PDF" in clerk.post(address, wrong).content.decode()
    assert not Determination.objects.exists()
    right = {"value": "10", "source": "台账", "evidence": "见台账"}
    clerk.post(address, right)
    assert "已有一条核定等待确认" in clerk.post(address, right).content.decode()
    assert "请填写" in clerk.post(address, {}).content.decode() or Determination.objects.count() == 1


def test_a_sheet_is_taken_whole_or_not_at_all(
    province: dict[str, Unit], sign_in: Callable[..., Client], tmp_path: Path
) -> None:
    clerk, address = sign_in("clerk"), "/desk/refunds/determinations/sheet/"
    template = b"".join(clerk.get(address + "template/").streaming_content)  # type: ignore[attr-defined]
    path = tmp_path / "核定.xlsx"
    path.write_bytes(template)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert [cell.value for cell in sheet[2]][:3] == [province["gap"].uscc, 2023, "年末参保人数"]
    bad = SimpleUploadedFile("核定.xlsx", template)
    text = clerk.post(address, {"file": bad}).content.decode()
    assert "没有保存任何核定" in text
    assert "第 2 行" in text
    assert not Determination.objects.exists()
    sheet["D2"], sheet["E2"], sheet["F2"] = 9, "台账", "12 月在册 9 人"
    book.save(path)
    response = clerk.post(address, {"file": SimpleUploadedFile("核定.xlsx", path.read_bytes())}, follow=True)
    assert "已提交 1 条核定" in response.content.decode()
    assert Determination.objects.get().value == "9"
    assert (
        "没有保存任何核定" in clerk.post(address, {"file": SimpleUploadedFile("x.xlsx", b"nonsense")}).content.decode()
    )
