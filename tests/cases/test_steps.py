"""Every step × every state × every role: what the table does not list is refused, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.cases import history
from caseworks.cases.enums import Status
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case, Event
from caseworks.people.actors import Actor
from tests.cases.conftest import AT, CLOCK, PATHS, Bureau, open_some, put

STAFF = Callable[..., Actor]

# step → where it may start, where it ends, who may take it; a colleague checks this table by eye.
LAW = {
    "pass_first": ("opened", "first_passed", "clerk"),
    "pass_second": ("first_passed", "second_passed", "reviewer"),
    "approve": ("second_passed", "approved", "approver"),
    "endorse": ("second_passed", "endorsed", "approver"),
    "approve_further": ("endorsed", "approved", "approver supervisor"),
    "send_back": ("first_passed second_passed endorsed approved", "opened", "reviewer approver"),
    "rejudge": (
        "opened first_passed second_passed endorsed approved announced cleared",
        "opened",
        "clerk reviewer approver supervisor",
    ),
    "announce": ("approved", "announced", "reviewer approver"),
    "clear": ("announced", "cleared", "reviewer"),
    "batch": ("cleared", "batched", "cashier"),
    "unbatch": ("batched", "cleared", "cashier"),
    "pay": ("batched", "paid", "cashier"),
    "bounce": ("batched paid", "returned", "cashier"),
    "mend": ("returned", "cleared", "clerk"),
    "refuse": (
        "opened first_passed second_passed endorsed approved announced cleared",
        "refused",
        "approver supervisor",
    ),
    "withdraw": ("opened first_passed second_passed endorsed approved", "withdrawn", "clerk"),
    "waive": ("cleared returned", "waived", "supervisor"),
    "transfer": (
        "opened first_passed second_passed endorsed approved announced cleared batched returned",
        "",
        "clerk supervisor",
    ),
}


def step(name: str, cases: list[int], bureau: Bureau, by: Actor, note: str = "测试理由") -> int:
    """Take a step, a transfer among them."""
    if name == "transfer":
        return history.transfer_cases(cases, to=bureau.other, by=by, at=AT, note=note)
    if name == "rejudge":
        now = history.Content("示例单位1", Decimal("90.00"), b"x" * 32)
        return history.rejudge_case(cases[0], now=now, by=by, at=AT, note=note)
    return history.take(name, cases, by=by, at=AT, note=note)


def test_the_law_names_every_step() -> None:
    assert set(LAW) | {"open"} == set(STEPS)
    assert set(PATHS) == set(Status.values)


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("name", LAW)
def test_a_step_moves_from_its_states_and_is_refused_from_all_others(name: str, status: str, bureau: Bureau) -> None:
    (case,) = open_some(bureau.county)
    put(case, status)
    before = Case.objects.values().get(pk=case)
    sources, target, _ = LAW[name]
    if status in sources.split():
        assert step(name, [case], bureau, CLOCK) == 1
        after = Case.objects.get(pk=case)
        assert after.status == (target or status)
        last = Event.objects.get(case=case, seq=after.seq)
        assert (last.step, last.from_status, last.to_status, last.note) == (name, status, after.status, "测试理由")
        assert bytes(last.digest) == bytes(after.head)
    else:
        with pytest.raises(Refusal, match=r"^1 件不在可办理.*未作任何更改：示例单位1（.*）。请刷新后重试。"):
            step(name, [case], bureau, CLOCK)
        assert Case.objects.values().get(pk=case) == before
        assert Event.objects.filter(case=case).count() == before["seq"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_a_role_takes_its_steps_and_no_others(role: str, bureau: Bureau, staff: STAFF) -> None:
    actor = staff(role, bureau.city)
    for name, (sources, _, roles) in LAW.items():
        (case,) = open_some(bureau.county, prefix=name)
        put(case, sources.split()[0])
        if role in roles.split():
            assert step(name, [case], bureau, actor) == 1, name
        else:
            seq = Case.objects.get(pk=case).seq
            with pytest.raises(Refusal, match=f"您没有对测试县的业务件办理“{STEPS[name].label}”的权限，未作任何更改"):
                step(name, [case], bureau, actor)
            assert Case.objects.get(pk=case).seq == seq, name


@pytest.mark.django_db
def test_a_person_works_on_the_cases_of_the_own_office_and_below_only(bureau: Bureau, staff: STAFF) -> None:
    (near,), (far,) = open_some(bureau.county, prefix="A"), open_some(bureau.other, prefix="B")
    actor = staff(Role.CLERK, bureau.city)
    with pytest.raises(Refusal, match="您没有对测试乙市的业务件"):
        history.take("pass_first", [near, far], by=actor, at=AT)
    assert set(Case.objects.values_list("status", flat=True)) == {"opened"}
    assert history.take("pass_first", [near], by=actor, at=AT) == 1
    below = staff(Role.CLERK, bureau.county)
    (above,) = open_some(bureau.city, prefix="C")
    with pytest.raises(Refusal, match="您没有对测试甲市的业务件"):
        history.take("pass_first", [above], by=below, at=AT)


@pytest.mark.django_db
def test_a_case_keeps_its_office_but_for_a_transfer(bureau: Bureau, staff: STAFF) -> None:
    (case,) = open_some(bureau.county)
    clerk = staff(Role.CLERK, bureau.county)
    with pytest.raises(Refusal, match="“移交”须写明理由"):
        history.transfer_cases([case], to=bureau.other, by=clerk, at=AT, note=" ")
    with pytest.raises(Refusal, match="已在测试县"):
        history.transfer_cases([case], to=bureau.county, by=clerk, at=AT, note="误选")
    assert history.transfer_cases([case], to=bureau.other, by=clerk, at=AT, note="参保地迁移") == 1
    moved = Case.objects.get(pk=case)
    assert (moved.status, moved.office, moved.city_office) == ("opened", bureau.other, bureau.other)
    assert Event.objects.get(case=case, seq=2).data == {"office": bureau.other.pk, "office_before": bureau.county.pk}
    with pytest.raises(Refusal, match="您没有对测试乙市的业务件"):
        history.take("pass_first", [case], by=clerk, at=AT)


@pytest.mark.django_db
def test_an_office_that_has_closed_takes_no_transfer(bureau: Bureau) -> None:
    (case,) = open_some(bureau.county)
    bureau.other.is_active = False
    with pytest.raises(Refusal, match="测试乙市已停用"):
        history.transfer_cases([case], to=bureau.other, by=CLOCK, at=AT, note="参保地迁移")


@pytest.mark.django_db
def test_who_sees_which_case(bureau: Bureau, staff: STAFF) -> None:
    (near,), (far,) = open_some(bureau.county, prefix="A"), open_some(bureau.other, prefix="B")
    seen = {
        office.name: set(
            Case.objects.visible_to(staff(Role.CLERK, office).person, AT.date()).values_list("pk", flat=True)
        )
        for office in (bureau.province, bureau.city, bureau.county, bureau.other)
    }
    assert seen == {"测试省": {near, far}, "测试甲市": {near}, "测试县": {near}, "测试乙市": {far}}


@pytest.mark.django_db
def test_all_or_none_and_the_wrong_ones_are_named(bureau: Bureau) -> None:
    cases = open_some(bureau.county, 5)
    history.take("pass_first", cases[:2], by=CLOCK, at=AT)
    with pytest.raises(
        Refusal, match="2 件不在可办理“初审通过”的状态，未作任何更改：示例单位1（待复核）、示例单位2（待复核）。"
    ):
        history.take("pass_first", cases, by=CLOCK, at=AT)
    assert Case.objects.filter(status="opened").count() == 3
    with pytest.raises(Refusal, match="1 件不存在，未作任何更改"):
        history.take("pass_first", [*cases[2:], 999_999_999], by=CLOCK, at=AT)
    with pytest.raises(Refusal, match="没有选中任何业务件"):
        history.take("pass_first", [], by=CLOCK, at=AT)
    assert Event.objects.count() == 7


@pytest.mark.django_db
def test_what_was_shown_is_what_is_signed(bureau: Bureau) -> None:
    cases = open_some(bureau.county, 3)  # 101 + 102 + 103
    with pytest.raises(Refusal, match=r"所见为 3 件、305.00 元，现为 3 件、306.00 元，未作任何更改"):
        history.take("pass_first", cases, by=CLOCK, at=AT, shown=history.Shown(3, Decimal("305.00")))
    assert history.take("pass_first", cases, by=CLOCK, at=AT, shown=history.Shown(3, Decimal("306.00"))) == 3


@pytest.mark.django_db
def test_opening_again_opens_only_what_has_no_case(bureau: Bureau, staff: STAFF) -> None:
    assert len(open_some(bureau.county, 3)) == 3
    assert len(open_some(bureau.county, 5)) == 2
    assert Event.objects.filter(step="open", seq=1).count() == 5
    first = Event.objects.filter(step="open").order_by("case_id").first()
    assert first is not None
    assert first.data == {
        "scheme": "refunds",
        "year": 2024,
        "round": 1,
        "subject": "S000001",
        "name": "示例单位1",
        "amount": "101.00",
        "office": bureau.county.pk,
        "fingerprint": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    }


@pytest.mark.django_db
def test_only_a_clerk_of_the_office_opens_cases(bureau: Bureau, staff: STAFF) -> None:
    select = """SELECT 'X' AS subject, 'X' AS name, %(o)s::bigint AS office_id, %(o)s::bigint AS city_office_id,
                1.00 AS amount, ''::bytea AS fingerprint"""
    arguments = {"scheme": "refunds", "year": 2024, "select": select, "params": {"o": bureau.other.pk}, "at": AT}
    for actor in (staff(Role.REVIEWER, bureau.other), staff(Role.CLERK, bureau.city)):
        with pytest.raises(Refusal, match="您没有对测试乙市的业务件办理“立件”的权限"):
            history.open_cases(by=actor, **arguments)
    assert history.open_cases(by=staff(Role.CLERK, bureau.other), **arguments) == 1


@pytest.mark.django_db
def test_thirty_four_thousand_cases_cost_as_many_queries_as_one(
    bureau: Bureau, django_assert_num_queries: Callable[..., object]
) -> None:
    many, one = open_some(bureau.county, 34_101), open_some(bureau.city, 1, "ONE")
    assert len(many) == 34_101
    for cases in (one, many):
        with django_assert_num_queries(5):  # savepoint, lock and look, offices, line and move, release
            assert history.take("pass_first", cases, by=CLOCK, at=AT) == len(cases)
    assert Event.objects.filter(step="pass_first").count() == 34_102
    assert not Case.objects.exclude(status="first_passed", seq=2).exists()
