"""The year's end: reminded three times, published, given up by a supervisor's decision only, payable as long as not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.books import money
from caseworks.cases import history, holds
from caseworks.cases.enums import HoldKind
from caseworks.cases.history import Shown
from caseworks.cases.holds import Held
from caseworks.cases.models import Case
from caseworks.money import bank_results, year_end
from caseworks.money.models import FinalCall, Reminder
from caseworks.people.actors import Actor
from tests.money.conftest import AT, CLOCK, Cases, Results, give_account, state
from tests.people.builders import PASSWORD, person

NEW_YEAR = dt.date(2025, 1, 6)


def day(month: int, number: int) -> dt.date:
    return dt.date(2024, month, number)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def chief(cases: Cases) -> Actor:
    return Actor.of_person(person("chief", "supervisor"))


@pytest.fixture
def left(cases: Cases, results: Results) -> dict[str, int]:
    """One case without an account, one returned by the bank, one objected to, and one that simply waits its turn."""
    held, returned, objected, turn = cases.make(1, account=""), cases.make(2), cases.make(3), cases.make(4)
    (payment,) = cases.send([returned])
    bank_results.book(results(f"{payment.payment_no},returned,2024-07-12,账号户名不符"), by=cases.staff.cashier, at=AT)
    holds.place([Held(held, HoldKind.ACCOUNT_MISSING, "没有可用的收款账户。")], by=CLOCK, at=AT)
    holds.place([Held(objected, HoldKind.OBJECTION, "公示异议 1")], by=CLOCK, at=AT)
    return {"held": held, "returned": returned, "objected": objected, "turn": turn}


def seen(on: dt.date = NEW_YEAR) -> dict[int, tuple[str, int, bool]]:
    return {row.case: (row.why, row.reminded, row.ripe) for row in year_end.left_over("refunds", 2024, by=CLOCK, on=on)}


def remind_all() -> None:
    for on in (day(12, 1), day(12, 16), day(12, 26)):
        year_end.remind(on, at=AT)


def published(left: dict[str, int], by: Actor, *names: str) -> FinalCall:
    office = Case.objects.get(pk=left["held"]).office
    ids = [left[name] for name in names or ("held", "returned")]
    return year_end.publish(ids, office=office, until=day(12, 31), by=by, at=AT, on=day(12, 27))


def test_what_waits_for_a_reason_is_listed_and_what_waits_its_turn_is_not(left: dict[str, int]) -> None:
    assert seen() == {
        left["held"]: ("held", 0, False),
        left["returned"]: ("returned", 0, False),
        left["objected"]: ("objected", 0, False),
    }
    row = next(
        row for row in year_end.left_over("refunds", 2024, by=CLOCK, on=day(11, 1)) if row.case == left["returned"]
    )
    assert row.reason == "银行退回：账号户名不符"


def test_three_reminders_each_on_its_day_and_none_twice(left: dict[str, int]) -> None:
    days = [(day(11, 30), 0), (day(12, 1), 3), (day(12, 1), 0), (day(12, 15), 0), (day(12, 16), 3), (day(12, 25), 0),
            (day(12, 26), 3), (day(12, 31), 0), (NEW_YEAR, 0)]  # fmt: skip
    assert [year_end.remind(on, at=AT) for on, _ in days] == [told for _, told in days]
    assert Reminder.objects.count() == 9
    events = Notice.objects.filter(template="year_end_reminder", channel="sms").values_list("event_key", flat=True)
    assert set(events) == {f"year_end:{case}:{n}" for name, case in left.items() if name != "turn" for n in (1, 2, 3)}
    with pytest.raises(IntegrityError, match="reminder_once"), transaction.atomic():
        Reminder.objects.create(case_id=left["held"], nth=1, on=day(12, 1), reason="x", at=AT)


def test_a_missed_night_is_caught_up_and_the_next_keeps_its_distance(left: dict[str, int]) -> None:
    assert year_end.remind(day(12, 27), at=AT) == 3
    assert year_end.remind(day(12, 28), at=AT) == 0
    assert year_end.remind(dt.date(2025, 1, 11), at=AT) == 3
    assert year_end.remind(dt.date(2025, 1, 20), at=AT) == 0
    assert year_end.remind(dt.date(2025, 1, 21), at=AT) == 3


def test_nothing_is_given_up_before_its_time_nor_by_anybody_else(
    left: dict[str, int], chief: Actor, cases: Cases
) -> None:
    ids = [left["held"], left["returned"]]
    with pytest.raises(Refusal, match="2 件未催办满三次"):
        published(left, chief)
    remind_all()
    with pytest.raises(Refusal, match="2 件还不能视为放弃"):
        year_end.waive(ids, by=chief, at=AT, on=NEW_YEAR, because="未办结")
    with pytest.raises(Refusal, match=r"发布.*公告的权限"):
        published(left, cases.staff.approver)
    call = published(left, chief)
    assert (call.lines, str(call.document.number)) == (2, f"{call.office.issuer}〔2024〕1号")
    with pytest.raises(Refusal, match="还不能视为放弃"):
        year_end.waive(ids, by=chief, at=AT, on=day(12, 31), because="未办结")
    with pytest.raises(Refusal, match="有异议的先处理"):
        year_end.waive([left["objected"]], by=chief, at=AT, on=NEW_YEAR, because="未办结")
    with pytest.raises(Refusal, match="须由主管本人决定"):
        year_end.waive(ids, by=CLOCK, at=AT, on=NEW_YEAR, because="未办结")
    with pytest.raises(Refusal):
        year_end.waive(ids, by=cases.staff.approver, at=AT, on=NEW_YEAR, because="未办结")
    with pytest.raises(Refusal, match="所见为 1 件"):
        year_end.waive(ids, by=chief, at=AT, on=NEW_YEAR, because="未办结", shown=Shown(1, Decimal(101)))
    assert year_end.waive(ids, by=chief, at=AT, on=NEW_YEAR, because="未办结", shown=Shown(2, Decimal(203))) == 2
    assert [state(left[name]) for name in left] == ["waived", "waived", "cleared", "cleared"]


def test_what_was_approved_in_time_stays_payable_afterwards(left: dict[str, int], chief: Actor, cases: Cases) -> None:
    remind_all()
    published(left, chief)
    give_account(cases.unit(1))
    (payment,) = cases.send([left["held"]], on=NEW_YEAR)
    assert (payment.amount, payment.batch.policy.year, payment.sent_on) == (Decimal("101.00"), 2024, NEW_YEAR)
    assert left["held"] not in seen(NEW_YEAR)
    with pytest.raises(Refusal, match="还不能视为放弃"):
        year_end.waive([left["held"]], by=chief, at=AT, on=NEW_YEAR, because="未办结")


def test_the_pages(left: dict[str, int], chief: Actor) -> None:
    remind_all()
    client = Client()
    assert client.login(username="chief", password=PASSWORD, request=client.get("/login/").wsgi_request)
    url = reverse("money:left_list") + "?scheme=refunds&year=2024"
    page = client.get(url).content.decode()
    assert "没有可用的收款账户" in page
    page = client.post(reverse("money:left_publish") + "?scheme=refunds&year=2024", follow=True).content.decode()
    assert "份公告，共 3 件" in page
    call = FinalCall.objects.first()
    assert call is not None
    public = Client().get(reverse("final_calls:call", args=[call.pk])).content.decode()
    assert Case.objects.get(pk=left["held"]).name in public
    assert "101.00" not in public
    assert Client().get(reverse("final_calls:list")).status_code == 200
    assert client.get(reverse("money:call_paper", args=[call.pk]))["Content-Type"] == "application/pdf"
    page = client.get(reverse("money:left_waive") + "?scheme=refunds&year=2024").content.decode()
    assert "没有可视为放弃的业务件" in page


def test_the_books_name_what_was_given_up_without_reminders(cases: Cases) -> None:
    case = cases.make(1)
    with transaction.atomic():
        history.take("waive", [case], by=CLOCK, at=AT, note="测试")
        sql = money.CHECKS["waived_after_three_reminders_and_a_list"].sql
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert [row[1] for row in cursor.fetchall()] == ["视为放弃，催办 0 次，未公告"]
        transaction.set_rollback(True)
