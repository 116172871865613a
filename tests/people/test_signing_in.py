"""Signing in and out, lock-out, first passwords, and what is logged of it."""

from __future__ import annotations

import datetime

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from caseworks.base.errors import Refusal
from caseworks.people import sign_ins, staff
from caseworks.people.actors import Actor
from caseworks.people.models import Person, SignIn

from .builders import AT, PASSWORD, SHELL, person, seeded, unit_user

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


@pytest.fixture(autouse=True)
def _offices() -> None:
    seeded()


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str) -> object:
    return client.post(LOGIN, {"username": username, "password": password}, **extra)  # type: ignore[arg-type]


def log() -> list[tuple[str, str]]:
    return list(SignIn.objects.order_by("pk").values_list("username", "outcome"))


def test_staff_arrive_at_the_desk_and_enterprises_at_the_portal(client: Client) -> None:
    person("wang", "clerk")
    unit_user("firm")
    assert sign_in(client, " WANG ").url == reverse("desk:home")  # type: ignore[attr-defined]
    assert client.get(LOGIN).headers["Location"] == reverse("desk:home")
    client.post(reverse("people:logout"))
    assert sign_in(client, "firm").url == reverse("portal:home")  # type: ignore[attr-defined]
    assert log() == [("wang", "signed_in"), ("wang", "signed_out"), ("firm", "signed_in")]


def test_the_way_back_is_kept_and_foreign_sites_are_not(client: Client) -> None:
    person("wang", "clerk")
    for wanted, arrived in [("/password/", "/password/"), ("https://evil.example/", reverse("desk:home"))]:
        answer = client.post(LOGIN, {"username": "wang", "password": PASSWORD, "next": wanted})
        assert answer.headers["Location"] == arrived
        client.post(reverse("people:logout"))


def test_a_wrong_password_and_an_unknown_name_sound_alike(client: Client) -> None:
    person("wang", "clerk")
    for username in ("wang", "nobody"):
        answer = sign_in(client, username, "wrong")
        assert "用户名或密码不正确" in answer.content.decode()  # type: ignore[attr-defined]
    assert log() == [("wang", "refused"), ("nobody", "refused")]
    assert SignIn.objects.get(username="nobody").person is None


def test_somebody_out_of_service_does_not_get_in_and_is_put_out(client: Client) -> None:
    wang, admin = person("wang", "clerk"), person("admin", "administrator")
    sign_in(client, "wang")
    assert client.get("/password/").status_code == 200
    staff.set_active(wang, False, by=Actor.of_person(admin), on=AT.date())
    assert client.get("/password/").status_code == 302
    assert "用户名或密码不正确" in sign_in(Client(), "wang").content.decode()  # type: ignore[attr-defined]


def test_five_wrong_passwords_lock_the_name_out_from_that_address(client: Client) -> None:
    person("wang", "clerk")
    for attempt in range(5):
        answer = sign_in(client, ("wang", "WANG", "Wang")[attempt % 3], "wrong")
    assert answer.status_code == 429  # type: ignore[attr-defined]
    assert "用户名“wang”连续 5 次输入错误的密码" in answer.content.decode()  # type: ignore[attr-defined]
    assert "15 分钟后再试" in answer.content.decode()  # type: ignore[attr-defined]
    right = sign_in(client, "wang")
    assert right.status_code == 429  # type: ignore[attr-defined]
    assert "_auth_user_id" not in client.session
    assert ("wang", "locked_out") in log()
    elsewhere = sign_in(Client(), "wang", REMOTE_ADDR="10.0.0.9")
    assert elsewhere.status_code == 302  # type: ignore[attr-defined]


def test_an_address_that_tries_many_names_has_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ins, "PER_MINUTE", 6)
    person("wang", "clerk")
    for number in range(6):
        assert sign_in(client, f"guess{number}", "wrong").status_code == 200  # type: ignore[attr-defined]
    refused = sign_in(client, "wang")
    assert refused.status_code == 429  # type: ignore[attr-defined]
    assert "一分钟内登录失败次数过多" in refused.content.decode()  # type: ignore[attr-defined]
    assert sign_in(Client(), "wang", REMOTE_ADDR="10.0.0.9").status_code == 302  # type: ignore[attr-defined]
    later = timezone.now() + datetime.timedelta(seconds=61)
    request = client.get(LOGIN).wsgi_request
    assert (sign_ins.too_many(request, timezone.now()), sign_ins.too_many(request, later)) == (True, False)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.2.3.4", "127.0.0.1"),
        (1, "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        (2, "9.9.9.9, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "127.0.0.1"),
        (1, "no address", None),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_our_own_proxies_saw(
    client: Client, settings: Settings, proxies: int, forwarded: str, address: str | None
) -> None:
    settings.PROXIES = proxies
    request = client.get(LOGIN, headers={"x-forwarded-for": forwarded}).wsgi_request
    assert sign_ins.address_of(request) == address


