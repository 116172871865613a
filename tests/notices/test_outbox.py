"""The outbox: once an event, with the event's transaction, sent by whoever comes first, never twice."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from caseworks.base import notices
from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.base.notices import delivery, handling, recipients
from caseworks.base.notices.delivery import ATTEMPTS, LEASE, Delivered, deliver
from caseworks.base.notices.gateways import Accepted, Message
from caseworks.base.side import side_connection, try_lock, unlock
from caseworks.base.tasks import deliver_notices
from caseworks.people.models import Office
from caseworks.registry.models import Unit
from tests.notices.conftest import AT, PHONE, event, posted
from tests.notices.gateway import Gateway

MINUTE = dt.timedelta(minutes=1)


def run(at: dt.datetime = AT, most: int = 5000) -> Delivered:
    return deliver(clock=lambda: at, most=most)


def states() -> list[tuple[str, str, str]]:
    return list(Notice.objects.filter(channel="sms").order_by("pk").values_list("status", "problem", "reason"))


def test_an_event_is_posted_once_a_channel(unit: Unit) -> None:
    rows = [event(unit, "paid:1"), event(unit, "paid:2")]
    assert [notices.post(rows, template="paid", at=AT) for _ in range(2)] == [4, 0]
    found = Notice.objects.order_by("event_key", "channel").values_list("event_key", "channel", "status", "case")
    assert list(found) == [
        ("paid:1", "portal", "sent", 7),
        ("paid:1", "sms", "waiting", 7),
        ("paid:2", "portal", "sent", 7),
        ("paid:2", "sms", "waiting", 7),
    ]


def test_what_is_rolled_back_was_never_announced(unit: Unit) -> None:
    with transaction.atomic():
        notices.post([event(unit)], template="paid", at=AT)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_ten_thousand_are_posted_by_one_statement(city: Office, django_assert_num_queries: Any) -> None:
    select = """
        SELECT 'paid:' || n AS event_key, 'refunds' AS scheme, 2024 AS year, lpad(n::text, 18, '0') AS subject, '单位' || n AS name,
               %(office)s::bigint AS office_id, %(office)s::bigint AS city_office_id, n AS case_id,
               jsonb_build_object('amount', {amount}) AS params
        FROM generate_series(1, 10000) n
    """.format(amount=notices.MONEY.format("n * 1000.5"))
    notices.post([], template="paid", at=AT)  # the template is installed
    with django_assert_num_queries(2):
        assert notices.post_select("paid", select, {"office": city.pk}, at=AT) == 20000
    assert Notice.objects.get(event_key="paid:10000", channel="sms").params == {"amount": "10,005,000.00"}


def test_a_notice_is_never_deleted_nor_turned_into_another(unit: Unit) -> None:
    notice = posted(unit)
    with pytest.raises(DatabaseError), transaction.atomic():
        notice.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(subject="X")
    with pytest.raises(IntegrityError, match="notice_failed_with_a_reason"), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(status="failed", next_at=None)


def test_a_message_says_the_template_and_reaches_the_telephone(unit: Unit, gateway: Gateway) -> None:
    notice = posted(unit)
    assert run() == Delivered(sent=1)
    assert [(message["key"], message["phone"]) for message in gateway.received] == [(f"{notice.pk}-0", PHONE)]
    assert gateway.received[0]["text"] == (
        f"{unit.name}：贵单位2024年度稳岗返还100.00元已于2024-07-09拨付到尾号6789的账户，请查收。"
        "资金请按规定用于稳定就业岗位。咨询电话0431-1234567。长春市失业保险经办机构"
    )
    notice.refresh_from_db()
    assert (notice.status, notice.sent_to, notice.gateway_id, notice.sent_at) == ("sent", "138****5678", "gw-1", AT)
    assert run() == Delivered()


@pytest.mark.parametrize(
    ("phone", "problem"),
    [("", "no_phone"), ("0431-8765432", "no_phone"), ("+86 138-1234-5678", "")],
)
def test_only_a_mobile_number_gets_a_message(unit: Unit, gateway: Gateway, phone: str, problem: str) -> None:
    unit.phone = phone
    unit.save()
    posted(unit)
    run()
    assert [(status, why) for status, why, _ in states()] == [("skipped", problem) if problem else ("sent", "")]


def test_a_number_that_wants_none_gets_none_until_it_is_taken_off(unit: Unit, gateway: Gateway) -> None:
    block = handling.block(PHONE, reason="机主来电要求", label="clerk", at=AT)
    assert (block.masked, PHONE.encode() in bytes(block.phone_hash)) == ("138****5678", False)
    posted(unit)
    assert run() == Delivered(skipped=1)
    assert states() == [("skipped", "blocked", "")]
    handling.lift(block, label="clerk", at=AT)
    handling.resend([Notice.objects.get(channel="sms").pk], because="已移出名单", label="clerk", at=AT)
    assert run() == Delivered(sent=1)


def test_without_a_gateway_nothing_is_said_to_be_sent(unit: Unit, settings: Any) -> None:
    settings.SMS_GATEWAY = ""
    posted(unit)
    run()
    assert states() == [("skipped", "no_gateway", "")]


def test_a_message_without_its_value_is_not_sent(unit: Unit, gateway: Gateway) -> None:
    posted(unit, amount="")
    run()
    assert (states(), gateway.received) == ([("failed", "wording", "缺少 amount")], [])


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ((503, {}), ("waiting", "", "503")),
        ((429, {"reason": "busy"}), ("waiting", "", "429 busy")),
        ((400, {"reason": f"number {PHONE} is void"}), ("failed", "refused", "400 number 138****5678 is void")),
    ],
)
def test_what_the_gateway_answers(unit: Unit, gateway: Gateway, answer: Any, after: Any) -> None:
    gateway.answers = [answer]
    posted(unit)
    run()
    assert states() == [after]


def test_it_is_tried_again_later_and_later_and_then_given_up(unit: Unit, gateway: Gateway) -> None:
    gateway.answers = [(503, {})] * ATTEMPTS
    notice = posted(unit)
    waits, now = [], AT
    while True:
        assert run(now).total == 1
        notice.refresh_from_db()
        if notice.next_at is None:
            break
        assert run(notice.next_at - dt.timedelta(seconds=1)).total == 0
        waits.append((notice.next_at - now) // MINUTE)
        now = notice.next_at
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    assert states() == [("failed", "exhausted", "503")]
    assert {message["key"] for message in gateway.received} == {f"{notice.pk}-0"}


def test_a_gateway_that_is_slow_or_away_is_left_alone(unit: Unit, gateway: Gateway, settings: Any) -> None:
    settings.SMS_URL = "http://127.0.0.1:9/nobody"
    for number in range(8):
        posted(unit, f"paid:{number}")
    assert run() == Delivered(in_a_row=5, later=5)
    rows = Notice.objects.filter(channel="sms").order_by("pk").values_list("status", "attempts", "next_at")
    assert list(rows) == [("waiting", 1, AT + MINUTE)] * 5 + [("waiting", 0, AT)] * 3
    settings.SMS_URL, gateway.slow = gateway.url, 1.5
    assert run(most=1) == Delivered(in_a_row=1, later=1)


def test_a_run_takes_so_many_and_the_next_goes_on(unit: Unit, gateway: Gateway) -> None:
    for number in range(5):
        posted(unit, f"paid:{number}")
    assert [run(most=3).sent, run(most=3).sent, run(most=3).sent] == [3, 2, 0]


# -- two couriers, and one that dies


def dying_after(sent: int) -> Any:
    """A gateway that takes so many messages; then the worker dies, the last one taken but not recorded."""

    def gateway(message: Message) -> Any:
        gateway.taken.append(message.key)
        if len(gateway.taken) > sent:
            raise KeyboardInterrupt
        return Accepted("x")

    gateway.taken = []
    return gateway


def test_a_courier_that_dies_loses_nothing_and_repeats_its_key(
    unit: Unit, gateway: Gateway, monkeypatch: Any, settings: Any
) -> None:
    rows = [posted(unit, f"paid:{number}") for number in range(4)]
    dying = dying_after(1)
    monkeypatch.setattr("caseworks.base.notices.gateways.console", dying)
    settings.SMS_GATEWAY = "caseworks.base.notices.gateways.console"
    with pytest.raises(KeyboardInterrupt):
        run()
    assert dying.taken == [rows[0].key, rows[1].key]
    settings.SMS_GATEWAY = "caseworks.base.notices.gateways.http_signed"
    assert run(AT + LEASE - MINUTE) == Delivered()
    assert run(AT + LEASE) == Delivered(sent=3)
    assert [message["key"] for message in gateway.received] == [row.key for row in rows[1:]]
    assert [status for status, *_ in states()] == ["sent"] * 4


def test_an_answer_that_comes_after_the_lease_changes_nothing(unit: Unit, gateway: Gateway) -> None:
    notice = posted(unit)
    [claimed] = delivery._claim(AT, 10)
    assert run(AT + LEASE) == Delivered(sent=1)
    delivery._record(claimed, PHONE, Accepted("late"), AT + LEASE + MINUTE, Delivered())
    notice.refresh_from_db()
    assert notice.gateway_id == "gw-1"


@pytest.fixture
def other_session(transactional_db: None) -> Iterator[Any]:
    with side_connection() as side:
        yield side


@pytest.mark.django_db(transaction=True)
def test_the_task_is_one_courier_at_a_time(other_session: Any, unit: Unit, gateway: Gateway) -> None:
    posted(unit)
    assert try_lock(other_session, "deliver_notices")
    assert deliver_notices() == 0
    unlock(other_session, "deliver_notices")
    assert [deliver_notices(), deliver_notices()] == [1, 0]
    assert not connection.in_atomic_block


# -- what people do


def test_a_failed_one_is_sent_again_with_a_reason_and_a_new_key(unit: Unit, gateway: Gateway) -> None:
    gateway.answers = [(400, {"reason": "void"})]
    notice = posted(unit)
    run()
    with pytest.raises(Refusal, match="须写明理由"):
        handling.resend([notice.pk], because=" ", label="clerk", at=AT)
    assert handling.resend([notice.pk], because="号码已更正", label="clerk", at=AT) == 1
    assert run() == Delivered(sent=1)
    assert [message["key"] for message in gateway.received] == [f"{notice.pk}-0", f"{notice.pk}-1"]
    with pytest.raises(Refusal, match="1 条不是发送失败或未发送的通知，未作任何更改"):
        handling.resend([notice.pk], because="再发", label="clerk", at=AT)


def test_a_portal_message_is_there_at_once_and_read_once(unit: Unit) -> None:
    posted(unit)
    row = Notice.objects.select_related("version").get(channel="portal")
    title, body = recipients.words(row, recipients.of([row])[row.pk])
    assert title == "2024年度稳岗返还已到账"
    assert body.startswith("贵单位2024年度稳岗返还 100.00 元已于 2024-07-09 拨付到 示例银行 尾号 6789 的账户，请查收。")
    for at in (AT, AT + MINUTE):
        handling.read(unit.uscc, row.pk, label="unit", at=at)
    handling.read("somebody else", row.pk, label="stranger", at=AT)
    row.refresh_from_db()
    assert (row.read_at, row.read_label) == (AT, "unit")


def test_no_number_and_no_secret_goes_to_a_log(
    unit: Unit, gateway: Gateway, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    posted(unit)
    run()
    settings.SMS_GATEWAY = "caseworks.base.notices.gateways.console"
    posted(unit, "paid:2")
    run()
    assert "138****5678" in caplog.text
    assert PHONE not in caplog.text
    assert settings.SMS_SECRET not in caplog.text
