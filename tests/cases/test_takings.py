"""Taking and handing over: shown to all, no accident, no lock for ever. (N6.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.cases import history, queues, reviews, takings
from caseworks.cases.models import ReviewSheet, Taking
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from tests.cases.conftest import AT, CLOCK, Bureau, open_some

pytestmark = pytest.mark.django_db
LATER = AT + dt.timedelta(days=5)


class Desk:
    """Two clerks, a reviewer and a supervisor of the city, and three cases of its county."""

    def __init__(self, bureau: Bureau, staff: Callable[..., Actor]) -> None:
        self.bureau = bureau
        self.clerk, self.other = staff(Role.CLERK, bureau.city), staff(Role.CLERK, bureau.county)
        self.reviewer, self.supervisor = staff(Role.REVIEWER, bureau.city), staff(Role.SUPERVISOR, bureau.city)
        self.cases = open_some(bureau.county, 3)
        ReviewSheet.objects.bulk_create(ReviewSheet(case_id=case) for case in self.cases)

    def pass_on(self, cases: list[int], by: Actor, **more: object) -> int:
        return reviews.pass_on(stage="first", case_ids=cases, opinion="", by=by, at=AT, **more)  # type: ignore[arg-type]

    def holders(self) -> list[str]:
        standing = Taking.objects.standing(AT).order_by("case")
        return list(standing.values_list("person__username", flat=True))


@pytest.fixture
def desk(bureau: Bureau, staff: Callable[..., Actor]) -> Desk:
    return Desk(bureau, staff)


def test_others_do_not_pass_a_taken_case_by_accident(desk: Desk) -> None:
    assert takings.take(desk.cases[:2], by=desk.clerk, at=AT) == 2
    assert takings.take(desk.cases[:2], by=desk.clerk, at=AT) == 2  # once more changes nothing
    assert Taking.objects.count() == 2
    with pytest.raises(Refusal, match=r"2 件已由同事认领，未作任何更改.*\n示例单位1（clerk 测试甲市 已认领）"):
        desk.pass_on(desk.cases, desk.other)
    left = reviews.exceptions("first", desk.cases, desk.other.person, AT)
    assert [(row.case_id, row.missing()) for row in left] == [
        (case, "由 clerk 测试甲市 认领") for case in desk.cases[:2]
    ]
    rows = queues.waiting("first", scheme="refunds", year=2024)
    assert (
        list(queues.due(rows, "first", desk.other.person, AT.date(), AT).values_list("pk", flat=True)) == desk.cases[2:]
    )
    assert desk.pass_on(desk.cases[2:], desk.other) == 1
    assert desk.pass_on(desk.cases[:2], desk.clerk) == 2
    assert desk.holders() == []
    assert set(Taking.objects.values_list("ended_because", flat=True)) == {"已办理"}


def test_a_taking_runs_out_at_the_end_of_the_next_working_day(desk: Desk) -> None:
    friday = dt.datetime(2024, 7, 5, 9, tzinfo=dt.UTC)
    takings.take(desk.cases[:1], by=desk.clerk, at=friday)
    assert Taking.objects.get().until == dt.datetime(2024, 7, 8, 16, tzinfo=dt.UTC)  # Monday's midnight at home
    with pytest.raises(Refusal, match="已由同事认领"):
        takings.take(desk.cases[:1], by=desk.other, at=friday + dt.timedelta(days=3))
    assert takings.take(desk.cases[:1], by=desk.other, at=friday + dt.timedelta(days=4)) == 1
    rows = Taking.objects.order_by("pk").values_list("person__username", "ended_because")
    assert list(rows) == [(desk.clerk.person.username, "到期"), (desk.other.person.username, "")]


def test_a_colleague_takes_a_case_over_knowingly(desk: Desk) -> None:
    takings.take(desk.cases[:1], by=desk.clerk, at=AT)
    assert takings.take(desk.cases[:1], by=desk.other, at=AT, over=True) == 1
    assert desk.holders() == [desk.other.person.username]
    with pytest.raises(Refusal, match="已由同事认领"):
        desk.pass_on(desk.cases[:1], desk.clerk)
    assert desk.pass_on(desk.cases[:1], desk.other) == 1


def test_cases_are_handed_to_who_may_pass_them(desk: Desk) -> None:
    to = desk.other.person
    assert takings.hand(desk.cases, to=to, by=desk.clerk, at=AT) == 3
    assert desk.holders() == [to.username] * 3
    assert takings.hand(desk.cases[:1], to=desk.clerk.person, by=desk.supervisor, at=AT) == 1
    assert desk.holders()[0] == desk.clerk.person.username
    with pytest.raises(Refusal, match="reviewer 测试甲市没有办理测试县初审的权限"):
        takings.hand(desk.cases, to=desk.reviewer.person, by=desk.clerk, at=AT)
    with pytest.raises(Refusal, match="您没有办理测试县初审的权限"):
        takings.take(desk.cases, by=desk.reviewer, at=AT)
    (far,) = open_some(desk.bureau.other, prefix="B")
    with pytest.raises(Refusal, match="您没有办理测试乙市初审的权限"):
        takings.hand([far], to=to, by=desk.clerk, at=AT)
    assert takings.let_go(desk.cases, by=desk.other, at=AT) == 2
    assert desk.holders() == [desk.clerk.person.username]


def test_who_signed_already_is_given_nothing(desk: Desk, bureau: Bureau, staff: Callable[..., Actor]) -> None:
    from caseworks.people.models import Appointment

    held = Appointment.objects.get(person=desk.clerk.person)
    held.pk, held.role = None, Role.REVIEWER
    held.save()
    desk.pass_on(desk.cases[:1], desk.clerk)
    with pytest.raises(Refusal, match="您已在前面的环节签署 示例单位1，不能再办理复核"):
        takings.take(desk.cases[:1], by=desk.clerk, at=AT)
    with pytest.raises(Refusal, match="clerk 测试甲市已在前面的环节签署"):
        takings.hand(desk.cases[:1], to=Person.objects.get(pk=desk.clerk.person.pk), by=desk.reviewer, at=AT)


def test_what_is_not_under_review_is_not_taken(desk: Desk) -> None:
    history.take("withdraw", desk.cases[:1], by=CLOCK, at=AT, note="放弃")
    with pytest.raises(Refusal, match="1 件不在审核环节，未作任何更改。请刷新后重试：\n示例单位1（已撤回）"):
        takings.take(desk.cases, by=desk.clerk, at=AT)
    with pytest.raises(Refusal, match="没有选中任何业务件"):
        takings.take([], by=desk.clerk, at=AT)
    with pytest.raises(Refusal, match="须由具名的工作人员"):
        takings.take(desk.cases, by=CLOCK, at=AT)


def test_a_taking_for_another_stage_keeps_nobody(desk: Desk) -> None:
    takings.take(desk.cases[:1], by=desk.clerk, at=AT)
    history.take("pass_first", desk.cases[:1], by=CLOCK, at=AT)  # past the operation: the taking is still there
    assert takings.by_others(desk.cases, desk.reviewer.person, AT) == {}
    assert takings.take(desk.cases[:1], by=desk.reviewer, at=AT) == 1


def test_the_database_keeps_one_taking_a_case_and_its_record(desk: Desk) -> None:
    takings.take(desk.cases[:1], by=desk.clerk, at=AT)
    row = Taking.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="taking_one_a_case"), transaction.atomic():
        row.save()
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Taking.objects.all().delete()
    with pytest.raises(ProgrammingError, match=r"taking_frozen|Cannot"), transaction.atomic():
        Taking.objects.update(until=LATER)
