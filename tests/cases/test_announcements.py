"""Announcements: another person publishes, working days, no private numbers, an objection holds its own line. (N6.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.cases import announcements, history, objections
from caseworks.cases.history import Shown
from caseworks.cases.models import Announcement, AnnouncementLine, Case, Event, Hold, Objection
from caseworks.cases.private_words import private_words
from caseworks.law import installation, policies
from caseworks.law.models import Policy
from caseworks.people.actors import Actor
from caseworks.people.models import OfficeRegion
from tests.cases.conftest import AT, CLOCK, Bureau, open_some

pytestmark = pytest.mark.django_db
MONDAY, FRIDAY, NEXT_MONDAY = dt.date(2024, 7, 1), dt.date(2024, 7, 5), dt.date(2024, 7, 8)


@dataclass(frozen=True)
class Staff:
    clerk: Actor
    reviewer: Actor
    approver: Actor
    supervisor: Actor


@pytest.fixture
def people(bureau: Bureau, staff: Callable[..., Actor]) -> Staff:
    """Staff of the city, under the policy rows and the calendar of the seeds."""
    for office, prefix in ((bureau.province, "22"), (bureau.city, "2201"), (bureau.county, "220102")):
        OfficeRegion.objects.create(office=office, prefix=prefix)
    list(installation.load_calendar(by=CLOCK, at=AT, on=AT.date()))
    list(installation.load_policies(by=CLOCK, at=AT))
    signer = staff(Role.SUPERVISOR, bureau.province)
    policies.put_in_force(Policy.objects.get(scheme="refunds", region="22", year=2024), by=signer, at=AT)
    return Staff(*(staff(role, bureau.city) for role in (Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR)))


def approved(bureau: Bureau, people: Staff, count: int = 3, prefix: str = "S") -> list[int]:
    """Approved cases of 101, 102, … yuan."""
    cases = open_some(bureau.county, count, prefix)
    for step, by in (("pass_first", CLOCK), ("pass_second", people.reviewer), ("approve", people.approver)):
        history.take(step, cases, by=by, at=AT)
    return cases


def drawn(cases: list[int], people: Staff, **more: object) -> Announcement:
    values = {"title": "2024年度稳岗返还公示（第一批）", "by": people.reviewer, "at": AT, **more}
    return announcements.draw_up(scheme="refunds", year=2024, case_ids=cases, **values)  # type: ignore[arg-type]


def published(cases: list[int], people: Staff, on: dt.date = MONDAY) -> Announcement:
    return announcements.publish(drawn(cases, people), by=people.approver, at=AT, on=on)


def object_to(announcement: Announcement, position: int = 1, on: dt.date = FRIDAY, **more: object) -> Objection:
    line = AnnouncementLine.objects.get(announcement=announcement, position=position)
    values = {
        "kind": "layoffs", "channel": "public", "objector": "李某", "contact": "139-0000-0000", "words": "年末大量裁员",
        "by": objections.Visitor(address="198.51.100.7"), "at": AT, "on": on, **more,
    }  # fmt: skip
    return objections.receive(line, **values)  # type: ignore[arg-type]


def statuses(cases: list[int]) -> list[str]:
    return list(Case.objects.filter(pk__in=cases).order_by("pk").values_list("status", flat=True))


def test_the_list_is_frozen_and_published_by_another_person(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people)
    announcement = drawn(cases, people, shown=Shown(3, Decimal("306.00")))
    assert statuses(cases) == ["approved"] * 3
    assert (announcement.count, announcement.total, announcement.office) == (3, Decimal("306.00"), bureau.county)
    assert list(announcement.lines.order_by("position").values_list("position", "name", "name_key", "amount")) == [
        (n, f"示例单位{n}", f"示例单位{n}", Decimal(100 + n)) for n in (1, 2, 3)
    ]
    with pytest.raises(Refusal, match="拟制人不能自己发布公示，未作任何更改"):
        announcements.publish(announcement, by=people.reviewer, at=AT, on=MONDAY)
    with pytest.raises(Refusal, match="没有为测试县发布公示的权限"):
        announcements.publish(announcement, by=people.clerk, at=AT, on=MONDAY)
    announcements.publish(announcement, by=people.approver, at=AT, on=MONDAY)
    assert (announcement.first_day, announcement.last_day, announcement.provisional) == (MONDAY, FRIDAY, False)
    assert (announcement.number, announcement.slug) == ("测试县公示〔2024〕1号", "T220102-2024-1")
    assert statuses(cases) == ["announced"] * 3
    event = Event.objects.filter(case=cases[0]).latest("seq")
    assert (event.step, event.note, event.data["last_day"]) == ("announce", "测试县公示〔2024〕1号", "2024-07-05")
    with pytest.raises(Refusal, match="该公示已公示，未作任何更改"):
        announcements.publish(announcement, by=people.approver, at=AT, on=MONDAY)
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        announcement.lines.update(amount=1)
    with pytest.raises(IntegrityError, match="announcement_four_eyes"), transaction.atomic():
        Announcement.objects.filter(pk=announcement.pk).update(published_by=people.reviewer.person)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (dt.date(2024, 7, 1), dt.date(2024, 7, 5)),
        (dt.date(2024, 7, 6), dt.date(2024, 7, 12)),  # a Saturday counts for nothing
        (dt.date(2024, 9, 29), dt.date(2024, 10, 10)),  # a Sunday made up for; the holidays of October
    ],
)
def test_five_working_days_the_first_one_counted(bureau: Bureau, people: Staff, first: dt.date, last: dt.date) -> None:
    assert published(approved(bureau, people, 1), people, first).last_day == last


def test_numbers_have_no_gaps(bureau: Bureau, people: Staff) -> None:
    first, second = approved(bureau, people, 1, "A"), approved(bureau, people, 1, "B")
    assert published(first, people).number == "测试县公示〔2024〕1号"
    announcement = drawn(second, people)
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        announcements.publish(announcement, by=people.approver, at=AT, on=MONDAY)
        raise RuntimeError
    announcement.refresh_from_db()
    assert announcements.publish(announcement, by=people.approver, at=AT, on=MONDAY).number == "测试县公示〔2024〕2号"


def test_only_approved_cases_once_and_as_shown(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people)
    (early,) = open_some(bureau.county, 1, "E")
    with pytest.raises(Refusal, match="1 件不是待公示状态，未作任何更改：示例单位1（待初审）"):
        drawn([*cases, early], people)
    with pytest.raises(Refusal, match=r"所见为 2 件、203.00 元，现为 3 件、306.00 元"):
        drawn(cases, people, shown=Shown(2, Decimal("203.00")))
    with pytest.raises(Refusal, match="没有为测试县拟制公示的权限"):
        drawn(cases, people, by=people.clerk)
    assert Announcement.objects.count() == 0
    first = drawn(cases[:2], people)
    with pytest.raises(Refusal, match="已列入另一份公示"):
        drawn(cases[1:], people)
    assert list(announcements.awaiting("refunds", 2024).values_list("pk", flat=True)) == cases[2:]
    announcements.discard(first, reason="名单有误", by=people.reviewer, at=AT)
    assert drawn(cases, people).count == 3


def test_a_case_that_changed_since_stops_publication(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people)
    announcement = drawn(cases, people)
    history.take("send_back", cases[:1], by=people.approver, at=AT, note="数据有误")
    with pytest.raises(
        Refusal, match="1 户在拟制之后有变化或已不是待公示状态，未作任何更改：示例单位1。请作废后重新拟制"
    ):
        announcements.publish(announcement, by=people.approver, at=AT, on=MONDAY)
    assert statuses(cases) == ["opened", "approved", "approved"]


def test_numbers_of_persons_block_publication(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people, 1)
    with pytest.raises(Refusal, match="标题含有手机号码，未作任何更改"):
        drawn(cases, people, title="咨询 １３９ ０１２３ ４５６７")
    announcement = drawn(cases, people)
    Announcement.objects.filter(pk=announcement.pk).update(title="咨询 13901234567")
    with pytest.raises(Refusal, match="公示内容含有个人信息，未发布") as refused:
        announcements.publish(announcement, by=people.approver, at=AT, on=MONDAY)
    assert refused.value.details == ("标题：含手机号码",)
    assert statuses(cases) == ["approved"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("示例商贸有限公司", []),
        ("甲110101199003070011乙", ["证件号码"]),
        ("11010119900307001X", ["证件号码"]),
        ("6222 0212 3456 7890 123", ["银行卡号"]),
        ("１３９０１２３４５６７", ["手机号码"]),
        ("0431-88888888", ["固定电话"]),
        ("长春市2024年第12批", []),
    ],
)
def test_what_counts_as_a_number_of_a_person(text: str, found: list[str]) -> None:
    assert private_words(text) == found


def test_the_clock_clears_what_nobody_objected_to_once(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people)
    announcement = published(cases, people)
    objection = object_to(announcement, 2)
    assert announcements.clear_due(FRIDAY, by=CLOCK, at=AT) == 0
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 2
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 0
    assert statuses(cases) == ["cleared", "announced", "cleared"]
    objections.decide(objection, upheld=False, answer="经查人数属实", by=people.supervisor, at=AT, on=NEXT_MONDAY)
    assert statuses(cases)[1] == "announced"
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 1
    assert statuses(cases) == ["cleared"] * 3
    assert Event.objects.filter(case=cases[1], step="clear").count() == 1


def test_a_provisional_end_waits_for_the_calendar(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people, 1)
    announcement = published(cases, people, dt.date(2030, 1, 2))
    assert announcement.provisional
    assert announcements.clear_due(dt.date(2030, 3, 1), by=CLOCK, at=AT) == 0
    assert statuses(cases) == ["announced"]


def test_an_upheld_objection_refuses_the_case(bureau: Bureau, people: Staff, staff: Callable[..., Actor]) -> None:
    cases = approved(bureau, people)
    announcement = published(cases, people)
    first, second = object_to(announcement), object_to(announcement, kind="premium")
    assert Hold.objects.standing().filter(case=cases[0], kind="objection").count() == 1
    for reviewer in (people.reviewer, people.approver):
        with pytest.raises(Refusal, match="您审核过该业务件，不能处理对它的异议"):
            objections.decide(first, upheld=False, answer="不属实", by=reviewer, at=AT, on=FRIDAY)
    with pytest.raises(Refusal, match="没有处理测试县公示异议的权限"):
        objections.decide(first, upheld=False, answer="不属实", by=people.clerk, at=AT, on=FRIDAY)
    with pytest.raises(IntegrityError, match="objection_handled_by_another"), transaction.atomic():
        Objection.objects.filter(pk=first.pk).update(decided_by=people.reviewer.person)
    other = staff(Role.APPROVER, bureau.province)
    objections.decide(first, upheld=True, answer="裁员属实", by=other, at=AT, on=FRIDAY)
    assert statuses(cases) == ["refused", "announced", "announced"]
    assert Hold.objects.standing().filter(case=cases[0]).count() == 1
    objections.decide(second, upheld=False, answer="已另案处理", by=other, at=AT, on=FRIDAY)
    assert Hold.objects.standing().count() == 0
    with pytest.raises(Refusal, match="该异议已处理（不成立），未作任何更改"):
        objections.decide(second, upheld=True, answer="再次处理", by=other, at=AT, on=FRIDAY)


@pytest.mark.tampers  # a case is batched without a payment
def test_objections_are_taken_within_the_period_only(bureau: Bureau, people: Staff) -> None:
    cases = approved(bureau, people)
    announcement = published(cases, people)
    with pytest.raises(Refusal, match="2024-07-08 不在公示期内，未作登记"):
        object_to(announcement, on=NEXT_MONDAY)
    with pytest.raises(Refusal, match="没有为测试县登记异议的权限"):
        object_to(announcement, channel="counter")
    announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT)
    late = object_to(announcement, channel="post", by=people.clerk, on=NEXT_MONDAY, received_on=FRIDAY)
    assert (late.received_on, late.received_label) == (FRIDAY, people.clerk.label)
    assert Hold.objects.standing().get(kind="objection").case_id == cases[0]
    history.take("batch", cases[1:2], by=CLOCK, at=AT)
    with pytest.raises(Refusal, match="示例单位2现为“拨付中”，不再受理公示异议"):
        object_to(announcement, 2, channel="post", by=people.clerk, on=NEXT_MONDAY, received_on=FRIDAY)


def test_one_address_is_not_heard_too_often(bureau: Bureau, people: Staff, settings: object) -> None:
    settings.OBJECTIONS_AN_HOUR = 2  # type: ignore[attr-defined]
    announcement = published(approved(bureau, people), people)
    for position in (1, 2):
        object_to(announcement, position)
    with pytest.raises(Refusal, match="您提交得过于频繁，本次没有登记"):
        object_to(announcement, 3)
    object_to(announcement, 3, at=AT + dt.timedelta(minutes=61))
    assert Objection.objects.count() == 3