def test_a_first_password_is_changed_before_anything_else(client: Client) -> None:
    person("wang", "supervisor", must_change=True)
    assert sign_in(client, "wang").url == "/password/"  # type: ignore[attr-defined]
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/password/"
    assert "这是初始密码" in page.content.decode()
    changed = client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": "autumn-wind-77", "new_password2": "autumn-wind-77"}
    )
    assert changed.headers["Location"] == reverse("desk:home")
    wang = Person.objects.get(username="wang")
    assert not wang.must_change_password
    assert wang.password_changed_at is not None
    assert wang.password_changed_at > AT
    assert client.get("/admin/").status_code == 200
    assert log() == [("wang", "signed_in"), ("wang", "password_changed")]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short-1", "至少须有10个字符"),
        ("abcdefghijkl", "同时含有字母和数字"),
        ("198601011234", "同时含有字母和数字"),
        ("password123", "常见"),
        ("wangxiaoming1", "相似"),
        (PASSWORD, "不能与原密码相同"),
    ],
)
def test_password_rules(client: Client, password: str, words: str) -> None:
    person("wangxiaoming", "clerk")
    sign_in(client, "wangxiaoming")
    page = client.post("/password/", {"old_password": PASSWORD, "new_password1": password, "new_password2": password})
    errors = " ".join(
        page.context["form"].errors.get("new_password1", []) + page.context["form"].errors.get("new_password2", [])
    )
    assert words in errors.replace("\xa0", " ")
    assert Person.objects.get(username="wangxiaoming").check_password(PASSWORD)


def test_a_new_password_ends_the_other_sessions(client: Client) -> None:
    person("wang", "clerk")
    other = Client()
    sign_in(client, "wang")
    sign_in(other, "wang")
    client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": "autumn-wind-77", "new_password2": "autumn-wind-77"}
    )
    assert client.get("/password/").status_code == 200
    assert other.get("/password/").status_code == 302


def test_a_session_ends_after_half_an_hour_without_use(client: Client, settings: Settings) -> None:
    person("wang", "clerk")
    sign_in(client, "wang")
    assert settings.SESSION_COOKIE_AGE == client.session.get_expiry_age() == 1800
    assert client.session.get_expire_at_browser_close()
    session = client.session
    session.set_expiry(-1)
    session.save()
    assert client.get("/password/").status_code == 302


def test_the_first_administrator_is_made_once() -> None:
    wang, password = staff.make_administrator("wang", by=SHELL, at=AT, on=AT.date())
    assert wang.check_password(password)
    assert wang.must_change_password
    assert wang.roles(AT.date()) == {"administrator"}
    with pytest.raises(Refusal, match="已有系统管理员"):
        staff.make_administrator("li", by=SHELL, at=AT, on=AT.date())


def test_what_a_new_person_is_refused_for() -> None:
    person("wang")
    for username, words in [("WANG", "已有人使用"), ("a b", "不正确"), ("", "不正确")]:
        with pytest.raises(Refusal, match=words):
            staff.create(username, full_name="王", by=SHELL, at=AT)
    with pytest.raises(Refusal, match="密码不符合要求") as refused:
        staff.create("li", full_name="李", password="123", by=SHELL, at=AT)
    assert len(refused.value.details) >= 2
    with pytest.raises(Refusal, match="校验码不正确"):
        staff.bind_unit(unit_user("firm"), "91220102XNQNQPW14W", by=SHELL, at=AT)
    with pytest.raises(Refusal, match="不能绑定单位"):
        staff.bind_unit(person("zhao"), "91220102XNQNQPW14U", by=SHELL, at=AT)
    assert Person.objects.count() == 3


def test_the_log_is_never_changed(client: Client) -> None:
    sign_in(client, "nobody", "wrong")
    for change in (lambda: SignIn.objects.update(username="x"), lambda: SignIn.objects.all().delete()):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    assert log() == [("nobody", "refused")]
