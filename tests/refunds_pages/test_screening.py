"""Starting a screening, watching it, and reading what it changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from caseworks.base.models import RunState
from caseworks.registry.models import Contribution, Unit
from refunds import screening, tasks
from refunds.models import Assessment, ScreeningRun
from tests.refunds_pages.conftest import ON
from tests.refunds_pages.conftest import plain as words
from tests.refunds_pages.staff import AT, SHELL
from tests.refunds_pages.test_detail import province

__all__ = ["province"]
pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/desk/refunds/screenings/new/"
CHOICE = {"year": "2024", "region": "22", "as_of": "2024-06-28"}


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What a page hands to the background."""
    sent: list[int] = []
    monkeypatch.setattr(tasks.screen, "delay_on_commit", sent.append)
    return sent


def test_policy_and_data_are_shown_before_anybody_presses(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    response = sign_in().get(NEW, {"year": "2024"})
    text = words(response)
    assert "裁员率控制目标 5.5%" in text
    assert "中小微企业返还比例 60%" in text
    assert "2023-12 2" in text
    assert "数据可能不完整" in text
    assert "2023-12 正常应缴记录 2 条" in text


def test_a_year_without_december_is_refused_before_and_after_pressing(
    province: dict[str, Unit], sign_in: Callable[..., Client], queue: list[int]
) -> None:
    Contribution.objects.filter(period="2023-12").delete()
    client = sign_in()
    assert "没有 2023 年 12 月的缴费记录" in words(client.get("/desk/refunds/screenings/new/basis/", CHOICE))
    assert "没有 2023 年 12 月的缴费记录" in words(client.post(NEW, CHOICE))
    assert queue == []
    assert ScreeningRun.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"as_of": "2999-01-01"}, "筛查日不能晚于今天"),
        ({"as_of": "昨天"}, "筛查日"),
        ({"region": "31"}, "地区"),
        ({"year": "1999"}, "政策年度"),
        ({"as_of": "2020-01-01"}, "缺少生效的政策"),
    ],
)
def test_a_wrong_choice_is_answered_in_words(
    change: dict[str, str], said: str, province: dict[str, Unit], sign_in: Callable[..., Client], queue: list[int]
) -> None:
    response = sign_in().post(NEW, CHOICE | change)
    assert response.status_code == 200
    assert said in words(response)
    assert queue == []


def test_a_city_screens_its_own_regions_only(
    province: dict[str, Unit], sign_in: Callable[..., Client], queue: list[int]
) -> None:
    client = sign_in("clerk", "220100")
    choices = [code for code, _ in client.get(NEW).context["form"].fields["region"].choices]
    assert choices[0] == "2201"
    assert not {"22", "2202", "220202"} & set(choices)
    assert client.post(NEW, CHOICE).status_code == 200
    assert queue == []
    assert client.post(NEW, CHOICE | {"region": "2201"}).status_code == 302
    assert len(queue) == 1


def test_it_is_watched_until_its_end_and_tells_what_changed(
    province: dict[str, Unit], sign_in: Callable[..., Client], queue: list[int]
) -> None:
    client = sign_in()
    Contribution.objects.filter(uscc=province["good"].uscc, period="2023-12").update(headcount=30)
    address = client.post(NEW, CHOICE)["Location"]
    assert "等待开始" in words(client.get(address))
    assert 'hx-trigger="every 1s"' in client.get(address + "progress/").content.decode()
    tasks.screen(queue[0])
    ended = client.get(address + "progress/")
    assert ended["HX-Refresh"] == "true"
    text = words(client.get(address))
    assert "筛查完成" in text
    assert "裁员率高于控制目标" in text
    assert "长春示例机械有限公司" in text
    assert "结论： 符合 → 不符合" in text
    assert "返还金额： 720.00 元 → 0.00 元" in text
    assert "-720.00" in text
    changes = client.get(address + "changes/?was=eligible&became=ineligible")
    assert [row.name for row in changes.context["rows"]] == ["长春示例机械有限公司"]
    taken = b"".join(client.get(address + "changes/export/csv/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "长春示例机械有限公司" in taken
    assert "720.00" in taken


def test_figures_lead_to_the_rows_they_count(province: dict[str, Unit], sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    page = client.get(f"/desk/refunds/screenings/{ScreeningRun.objects.get().pk}/")
    for group in page.context["groups"]:
        for figure in (group, *group.reasons):
            assert len(client.get(figure.url).context["page"].rows) == figure.units, figure


def test_a_refused_run_says_so_plainly(province: dict[str, Unit], sign_in: Callable[..., Client]) -> None:
    prepared = screening.prepare(year=2024, region="22", as_of=ON, by=SHELL, at=AT)
    Contribution.objects.filter(period="2023-12").delete()
    assert tasks.screen(prepared.pk).startswith("refused")
    text = words(sign_in().get(f"/desk/refunds/screenings/{prepared.pk}/"))
    assert "未筛查：不满足条件，未作任何更改" in text
    assert "没有 2023 年 12 月的缴费记录" in text


def test_a_run_whose_process_died_is_shown_interrupted(
    province: dict[str, Unit], sign_in: Callable[..., Client]
) -> None:
    prepared = screening.prepare(year=2024, region="22", as_of=ON, by=SHELL, at=AT)
    run = prepared.run
    run.state, run.started_at = RunState.RUNNING, AT - dt.timedelta(hours=1)
    run.save()
    text = words(sign_in().get(f"/desk/refunds/screenings/{prepared.pk}/"))
    assert "筛查中断" in text
    assert Assessment.objects.count() == 4
