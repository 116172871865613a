"""The certificate registry asked over HTTP, on a real local server: signed both ways, each answer kept (J3.1)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from caseworks.base.notices.signing import SIGNATURE, TIME, headers, holds
from subsidies import claims
from subsidies.certificate_service import over_http
from subsidies.enums import Channel
from subsidies.lookups import Answer
from subsidies.models import Claim, Lookup
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

SECRET = "a-secret-of-the-registry"
HELD = {
    "found": True, "cert_type": "skill_level", "occupation_code": "6-31-01-03", "occupation": "电工", "level": 4,
    "issued_on": "2024-02-10", "issuer": "示例评价机构",
}  # fmt: skip


class Registry:
    """A certificate registry of one answer."""

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda asked: {**HELD, "key": asked["key"]}
        self.status, self.secret, self.wait = 200, SECRET, 0.0
        self.asked: list[dict[str, Any]] = []
        self.signed: list[bool] = []


@pytest.fixture
def registry(settings: Any) -> Iterator[Registry]:
    found = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            given = {"time": self.headers[TIME], "given": self.headers[SIGNATURE]}
            found.signed.append(holds(SECRET, body, now=int(time.time()), **given))
            found.asked.append(json.loads(body))
            time.sleep(found.wait)
            said = json.dumps(found.answer(found.asked[-1]), ensure_ascii=False).encode()
            self.send_response(found.status)
            for name, value in headers(found.secret, said, int(time.time())).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CERTIFICATE_SOURCE = "subsidies.certificate_service.over_http"
    settings.CERTIFICATE_URL = f"http://127.0.0.1:{server.server_port}/certificates"
    settings.CERTIFICATE_SECRET, settings.CERTIFICATE_TIMEOUT = SECRET, 1
    yield found
    server.shutdown()
    server.server_close()


def test_a_signed_answer_is_taken(registry: Registry) -> None:
    found = over_http("220103196105140003", "S1")
    assert found == Answer(
        "证书查询接口 127.0.0.1", True, "6-31-01-03", "电工", 4, "2024-02-10", "示例评价机构", "skill_level"
    )
    assert registry.signed == [True]
    assert {name: registry.asked[0][name] for name in ("id_no", "cert_no")} == {
        "id_no": "220103196105140003", "cert_no": "S1",
    }  # fmt: skip
    registry.answer = lambda asked: {"found": False, "key": asked["key"]}
    assert over_http("220103196105140003", "S2") == Answer("证书查询接口 127.0.0.1", False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secret": "another"}, "签名不符"),
        ({"status": 503}, "应答 503"),
        ({"wait": 1.6}, "没有应答（TimeoutError）"),
        ({"answer": lambda asked: {**HELD, "key": "of another question"}}, "不是对本次查询的"),
        ({"answer": lambda asked: {**HELD, "key": asked["key"], "level": 9}}, "不合约定（level）"),
        ({"answer": lambda asked: {"key": asked["key"]}}, "不合约定（found、level、issued_on）"),
        ({"answer": lambda asked: {**HELD, "key": asked["key"], "issuer": ["x"]}}, "不合约定（issuer）"),
    ],
)
def test_an_answer_that_is_none_is_said_to_be_none(registry: Registry, change: dict[str, Any], words: str) -> None:
    for name, value in change.items():
        setattr(registry, name, value)
    found = over_http("220103196105140003", "S1")
    assert (found.found, found.level, words in found.problem) == (False, 0, True), found.problem


def test_nobody_there_and_an_address_that_may_not_be_used(registry: Registry, settings: Any) -> None:
    settings.CERTIFICATE_URL = "http://127.0.0.1:9/nobody"
    assert "没有应答" in over_http("220103196105140003", "S1").problem
    settings.CERTIFICATE_URL = "http://certificates.example/"
    with pytest.raises(ImproperlyConfigured, match="CASEWORKS_CERTIFICATE_URL must begin with https"):
        over_http("220103196105140003", "S1")


@pytest.mark.django_db
def test_a_claim_is_taken_and_judged_whatever_the_registry_answers(registry: Registry, settings: Any) -> None:
    settings.TRAINING = True
    call_command("setup")
    id_no = build.worker()
    build.certificate(id_no, "C1", level=4)
    given = {"channel": Channel.COUNTER, "by": OPERATOR, "at": AT, "id_no": id_no, "applied_on": build.D("2024-06-03")}
    claims.take(cert_no="C1", **given)
    registry.status = 500
    claims.take(cert_no="C2", **given)
    first, second = Lookup.objects.order_by("pk")
    assert (first.found, first.answer["level"], first.source) == (True, 4, "证书查询接口 127.0.0.1")
    assert (second.found, second.answer["problem"]) == (False, "应答 500，没有给出结果")
    assert [claim.outcome for claim in Claim.objects.order_by("pk")] == ["granted", "refused"]
