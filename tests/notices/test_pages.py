"""通知 on the desk: the list with its filters and totals, sending again, numbers that want none, receipts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from caseworks.base.models import Notice, NoticeBlock
from caseworks.base.notices import signing
from caseworks.base.notices.delivery import deliver
from caseworks.registry.models import Unit
from tests.notices.conftest import PHONE, event, posted
from tests.notices.gateway import SECRET, Gateway
from tests.people.builders import PASSWORD, person
from tests.refunds.build import make_unit


@pytest.fixture
def enter(city: object, settings: Any) -> Callable[..., Client]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    def make(role: str, office: str = "220100") -> Client:
        name = f"{role}-{office}"
        person(name, role, at_office=office)
        client = Client()
        assert client.login(username=name, password=PASSWORD, request=client.get("/login/").wsgi_request)
        return client

    return make


def shown(client: Client, query: str = "") -> set[int]:
    page = client.get(f"/desk/notices/?{query}")
    assert page.status_code == 200
    return {row.pk for row in page.context["page"]}


@pytest.fixture
def failed(unit: Unit, gateway: Gateway) -> Notice:
    gateway.answers = [(400, {"reason": "空号"})]
    notice = posted(unit)
    deliver(clock=timezone.now)
    return notice


def test_the_list_is_filtered_and_limited_to_the_own_offices(
    failed: Notice, unit: Unit, enter: Callable[..., Client]
) -> None:
    portal = Notice.objects.get(channel="portal")
    client = enter("clerk")
    assert shown(client) == {failed.pk, portal.pk}
    for query, found in {
        "status=failed": {failed.pk},
        "status=over": {failed.pk},
        "problem=refused": {failed.pk},
        "problem=no_phone": set(),
        "channel=portal": {portal.pk},
        "template=paid": {failed.pk, portal.pk},
        "template=approved": set(),
        f"text={unit.uscc}&year=2024": {failed.pk, portal.pk},
        "case=7": {failed.pk, portal.pk},
        "since=2024-07-09&until=2024-07-09": {failed.pk, portal.pk},
        "since=2024-07-10": set(),
    }.items():
        assert shown(client, query) == found, query
    stranger = enter("clerk", "220200")
    assert shown(stranger) == set()
    assert stranger.get(f"/desk/notices/{failed.pk}/").status_code == 404
    page = client.get(f"/desk/notices/{failed.pk}/").content.decode()
    assert "短信通道拒绝" in page
    assert "138****5678" in page
    assert PHONE not in page


def test_the_totals_count_states_and_units_that_cannot_be_reached(failed: Notice, enter: Callable[..., Client]) -> None:
    silent = make_unit(2, region="220100", phone="")
    for key in ("paid:8", "paid:9"):
        posted(silent, key)
    deliver(clock=timezone.now)
    totals = enter("clerk").get("/desk/notices/totals/").context["totals"]
    assert dict(totals) == {"通知": "6", "已发送": "3", "发送失败": "1", "未发送": "2", "没有手机号码的单位": "1"}


def test_a_failed_one_is_sent_again_with_a_reason(failed: Notice, enter: Callable[..., Client]) -> None:
    client, stranger, reader = enter("clerk"), enter("clerk", "220200"), enter("auditor")
    given = {"notices": [failed.pk], "because": "号码已更正", "back": f"/desk/notices/{failed.pk}/"}
    assert reader.post("/desk/notices/resend/", given).status_code == 403
    stranger.post("/desk/notices/resend/", given)
    failed.refresh_from_db()
    assert failed.status == "failed"
    assert "须写明理由" in client.post("/desk/notices/resend/", {**given, "because": ""}, follow=True).content.decode()
    response = client.post("/desk/notices/resend/", given)
    assert response["Location"] == f"/desk/notices/{failed.pk}/"
    failed.refresh_from_db()
    assert (failed.status, failed.resends, failed.resent_because) == ("waiting", 1, "号码已更正")
    assert failed.resent_label == "clerk-220100（clerk-220100）"


def test_all_of_a_filter_are_sent_again_and_nothing_else(
    failed: Notice, unit: Unit, gateway: Gateway, enter: Callable[..., Client]
) -> None:
    gateway.answers = [(400, {})]
    other = posted(unit, "paid:2")
    deliver(clock=timezone.now)
    sent = posted(unit, "paid:3")
    deliver(clock=timezone.now)
    client = enter("clerk")
    page = client.post(
        "/desk/notices/resend/?template=paid", {"all": "1", "because": "通道恢复"}, follow=True
    ).content.decode()
    assert "2 条通知已列入发送" in page
    states = dict(Notice.objects.filter(channel="sms").values_list("pk", "status"))
    assert states == {failed.pk: "waiting", other.pk: "waiting", sent.pk: "sent"}
    foreign = client.post("/desk/notices/resend/", {"all": "1", "because": "x", "back": "https://evil.example/"})
    assert foreign["Location"] == "/desk/notices/"


def test_numbers_that_want_none(enter: Callable[..., Client]) -> None:
    client = enter("supervisor")

    def add(phone: str, reason: str = "机主要求") -> str:
        return client.post("/desk/notices/blocks/", {"phone": phone, "reason": reason}, follow=True).content.decode()

    assert "请填写 11 位手机号码" in add("1381234")
    page = add(PHONE)
    assert "138****5678 已列入" in page
    assert PHONE not in page
    assert "已在不发送名单" in add("138 1234 5678")
    row = NoticeBlock.objects.get()
    assert "已移出" in client.post(f"/desk/notices/blocks/{row.pk}/lift/", follow=True).content.decode()
    assert (
        "已移出不发送名单，未作更改"
        in client.post(f"/desk/notices/blocks/{row.pk}/lift/", follow=True).content.decode()
    )
    assert enter("cashier").get("/desk/notices/blocks/").status_code == 403


def test_the_gateway_tells_what_arrived(unit: Unit, gateway: Gateway) -> None:
    notice = posted(unit)
    deliver(clock=timezone.now)
    body = json.dumps({"receipts": [{"key": notice.key, "status": "delivered"}]}).encode()

    def tell(secret: str = SECRET, **headers: str) -> Any:
        signed = signing.headers(secret, body, int(time.time()))
        return Client(enforce_csrf_checks=True).post(
            "/notices/receipts/", body, content_type="application/json", headers={**signed, **headers}
        )

    assert tell("another").status_code == 403
    assert Client().post("/notices/receipts/", body, content_type="application/json").status_code == 400
    assert tell().json() == {"changed": 1}
    assert tell().json() == {"changed": 0}
    notice.refresh_from_db()
    assert notice.status == "delivered"


def test_a_case_and_a_unit_show_their_notices(unit: Unit, enter: Callable[..., Client]) -> None:
    from caseworks.base import notices

    notices.post([event(unit)], template="paid", at=timezone.now())
    page = enter("clerk").get(f"/desk/units/{unit.uscc}/cards").content.decode()
    assert "已到账" in page
    assert "单位门户" in page
