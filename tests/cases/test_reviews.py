"""Reviews: different people, exceptions first, what was shown is signed, a signature dies with its contents. (N6.2)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.cases import history, queues, reviews
from caseworks.cases.history import Shown
from caseworks.cases.models import Case, Event, Review, ReviewSheet
from caseworks.people.actors import Actor
from tests.cases.conftest import AT, CLOCK, Bureau, open_some

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Staff:
    clerk: Actor
    reviewer: Actor
    approver: Actor
    supervisor: Actor
    other_clerk: Actor


@pytest.fixture
def people(bureau: Bureau, staff: Callable[..., Actor]) -> Staff:
    """Staff of the city, and a clerk of its county."""
    roles = (Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR)
    return Staff(*(staff(role, bureau.city) for role in roles), staff(Role.CLERK, bureau.county))


@pytest.fixture
def cases(bureau: Bureau) -> list[int]:
    """Four cases of 101 to 104 yuan with plain sheets."""
    found = open_some(bureau.county, 4)
    ReviewSheet.objects.bulk_create(ReviewSheet(case_id=case) for case in found)
    return found


def mark(case: int, **sheet: object) -> None:
    ReviewSheet.objects.filter(case=case).update(**sheet)


def pass_on(stage: str, cases: list[int], by: Actor, shown: Shown | None = None) -> int:
    return reviews.pass_on(stage=stage, case_ids=cases, opinion="符合条件", by=by, at=AT, shown=shown)


def through(cases: list[int], people: Staff, *stages: str) -> None:
    for stage in stages:
        by = {"first": people.clerk, "second": people.reviewer, "approval": people.approver}[stage]
        pass_on(stage, cases, by)


def statuses(cases: list[int]) -> list[str]:
    return list(Case.objects.filter(pk__in=cases).order_by("pk").values_list("status", flat=True))


def test_three_people_pass_cases_on_in_bulk_and_sign_what_they_saw(cases: list[int], people: Staff) -> None:
    assert pass_on("first", cases, people.clerk, Shown(4, Decimal("410.00"))) == 4
    assert pass_on("second", cases, people.reviewer) == 4
    assert pass_on("approval", cases, people.approver) == 4
    assert statuses(cases) == ["approved"] * 4
    signed = Review.objects.filter(case=cases[0]).values_list("stage", "person__username", "amount", "bulk", "standing")
    assert list(signed) == [
        ("first", "clerk-T2201", Decimal("101.00"), True, True),
        ("second", "reviewer-T2201", Decimal("101.00"), True, True),
        ("approval", "approver-T2201", Decimal("101.00"), True, True),
    ]
    assert [bytes(row.fingerprint) for row in Review.objects.filter(case=cases[0])] == [
        bytes(Case.objects.get(pk=cases[0]).fingerprint)
    ] * 3
    steps = ["open", "pass_first", "pass_second", "approve"]
    assert list(Event.objects.filter(case=cases[0]).values_list("step", flat=True)) == steps


def test_a_bulk_step_is_refused_where_something_else_was_shown(cases: list[int], people: Staff) -> None:
    with pytest.raises(Refusal, match=r"所见为 4 件、400.00 元，现为 4 件、410.00 元，未作任何更改"):
        pass_on("first", cases, people.clerk, Shown(4, Decimal("400.00")))
    assert statuses(cases) == ["opened"] * 4
    assert not Review.objects.exists()


def test_nobody_signs_two_stages_whatever_roles_are_held(
    cases: list[int], people: Staff, bureau: Bureau, staff: Callable[..., Actor]
) -> None:
    from caseworks.people.models import Appointment

    held = Appointment.objects.get(person=people.clerk.person)
    held.pk, held.role = None, Role.REVIEWER
    held.save()
    through(cases, people, "first")
    with pytest.raises(Refusal, match="4 件您已在前面的环节签署，须由另一人办理，未作任何更改"):
        pass_on("second", cases, people.clerk)
    with pytest.raises(IntegrityError, match="event_signed_by_different_people"), transaction.atomic():
        history.take("pass_second", cases, by=people.clerk, at=AT)
    first = Review.objects.filter(case=cases[0]).get()
    first.pk, first.stage = None, "second"
    with pytest.raises(IntegrityError, match="review_nobody_signs_twice"), transaction.atomic():
        first.save()
    assert statuses(cases) == ["first_passed"] * 4


def test_the_one_door_alone_is_not_enough_for_the_next_stage(cases: list[int], people: Staff) -> None:
    history.take("pass_first", cases, by=people.clerk, at=AT)
    with pytest.raises(Refusal, match="4 件缺少前面环节对现有内容的签署"):
        pass_on("second", cases, people.reviewer)
    assert statuses(cases) == ["first_passed"] * 4


def test_flagged_cases_go_one_by_one_after_each_flag_is_cleared_in_words(cases: list[int], people: Staff) -> None:
    case = cases[1]
    mark(case, flags=["paid_late", "type_conflict"])
    assert [row.case_id for row in reviews.exceptions("first", cases, people.clerk.person)] == [case]
    with pytest.raises(Refusal, match=r"1 件不能批量通过，未作任何更改。请逐件打开办理：\n示例单位2（有提示尚未核实）"):
        pass_on("first", cases, people.clerk)
    reviews.clear_flag(case, "paid_late", "银行延迟入账，凭证已核", people.clerk, AT)
    with pytest.raises(Refusal, match="1 件不能这样通过"):
        pass_on("first", [case], people.clerk)
    reviews.clear_flag(case, "type_conflict", "编办已注销", people.clerk, AT)
    with pytest.raises(Refusal, match="有提示，须逐件办理"):
        pass_on("first", cases, people.clerk)
    with pytest.raises(Refusal, match="有提示尚未核实"):  # cleared by another than the one who passes
        pass_on("first", [case], people.other_clerk)
    assert pass_on("first", [case], people.clerk) == 1
    with pytest.raises(Refusal, match="没有这项提示"):
        reviews.clear_flag(cases[0], "paid_late", "无", people.clerk, AT)
    with pytest.raises(Refusal, match="不在待初审状态"):
        reviews.clear_flag(case, "paid_late", "再次核实", people.clerk, AT)


def test_a_flag_is_cleared_once_and_by_a_clerk_of_the_office(cases: list[int], people: Staff) -> None:
    mark(cases[0], flags=["paid_late"])
    with pytest.raises(Refusal, match="没有办理测试县业务件的这项权限"):
        reviews.clear_flag(cases[0], "paid_late", "已核", people.reviewer, AT)
    with pytest.raises(Refusal, match="请写明核实情况"):
        reviews.clear_flag(cases[0], "paid_late", " ", people.clerk, AT)
    reviews.clear_flag(cases[0], "paid_late", "已核", people.clerk, AT)
    with pytest.raises(Refusal, match="该提示已有人核实"):
        reviews.clear_flag(cases[0], "paid_late", "已核", people.clerk, AT)


def test_sampled_cases_are_opened_by_everyone_who_passes_them(cases: list[int], people: Staff) -> None:
    mark(cases[2], sampled=True)
    with pytest.raises(Refusal, match="示例单位3（属于抽查件，须先逐件打开核对）"):
        pass_on("first", cases, people.clerk)
    with pytest.raises(Refusal, match="属于抽查件"):
        pass_on("first", [cases[2]], people.clerk)
    reviews.examine(cases[2], people.clerk, AT)
    reviews.examine(cases[2], people.clerk, AT)
    assert pass_on("first", cases, people.clerk) == 4
    with pytest.raises(Refusal, match="属于抽查件"):
        pass_on("second", cases, people.reviewer)
    reviews.examine(cases[2], people.reviewer, AT)
    assert pass_on("second", cases, people.reviewer) == 4


def test_above_the_amount_band_a_further_approver_signs(cases: list[int], people: Staff) -> None:
    mark(cases[3], further=True)
    through(cases, people, "first", "second", "approval")
    assert statuses(cases) == ["approved", "approved", "approved", "endorsed"]
    assert queues.waiting_ids("further", "refunds", 2024) == [cases[3]]
    with pytest.raises(Refusal, match="您已在前面的环节签署"):
        pass_on("further", [cases[3]], people.approver)
    assert pass_on("further", [cases[3]], people.supervisor) == 1
    assert statuses(cases) == ["approved"] * 4


def test_sent_back_with_coded_reasons_a_case_begins_anew(cases: list[int], people: Staff) -> None:
    through(cases, people, "first", "second")
    with pytest.raises(Refusal, match="请选择退回原因"):
        reviews.send_back(case_ids=cases[:1], reasons=["no_such"], opinion="材料不全", by=people.approver, at=AT)
    with pytest.raises(Refusal, match="须写明理由"):
        reviews.send_back(case_ids=cases[:1], reasons=["data_wrong"], opinion=" ", by=people.approver, at=AT)
    done = reviews.send_back(
        case_ids=cases[:1], reasons=["evidence_missing", "data_wrong"], opinion="缺凭证", by=people.approver, at=AT
    )
    assert (done, statuses(cases)) == (1, ["opened", "second_passed", "second_passed", "second_passed"])
    rows = Review.objects.filter(case=cases[0]).values_list("stage", "decision", "reasons", "standing")
    assert list(rows) == [
        ("first", "passed", [], False),
        ("second", "passed", [], False),
        ("approval", "sent_back", ["data_wrong", "evidence_missing"], False),
    ]
    assert Event.objects.get(case=cases[0], seq=4).data == {"reasons": ["data_wrong", "evidence_missing"]}
    through(cases[:1], people, "first", "second", "approval")
    assert statuses(cases)[0] == "approved"


def test_a_review_only_lapses(cases: list[int], people: Staff) -> None:
    through(cases, people, "first")
    for change in ({"opinion": "改写"}, {"amount": Decimal("9.00")}, {"standing": True}):
        with pytest.raises(IntegrityError, match="review_only_lapses"), transaction.atomic():
            Review.objects.filter(case=cases[0]).update(**change)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Review.objects.filter(case=cases[0]).delete()
    assert Review.objects.filter(case=cases[0]).update(standing=False) == 1


def test_reviews_need_a_name_a_role_and_the_right_office(cases: list[int], people: Staff, bureau: Bureau) -> None:
    with pytest.raises(Refusal, match="须由具名的工作人员办理"):
        pass_on("first", cases, CLOCK)
    with pytest.raises(Refusal, match="您没有对测试县的业务件办理“初审通过”的权限"):
        pass_on("first", cases, people.reviewer)
    far = open_some(bureau.other, prefix="B")
    with pytest.raises(Refusal, match="您没有对测试乙市的业务件"):
        pass_on("first", [*cases, *far], people.clerk)
    with pytest.raises(Refusal, match="没有选中任何业务件"):
        pass_on("first", [], people.clerk)
    assert not Review.objects.exists()


def test_a_case_that_gets_nothing_any_more_cannot_be_passed(cases: list[int], people: Staff) -> None:
    mark(cases[0], payable=False)
    with pytest.raises(Refusal, match="重新核定后已不符合条件，只能不予支付或撤回"):
        pass_on("first", cases[:1], people.clerk)


def test_the_queues_tell_how_much_waits_and_for_whom(cases: list[int], people: Staff) -> None:
    mark(cases[0], flags=["paid_late"])
    through(cases[2:], people, "first")
    found = queues.overview(people.reviewer.person, AT.date(), AT, scheme="refunds", year=2024)
    assert [(q.stage.value, q.all.count, q.all.amount, q.all.exceptions, q.mine) for q in found] == [
        ("first", 2, Decimal("203.00"), 1, False),
        ("second", 2, Decimal("207.00"), 0, True),
        ("approval", 0, Decimal(0), 0, False),
        ("further", 0, Decimal(0), 0, False),
    ]
    rows = queues.waiting("second", scheme="refunds", year=2024)
    assert queues.passable(rows, "second", people.reviewer.person, AT.date()).count() == 2
    assert queues.passable(rows, "second", people.clerk.person, AT.date()).count() == 0


def test_a_note_stands_beside_a_case(cases: list[int], people: Staff, bureau: Bureau) -> None:
    note = reviews.add_note(cases[0], " 已电话核实 ", by=people.other_clerk, at=AT)
    assert (note.text, note.case_id) == ("已电话核实", cases[0])
    with pytest.raises(Refusal, match="备注不能为空"):
        reviews.add_note(cases[0], " ", by=people.clerk, at=AT)
    (far,) = open_some(bureau.other, prefix="B")
    with pytest.raises(Refusal, match="业务件不存在"):
        reviews.add_note(far, "看看", by=people.clerk, at=AT)
