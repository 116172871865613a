"""窗口登记账户: entered by a clerk with source and date, confirmed by another; kinds, scope and what is refused. (N5.2)"""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from caseworks.registry.models import Account

from .bureau import Bureau, make_unit

A, B = "91220101MA0000001A", "91220201MA0000003C"
PAGE = f"/desk/units/{A}/account/new"


@pytest.fixture
def one(bureau: Bureau) -> Bureau:
    make_unit(bureau, A, "长春示例（集团）有限公司", bureau.county, former_names="春城旧名工厂", size="micro")
    make_unit(bureau, B, "乙市示例有限公司", bureau.other)
    return bureau


def words(client: Client, url: str, data: dict[str, str] | None = None) -> str:
    answer = client.get(url) if data is None else client.post(url, data, follow=True)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def given(number: str = "6222 0000 1111 2222", **changes: str) -> dict[str, str]:
    return {
        "kind": "corporate", "account_name": "长春示例(集团)有限公司", "account_no": number, "account_again": number,
        "bank_name": "示例银行长春分行", "bank_code": "", "source": "开户许可证", "sourced_on": "2024-07-01", **changes,
    }  # fmt: skip


def test_a_clerk_enters_it_and_another_confirms_it(one: Bureau) -> None:
    clerk, reviewer = one.client("clerk"), one.client("reviewer")
    assert "登记账户" in words(clerk, f"/desk/units/{A}/")
    assert "没有账户：支付会等待账户补齐" in words(clerk, PAGE)
    assert "账户已登记，由另一人在“账户变更”中核对确认" in words(clerk, PAGE, given())
    row = Account.objects.get()
    assert (row.status, row.kind, row.account_no, row.source) == (
        "proposed", "corporate", "6222000011112222", "开户许可证，2024-07-01",
    )  # fmt: skip
    listed = words(reviewer, "/desk/accounts/")
    assert "开户许可证，2024-07-01" in listed
    assert "6222000011112222" not in listed + words(clerk, PAGE)
    decided = words(reviewer, "/desk/accounts/", {"accounts": str(row.pk), "decision": "confirm"})
    assert "已确认 1 个账户" in decided
    row.refresh_from_db()
    assert row.status == "current"
    assert row.confirmed_by_id != row.proposed_by_id
    assert "该账号与在用账户相同，未作任何更改" in words(clerk, PAGE, given())


def test_a_former_name_will_do_and_the_tax_account_may_stand_in_another(one: Bureau) -> None:
    clerk = one.client("clerk")
    assert "账户已登记" in words(clerk, PAGE, given(account_name="春城旧名工厂"))
    tax = given("621700003333", kind="tax", account_name="张某", source="税务部门协查函")
    assert "账户已登记" in words(clerk, PAGE, tax)
    assert sorted(Account.objects.values_list("kind", "status")) == [("corporate", "proposed"), ("tax", "proposed")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"account_name": "别的公司"}, "与单位名称“长春示例（集团）有限公司”不一致，未作任何更改"),
        ({"account_again": "6222"}, "两次输入的账号不一致"),
        ({"sourced_on": "2999-01-01"}, "来源日期 2999-01-01 在今天之后，未作任何更改"),
        ({"sourced_on": "昨天"}, "来源日期应为 YYYY-MM-DD"),
        ({"account_no": "62A"}, "银行账号应为 8 至 32 位数字"),
    ],
)
def test_what_is_wrong_is_said(one: Bureau, changes: dict[str, str], reason: str) -> None:
    assert reason in words(one.client("clerk"), PAGE, given(**changes))
    assert not Account.objects.exists()


def test_who_may_not(one: Bureau) -> None:
    assert one.client("reviewer").get(PAGE).status_code == 403
    assert one.client("auditor").post(PAGE, given()).status_code == 403
    near = one.client("clerk", one.city)
    assert near.get(PAGE).status_code == 200
    assert near.get(f"/desk/units/{B}/account/new").status_code == 404
    assert "登记账户" not in words(one.client("reviewer"), f"/desk/units/{A}/")
