"""Receipts of the gateway: signed, lately, each once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caseworks.base.models import Notice
from caseworks.base.notices import handling, receipts, signing
from caseworks.base.notices.delivery import deliver
from caseworks.base.notices.receipts import ReceiptError
from caseworks.registry.models import Unit
from tests.notices.conftest import AT, posted
from tests.notices.gateway import SECRET, Gateway

SECONDS = int(AT.timestamp())


def took(*rows: tuple[str, str, str], secret: str = SECRET, seconds: int = SECONDS) -> int:
    told = [{"key": key, "status": status, "reason": reason} for key, status, reason in rows]
    body = json.dumps({"receipts": told}).encode()
    return receipts.take(body, time=str(seconds), signature=signing.signature(secret, body, seconds), now=AT)


@pytest.fixture
def sent(unit: Unit, gateway: Gateway) -> Notice:
    notice = posted(unit)
    deliver(clock=lambda: AT)
    return notice


@pytest.mark.parametrize(
    ("told", "after"),
    [
        (("delivered", ""), ("delivered", "", "")),
        (("undelivered", "关机"), ("failed", "undelivered", "关机")),
    ],
)
def test_a_receipt_says_whether_it_arrived_once(sent: Notice, told: tuple[str, str], after: Any) -> None:
    assert [took((sent.key, *told)) for _ in range(2)] == [1, 0]
    sent.refresh_from_db()
    assert (sent.status, sent.problem, sent.reason) == after
    assert sent.receipt_at == AT


def test_a_receipt_before_the_answer_stands(unit: Unit, gateway: Gateway) -> None:
    notice = posted(unit)
    Notice.objects.filter(pk=notice.pk).update(status="sending", attempts=1)
    assert took((notice.key, "delivered", "")) == 1
    deliver(clock=lambda: AT)
    notice.refresh_from_db()
    assert notice.status == "delivered"


def test_a_late_receipt_of_an_earlier_sending_is_passed_over(sent: Notice) -> None:
    took((sent.key, "undelivered", "关机"))
    handling.resend([sent.pk], because="已开机", label="clerk", at=AT)
    assert took((sent.key, "delivered", "")) == 0
    assert Notice.objects.get(pk=sent.pk).status == "waiting"


@pytest.mark.parametrize("key", ["", "x", "1", "99999999-0", "-1-0", "١-٠", "1" * 30 + "-0"])
def test_a_key_that_is_not_known_is_passed_over(sent: Notice, key: str) -> None:
    assert took((key, "delivered", "")) == 0


@pytest.mark.parametrize(
    ("given", "status"),
    [({"secret": "another"}, 403), ({"seconds": SECONDS - 301}, 403), ({"seconds": SECONDS + 301}, 403)],
)
def test_a_wrong_or_old_signature_is_refused(sent: Notice, given: Any, status: int) -> None:
    with pytest.raises(ReceiptError) as refused:
        took((sent.key, "delivered", ""), **given)
    assert refused.value.status == status


@pytest.mark.parametrize("secret", ["", SECRET])
def test_without_a_secret_no_receipt_is_taken(sent: Notice, settings: Any, secret: str) -> None:
    settings.SMS_SECRET = ""
    with pytest.raises(ReceiptError):
        took((sent.key, "delivered", ""), secret=secret)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"receipts": 1}', b'{"receipts": [{"key": "1-0", "status": "lost"}]}'])
def test_a_body_that_cannot_be_read_is_refused(sent: Notice, body: bytes) -> None:
    with pytest.raises(ReceiptError) as refused:
        receipts.take(body, time=str(SECONDS), signature=signing.signature(SECRET, body, SECONDS), now=AT)
    assert refused.value.status == 400
