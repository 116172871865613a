"""The frame: menu by role, errors in words, the public page, health, no inline script or style."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caseworks.desk.menu import MENU, menu
from caseworks.registry.models import Account
from tests.registry_pages.bureau import AT, Bureau, fill_unit, make_unit

A, B = "91220101MA0000001A", "91220201MA0000003C"


def entries(client: Client) -> list[str]:
    groups = client.get("/desk/").context["shell"].menu
    return [entry.label for group in groups for entry in group.entries]


def test_the_menu_holds_only_what_the_person_may_use(bureau: Bureau) -> None:
    clerk, administrator = entries(bureau.client("clerk")), entries(bureau.client("administrator"))
    assert {"工作台", "参保单位", "数据导入"} <= set(clerk)
    assert not {"人员", "机构"} & set(clerk)
    assert {"人员", "机构"} <= set(administrator)
    assert not {"参保单位", "数据导入", "筛查结果"} & set(administrator)


def test_every_entry_of_the_menu_opens_for_whom_it_is_shown(bureau: Bureau) -> None:
    for role in ("clerk", "reviewer", "supervisor", "auditor", "administrator"):
        client = bureau.client(role)
        for group in client.get("/desk/").context["shell"].menu:
            for entry in group.entries:
                response = client.get(entry.url)
                assert response.status_code in (200, 302), (role, entry.label, response.status_code)
                if response.status_code == 302:
                    assert "/login" not in response["Location"], (role, entry.label)


def test_the_current_entry_is_the_longest_that_fits() -> None:
    groups = menu(lambda word: True, reverse("registry:unit_detail", args=[A]), {})
    current = [entry.label for group in groups for entry in group.entries if entry.current]
    assert current == ["参保单位"]
    assert len({item.label for _, items in MENU for item in items}) == sum(len(items) for _, items in MENU)


def test_the_menu_stands_in_the_order_of_the_work() -> None:
    assert [label for label, _ in MENU] == [
        "", "参保数据", "稳岗返还", "劳务派遣", "技能补贴", "审核", "公示", "拨付", "追回", "查询统计", "告知", "监管", "管理",
    ]  # fmt: skip


def test_waiting_work_is_counted_beside_its_entry_and_on_the_workbench(bureau: Bureau) -> None:
    unit, elsewhere = make_unit(bureau, A, "甲"), make_unit(bureau, B, "乙", bureau.other)
    fill_unit(unit)
    fill_unit(elsewhere)
    page = bureau.client("reviewer", bureau.city).get("/desk/")
    waiting = {todo.key: todo.count for todo in page.context["waiting"]}
    assert waiting["accounts"] == 1  # the other city's is not counted
    counted = {e.label: e.count for group in page.context["shell"].menu for e in group.entries}
    assert counted["账户变更"] == 1
    assert "账户变更待确认" in page.content.decode()
    assert not [todo for todo in bureau.client("auditor").get("/desk/").context["waiting"] if todo.key == "accounts"]


def test_what_one_proposed_does_not_wait_for_oneself(bureau: Bureau) -> None:
    make_unit(bureau, A, "甲")
    Account.objects.create(
        uscc=A, kind="corporate", account_no="1234567", account_tail="4567", account_name="甲", status="proposed",
        proposed_at=AT, proposed_by=bureau.person("reviewer"), proposed_label="x",
    )  # fmt: skip
    assert not bureau.client("reviewer").get("/desk/").context["waiting"]


def test_an_empty_database_says_where_to_begin(bureau: Bureau) -> None:
    page = bureau.client("clerk").get("/desk/")
    words = page.content.decode()
    assert [step.done for step in page.context["steps"]] == [False, False, False]
    for word in ("从这里开始", "政策生效", "导入数据", "筛查", "没有待您办理的事项"):
        assert word in words, word
    assert 'href="/desk/imports/new"' in words
    assert 'href="/desk/imports/new"' not in bureau.client("auditor").get("/desk/").content.decode()


def test_the_workbench_asks_little(bureau: Bureau) -> None:
    client = bureau.client("clerk")
    client.get("/desk/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/desk/")
    asked = [q["sql"][:120] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(asked) <= 18, asked


@pytest.mark.parametrize("path", ["/", "/healthz", "/login/"])
def test_public_pages_need_no_login(db: None, client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_public_page_shows_the_policy_in_force(db: None, client: Client) -> None:
    assert "现在没有生效的政策" in client.get("/").content.decode()


def test_errors_are_said_in_words(bureau: Bureau, client: Client) -> None:
    missing = bureau.client("clerk").get("/desk/units/" + A + "/")
    assert missing.status_code == 404
    assert "不在您所在机构的管辖范围内" in missing.content.decode()
    refused = bureau.client("administrator").get("/desk/units/")
    assert refused.status_code == 403
    assert "没有办理此项业务的权限" in refused.content.decode()
    strict = Client(enforce_csrf_checks=True)
    assert "页面打开时间过长" in strict.post("/login/", {"username": "x"}).content.decode()


def test_a_server_error_needs_nothing_but_its_template(rf, db: None) -> None:
    from django.views.defaults import bad_request, server_error

    assert "系统出错" in server_error(rf.get("/x")).content.decode()
    assert "请求有误" in bad_request(rf.get("/x"), Exception()).content.decode()


PAGES = ["/desk/", "/desk/units/", f"/desk/units/{A}/", "/desk/imports/", "/desk/imports/new", "/desk/accounts/", "/"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_style_or_script(bureau: Bureau, path: str) -> None:
    fill_unit(make_unit(bureau, A, "<script>alert(1)</script>有限公司"))
    response = bureau.client("clerk").get(path)
    page = response.content.decode()
    assert "Content-Security-Policy" in response.headers
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.findall(r"<[^>]+\sstyle\s*=", page)
    assert not re.findall(r"<[^>]+\son[a-z]+\s*=", page)
    inline = [tag for tag in re.findall(r"<script[^>]*>", page) if "src=" not in tag and "application/json" not in tag]
    assert not inline
    assert "<style" not in page
    assert "alert(1)</script>" not in page


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label_and_every_page_a_heading(bureau: Bureau, path: str) -> None:
    fill_unit(make_unit(bureau, A, "甲"))
    page = bureau.client("clerk").get(path).content.decode()
    assert page.count("<h1") == 1
    assert 'lang="zh-CN"' in page
    assert 'class="cw-skip"' in page
    for field in re.findall(r"<(?:input|select|textarea)[^>]*>", page):
        if 'type="hidden"' in field or "aria-label=" in field:
            continue
        found = re.search(r'id="([^"]+)"', field)
        assert found, field
        assert f'for="{found[1]}"' in page, field


def test_health_names_what_is_down(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.cache import cache
    from redis.exceptions import ConnectionError as RedisDown

    def down(*args: object, **kwargs: object) -> None:
        raise RedisDown

    monkeypatch.setattr(
        type(cache._connections["default"]) if hasattr(cache, "_connections") else type(cache), "get", down
    )
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "cache": "down"}


def test_without_the_cache_the_menu_still_counts(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import ConnectionError as RedisDown

    from caseworks.desk import waiting

    class Down:
        def get(self, *args: object) -> None:
            raise RedisDown

        set = get

    monkeypatch.setattr(waiting, "cache", Down())
    fill_unit(make_unit(bureau, A, "甲"))
    assert (
        waiting.menu_counts(bureau.person("reviewer"), dt.date(2024, 6, 1), fresh=False)["registry:account_proposals"]
        == 1
    )
