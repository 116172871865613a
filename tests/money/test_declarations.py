"""A unit declares that it has no corporate account: by one, confirmed by another, never against an account that stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.registry import declarations
from caseworks.registry.models import AccountDeclaration
from tests.money.conftest import AT, CLOCK, LATER, ON, Staff, declare, give_account
from tests.people.builders import person
from tests.refunds.build import make_unit


def entered(staff: Staff, *usccs: str, on: dt.date = ON, source: str = "单位书面声明") -> list[int]:
    declarations.declare(usccs, source=source, declared_on=on, by=staff.clerk, at=AT)
    return list(AccountDeclaration.objects.waiting().order_by("pk").values_list("pk", flat=True))


def test_many_at_once_by_two_people(staff: Staff) -> None:
    usccs = [make_unit(n).uscc for n in range(1, 4)]
    ids = entered(staff, *usccs)
    assert len(ids) == 3
    assert declarations.confirm(ids, by=staff.reviewer, at=LATER) == 3
    row = AccountDeclaration.objects.get(uscc=usccs[0])
    assert (row.status, row.source, row.declared_on, row.proposed_by, row.decided_by, row.decided_at) == (
        "confirmed", "单位书面声明", ON, staff.clerk.person, staff.reviewer.person, LATER,
    )  # fmt: skip


def test_who_wants_one(staff: Staff) -> None:
    wanted, corporate, changing, none, done = (make_unit(n) for n in range(1, 6))
    for unit in (wanted, corporate, changing, done):
        give_account(unit, "tax")
    give_account(corporate, number="99991111")
    give_account(changing, number="99992222", status="proposed")
    declare(done)
    assert list(declarations.wanting().values_list("uscc", flat=True)) == [wanted.uscc]
    assert none.uscc


WRONG: dict[str, tuple[Callable[[Staff, str], object], str]] = {
    "no source": (lambda staff, uscc: entered(staff, uscc, source=" "), "请写明声明的来源"),
    "in the future": (lambda staff, uscc: entered(staff, uscc, on=ON + dt.timedelta(days=1)), "在今天之后"),
    "unknown": (lambda staff, uscc: entered(staff, uscc, "91220102MA00000000"), "其中有的不在参保登记中"),
    "twice": (lambda staff, uscc: [entered(staff, uscc), entered(staff, uscc)], "1 户已有声明在办或有效"),
    "a reviewer": (
        lambda staff, uscc: declarations.declare([uscc], source="x", declared_on=ON, by=staff.reviewer, at=AT),
        "登记声明的权限",
    ),
    "of another office": (
        lambda staff, uscc: declarations.declare(
            [uscc], source="x", declared_on=ON, at=AT, by=Actor.of_person(person("far", "clerk", at_office="220200"))
        ),
        "登记声明的权限",
    ),
    "by the same": (
        lambda staff, uscc: declarations.confirm(
            entered(staff, uscc), by=Actor.of_person(staff.clerk.person), at=AT  # type: ignore[arg-type]
        ),
        "确认声明的权限",
    ),
    "refused without words": (
        lambda staff, uscc: declarations.refuse(entered(staff, uscc), because=" ", by=staff.reviewer, at=AT),
        "请填写退回理由",
    ),
    "none": (lambda staff, uscc: declarations.confirm([], by=staff.reviewer, at=AT), "没有选中声明"),
    "ended before it stands": (
        lambda staff, uscc: declarations.end(entered(staff, uscc), because="x", by=staff.reviewer, at=AT),
        "其中有的已被处理",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(case: str, staff: Staff) -> None:
    act, words = WRONG[case]
    with pytest.raises(Refusal, match="未作任何更改") as refused:
        act(staff, make_unit(1).uscc)
    assert words in str(refused.value)
    assert not AccountDeclaration.objects.standing().exists()


def test_a_corporate_account_speaks_against_it_at_both_steps(staff: Staff) -> None:
    unit = make_unit(1)
    ids = entered(staff, unit.uscc)
    give_account(unit, number="99993333", status="proposed")
    with pytest.raises(Refusal, match=r"1 户已有对公账户（在用或待确认），未作任何更改：示例1商贸有限公司"):
        declarations.confirm(ids, by=staff.reviewer, at=AT)
    other = make_unit(2)
    give_account(other)
    with pytest.raises(Refusal, match="已有对公账户"):
        entered(staff, other.uscc)


def test_an_end_with_words_and_anew(staff: Staff) -> None:
    unit = make_unit(1)
    ids = entered(staff, unit.uscc)
    declarations.confirm(ids, by=staff.reviewer, at=AT)
    declarations.end(ids, because="单位已开立对公账户", by=staff.reviewer, at=LATER)
    assert AccountDeclaration.objects.get().because == "单位已开立对公账户"
    assert entered(staff, unit.uscc) != ids


def test_four_eyes_and_one_a_unit_by_constraint(staff: Staff) -> None:
    unit = make_unit(1)
    with pytest.raises(IntegrityError, match="declaration_four_eyes"), transaction.atomic():
        declare(unit, proposed_by=staff.clerk.person, decided_by=staff.clerk.person)
    declare(unit)
    with pytest.raises(IntegrityError, match="declaration_one_a_unit"), transaction.atomic():
        declare(unit, status="proposed")
    assert CLOCK.person is None
