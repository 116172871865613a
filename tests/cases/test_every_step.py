"""Every step × every role × every state, by the door, by the operations and by the pages: what the table does not list is
refused in words, and nothing is written.

The table that a colleague checks by eye is `LAW` of test_steps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.cases import announcements, reviews
from caseworks.cases.enums import Status
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case
from caseworks.cases.sources import Rejudged
from caseworks.money import batches, payments, year_end
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from refunds import scheme as refunds
from tests.cases.conftest import AT, Bureau, open_some, put
from tests.cases.test_steps import LAW, STAFF, step
from tests.dispatch.agencies import undone
from tests.machine.bureau import stand

ON = AT.date()
LISTED = {
    (name, role, status)
    for name, (sources, _, roles) in LAW.items()
    for role in roles.split()
    for status in sources.split()
}


@pytest.fixture
def everywhere(bureau: Bureau) -> dict[str, int]:
    """A case in each state."""
    found = {}
    for status in Status.values:
        (found[status],) = open_some(bureau.county, prefix=status)
        put(found[status], status)
    return found


@pytest.fixture
def everybody(bureau: Bureau, staff: STAFF) -> dict[str, Actor]:
    """Somebody of each role, at the city above the cases."""
    return {role: staff(role, bureau.city) for role in Role.values}


def refused(work: Callable[[], object]) -> str:
    """The words of a refusal that left everything as it was; blank where it was done, and then it is undone."""
    before, words = stand(), ""
    with undone():
        try:
            work()
        except Refusal as refusal:
            words = refusal.message
            assert stand() == before, words
        else:
            assert stand() != before
    assert stand() == before
    return words


@pytest.mark.django_db
def test_by_the_door(bureau: Bureau, everywhere: dict[str, int], everybody: dict[str, Actor]) -> None:
    tried = 0
    for status, case in everywhere.items():
        for role, actor in everybody.items():
            for name in LAW:
                words = refused(lambda name=name, case=case, actor=actor: step(name, [case], bureau, actor))
                assert (not words) == ((name, role, status) in LISTED), (name, role, status, words)
                if words:
                    may_not = f"您没有对测试县的业务件办理“{STEPS[name].label}”的权限，未作任何更改"
                    not_now = f"1 件不在可办理“{STEPS[name].label}”的状态，未作任何更改"
                    assert words.startswith((may_not, not_now)), words
                tried += 1
    assert tried == len(LAW) * len(Role.values) * len(Status.values)


# -- by the operations that take a step for chosen cases; a step that is listed may still want more than role and state


def _announce(case: int, by: Actor) -> None:
    announcements.draw_up(scheme="refunds", year=2024, case_ids=[case], title="公示", by=by, at=AT)


def _batch(case: int, by: Actor) -> None:
    batches.draw_up(scheme="refunds", year=2024, case_ids=[case], by=by, at=AT, on=ON)


def _resend(case: int, by: Actor) -> None:
    payments.resend(scheme="refunds", year=2024, case_ids=[case], by=by, at=AT)


def _waive(case: int, by: Actor) -> None:
    year_end.waive([case], by=by, at=AT, on=dt.date(2025, 1, 6), because="逾期未办")


def _send_back(case: int, by: Actor) -> None:
    reviews.send_back(case_ids=[case], reasons=["data_wrong"], opinion="请核对", by=by, at=AT)


def _pass(stage: str) -> Callable[[int, Actor], None]:
    def work(case: int, by: Actor) -> None:
        reviews.pass_on(stage=stage, case_ids=[case], opinion="同意", by=by, at=AT, over=True)

    return work


OPERATIONS: dict[str, tuple[Callable[[int, Actor], None], tuple[str, ...]]] = {
    "announcements.draw_up": (_announce, ("announce",)),
    "batches.draw_up": (_batch, ("batch",)),
    "payments.resend": (_resend, ("mend",)),
    "year_end.waive": (_waive, ("waive",)),
    "reviews.send_back": (_send_back, ("send_back",)),
    "reviews.pass_on first": (_pass("first"), ("pass_first",)),
    "reviews.pass_on second": (_pass("second"), ("pass_second",)),
    "reviews.pass_on approval": (_pass("approval"), ("approve", "endorse")),
    "reviews.pass_on further": (_pass("further"), ("approve_further",)),
}
DONE = {"reviews.send_back", "reviews.pass_on first"}  # need nothing but role and state


@pytest.mark.django_db
@pytest.mark.parametrize("name", OPERATIONS)
def test_by_the_operations(
    name: str, bureau: Bureau, everywhere: dict[str, int], everybody: dict[str, Actor], settings: Any
) -> None:
    settings.TRAINING = True
    work, steps = OPERATIONS[name]
    for status, case in everywhere.items():
        for role, actor in everybody.items():
            words = refused(lambda case=case, actor=actor: work(case, actor))
            listed = any((each, role, status) in LISTED for each in steps)
            assert listed or words, (name, role, status)
            assert not words or "未作任何更改" in words
            assert not (listed and words and name in DONE), (name, role, status, words)


# -- by the page of a case

ACTIONS: dict[str, dict[str, str]] = {
    "pass_first": {"action": "pass", "stage": "first"},
    "pass_second": {"action": "pass", "stage": "second"},
    "approve": {"action": "pass", "stage": "approval"},
    "approve_further": {"action": "pass", "stage": "further"},
    "send_back": {"action": "send_back", "reasons": "data_wrong"},
    "rejudge": {"action": "rejudge"},
    "refuse": {"action": "refuse"},
    "withdraw": {"action": "withdraw"},
}
SIGNED_BEFORE = {"pass_second", "approve", "approve_further"}  # want the signatures of the stages before


@pytest.mark.django_db
@pytest.mark.parametrize("name", ACTIONS)
def test_by_the_page(
    name: str, everywhere: dict[str, int], everybody: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Rejudged("示例单位1", Decimal("90.00"), b"x" * 32, (), False, True, "重新核定")
    monkeypatch.setattr(refunds, "case_rejudge", lambda case, at: now)
    Person.objects.update(must_change_password=False)
    cases = Case.objects.in_bulk(list(everywhere.values()))
    for role, actor in everybody.items():
        client = Client()
        client.force_login(actor.person, "caseworks.people.backends.RoleBackend")
        for status, case in everywhere.items():
            given = {**ACTIONS[name], "opinion": "测试理由", "amount": str(cases[case].amount)}
            before, head = stand(), bytes(cases[case].head)
            with undone():
                answer = client.post(reverse("cases:case_act", args=[case]), given)
                after = Case.objects.get(pk=case)
                moved = stand() != before
                assert moved == (bytes(after.head) != head)
            may = (name, role, status) in LISTED
            assert answer.status_code in (302, 403)
            assert moved is (may and name not in SIGNED_BEFORE), (name, role, status)
            assert not (moved and answer.status_code == 403)


def test_every_step_is_reached_by_something_here() -> None:
    reached = {step for _, steps in OPERATIONS.values() for step in steps} | set(ACTIONS)
    own = {
        "open",
        "transfer",
        "clear",
        "unbatch",
        "pay",
        "bounce",
    }  # the clock's, the batch's, the bank's, their own doors
    assert reached | own == set(STEPS)
