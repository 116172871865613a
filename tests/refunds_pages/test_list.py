"""筛查结果: what the list shows, to whom, and how it is narrowed down."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from refunds.models import ScreeningRun

LIST = "/desk/refunds/"
TOTALS = "/desk/refunds/totals/"


def names(response: object) -> list[str]:
    return [row.name for row in response.context["page"].rows]  # type: ignore[attr-defined]


def test_a_clerk_of_the_province_sees_every_unit(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get(LIST)
    assert response.status_code == 200
    assert names(response) == [
        "长春示例机械有限公司", "长春裁员纺织有限公司", "吉林待定商贸有限公司", "吉林人力服务有限公司",
    ]  # fmt: skip
    text = response.content.decode()
    assert "裁员率高于控制目标" in text
    assert "疑似劳务派遣" in text
    assert "6,000.00" in text
