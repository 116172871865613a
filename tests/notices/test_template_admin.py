"""通知模板 in the admin: previewed on samples, written by the province's supervisors, every version kept. (N5.1)"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from caseworks.base.models import NoticeTemplate
from caseworks.base.notices import templates
from tests.notices.conftest import AT
from tests.people.builders import PASSWORD, person, seeded

LIST = "/admin/base/noticetemplate/"
WORDS = {"sms": "{name}：核定{amount}元。", "title": "已审核", "body": "核定 {amount} 元。", "note": "更简短"}


@pytest.fixture(autouse=True)
def _bureau(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    seeded()
    templates.install(at=AT)


def enter(role: str, office: str = "220000") -> Client:
    person(f"{role}-{office}", role, at_office=office)
    client = Client()
    request = client.get("/login/").wsgi_request
    assert client.login(username=f"{role}-{office}", password=PASSWORD, request=request)
    return client


def address(code: str = "approved") -> str:
    return f"{LIST}{templates.current(code, at=AT).pk}/change/"


def test_the_list_has_the_versions_in_use() -> None:
    templates.revise(templates.current("paid", at=AT), **WORDS | {"sms": "{name}"}, label="x", at=AT)
    page = enter("supervisor").get(LIST).content.decode()
    assert page.count("已到账") >= 1
    assert page.count("/change/") == len(templates.seeds())


def test_a_preview_shows_the_words_on_samples_and_saves_nothing() -> None:
    client = enter("supervisor")
    assert "核定金额12,345.60元" in client.get(address()).content.decode()
    page = client.post(address(), {**WORDS, "_preview": "1"}).content.decode()
    assert "示例制造有限公司：核定12,345.60元。" in page
    assert not NoticeTemplate.objects.filter(version=2).exists()


def test_saving_makes_a_version_that_is_used_from_now_on() -> None:
    client, old = enter("supervisor"), address()
    page = client.post(old, {**WORDS, "_save": "1"}, follow=True).content.decode()
    assert "已保存“审核通过（第 2 版）”" in page
    made = templates.current("approved", at=AT)
    assert (made.version, made.sms, made.note, made.made_by_label) == (
        2,
        WORDS["sms"],
        "更简短",
        "supervisor-220000（supervisor-220000）",
    )
    page = client.get(old).content.decode()
    assert "这是旧版本，只供查看" in page
    assert client.post(old, {**WORDS, "_save": "1"}).status_code == 403


def test_unknown_placeholders_are_refused_and_nothing_is_lost() -> None:
    page = enter("supervisor").post(address(), {**WORDS, "sms": "{nmae}您好", "_save": "1"}).content.decode()
    assert "{nmae} 不可用，没有保存" in page
    assert "{nmae}您好" in page
    assert not NoticeTemplate.objects.filter(version=2).exists()


@pytest.mark.parametrize(
    ("role", "office", "sees", "saves"),
    [
        ("supervisor", "220100", 200, 403),  # the words go out in the whole province
        ("auditor", "220000", 200, 403),
        ("administrator", "220000", 403, 403),
        ("clerk", "220000", 302, 302),
    ],
)
def test_who_sees_and_who_saves(role: str, office: str, sees: int, saves: int) -> None:
    client = enter(role, office)
    assert client.get(address()).status_code == sees
    assert client.post(address(), {**WORDS, "_save": "1"}).status_code == saves
    assert not NoticeTemplate.objects.filter(version=2).exists()
