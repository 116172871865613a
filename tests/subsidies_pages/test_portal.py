"""A worker's own pages: a code to the registered phone, the own claims only, plain words (J4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from caseworks.base.models import Notice
from caseworks.base.notices import recipients
from caseworks.base.sealed import lookup_hash
from caseworks.people.actors import Actor
from caseworks.registry import cards
from caseworks.registry.models import Worker
from subsidies import claims
from subsidies.enums import Channel
from subsidies.models import Claim, Lookup
from tests.people.builders import unit_user
from tests.refunds_pages.staff import make_person
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR
from tests.subsidies_pages.conftest import plain

pytestmark = pytest.mark.django_db
DAY = "2024-06-28 10:00:00+08:00"


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(DAY, tick=False):
        yield


def code_sent() -> str:
    notice = Notice.objects.filter(template="subsidies_phone_code").latest("pk")
    return str(recipients.values(notice, recipients.of([notice])[notice.pk], opened=True)["code"])


def signed_in(id_no: str, phone: str) -> Client:
    client = Client()
    assert client.post("/portal/subsidies/", {"id_no": id_no, "phone": phone}).status_code == 302
    answer = client.post("/portal/subsidies/code/", {"code": code_sent()})
    assert answer["Location"] == "/portal/subsidies/my/"
    return client


def test_a_worker_claims_with_the_certificates_number_alone(bureau: None) -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1", level=4)
    worker = signed_in(id_no, "19900000001")
    page = plain(worker.get("/portal/subsidies/my/"))
    for words in ("样例1，您好", "电工 中级（四级）", "1,500.00 元", "申领这一本", "**** 0001", "还没有申领过"):
        assert words in page
    answer = worker.post("/portal/subsidies/my/claim/", {"cert_no": "C1"})
    claim = Claim.objects.get()
    assert answer["Location"] == f"/portal/subsidies/my/claims/{claim.pk}/"
    assert (claim.channel, claim.outcome, claim.applied_on.isoformat()) == ("portal", "granted", "2024-06-28")
    assert Lookup.objects.get().claim == claim
    assert "已受理，等待审核" in plain(worker.get(answer["Location"]))
    refused = worker.post("/portal/subsidies/my/claim/", {"cert_no": "C9"}, follow=True)
    assert "查不到本人的这本证书，请核对证件号码和证书编号" in plain(refused)
    assert id_no not in refused.content.decode()


def test_a_new_card_that_waits_is_told_without_its_number(bureau: None) -> None:
    id_no = build.worker(1)
    worker = Worker.objects.get(id_hash=lookup_hash(id_no))
    clerk = Actor(person=make_person("clerk", "220102"))
    cards.propose(worker, cards.Card("样例银行", "6217000010001234567", True), source="读卡", by=clerk, at=AT)
    page = signed_in(id_no, "19900000001").get("/portal/subsidies/my/")
    assert "收到您尾号 4567 的新卡，正在核实" in plain(page)
    for number in ("6217000010001234567", worker.card_account, id_no, worker.phone):
        assert number not in page.content.decode()


def test_nobody_sees_another_persons_claim(bureau: None) -> None:
    mine, other = build.worker(1), build.worker(2)
    for place, id_no in enumerate((mine, other)):
        build.certificate(id_no, f"C{place}")
        claims.take(id_no=id_no, cert_no=f"C{place}", applied_on=AT.date(), channel=Channel.COUNTER, by=OPERATOR, at=AT)
    worker = signed_in(mine, "19900000001")
    theirs = Claim.objects.get(id_hash=lookup_hash(other))
    assert worker.get(f"/portal/subsidies/my/claims/{theirs.pk}/").status_code == 404
    page = worker.get("/portal/subsidies/my/").content.decode()
    assert "C0" in page
    assert "C1" not in page
    worker.post("/portal/subsidies/my/claim/", {"cert_no": "C1"})
    assert Claim.objects.latest("pk").reasons == ["certificate_not_found"]
    assert worker.get("/desk/")["Location"] == "/portal/subsidies/my/"
    for address in (f"/desk/subsidies/{theirs.pk}/", "/portal/", "/desk/subsidies/new/"):
        assert worker.get(address).status_code in {403, 404}


@pytest.mark.parametrize(("id_no", "phone"), [(build.number(1), "19900000009"), (build.number(8), "19900000001")])
def test_the_answer_tells_nobody_whether_a_number_is_known(bureau: None, id_no: str, phone: str) -> None:
    build.worker(1)
    client = Client()
    answer = client.post("/portal/subsidies/", {"id_no": id_no, "phone": phone}, follow=True)
    assert "如果号码与登记一致，验证码已发送到该手机" in plain(answer)
    assert not Notice.objects.exists()
    wrong = client.post("/portal/subsidies/code/", {"code": "123456"})
    assert (wrong.status_code, "验证码不正确或已失效" in plain(wrong)) == (422, True)


def test_a_code_of_another_browser_opens_nothing(bureau: None) -> None:
    id_no = build.worker(1)
    Client().post("/portal/subsidies/", {"id_no": id_no, "phone": "19900000001"})
    assert Client().post("/portal/subsidies/code/", {"code": code_sent()}).status_code == 422


def test_staff_and_enterprises_are_kept_out_and_others_are_led_to_the_entrance(
    bureau: None, sign_in: Callable[..., Client]
) -> None:
    assert Client().get("/portal/subsidies/my/")["Location"] == "/portal/subsidies/"
    assert sign_in("clerk").get("/portal/subsidies/my/").status_code == 403
    client = Client()
    client.force_login(unit_user("firm", "91220102XNQNQPW14U"), "caseworks.people.backends.RoleBackend")
    assert client.get("/portal/subsidies/my/").status_code == 403
    assert "/portal/subsidies/" in Client().get("/login/").content.decode()


def test_too_many_codes_from_an_address_are_refused(bureau: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subsidies.views.portal.ASKS", 2)
    client = Client(REMOTE_ADDR="10.9.8.7")
    answers = [
        client.post("/portal/subsidies/", {"id_no": build.number(1), "phone": "1"}).status_code for _ in range(3)
    ]
    assert answers == [302, 302, 422]
    assert re.search(
        "过于频繁", client.post("/portal/subsidies/", {"id_no": build.number(1), "phone": "1"}).content.decode()
    )
