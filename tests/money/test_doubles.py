"""Paid once: whatever the office, across a succession, and not by two schemes for one premium (N6.5)."""

from __future__ import annotations

import pytest

from caseworks.base.files import made
from caseworks.base.files import store as keep
from caseworks.cases import history
from caseworks.cases.models import Case, Hold
from caseworks.money import doubles, recoveries
from caseworks.money.enums import RecoveryKind, RecoveryOrigin
from caseworks.money.recoveries import Found
from caseworks.people.models import Office
from caseworks.registry.models import Succession, Unit
from tests.money.conftest import AT, CLOCK, ON, ROAD, Cases, Staff, state


def succeeds(old: Unit, new: Unit, status: str = "confirmed") -> Succession:
    """The new unit goes on as the old one."""
    return Succession.objects.create(
        predecessor=old.uscc, predecessor_name=old.name, predecessor_key=old.name, successor=new.uscc,
        successor_name=new.name, office_id=new.office_id, city_office_id=new.city_office_id, effective_on=ON,
        document_no="长市监〔2024〕1号", file=keep(made(b"%PDF-1.4", "承继.pdf"), label="测试", at=AT), status=status,
        proposed_label="测试", proposed_at=AT, **({} if status == "proposed" else {"decided_at": AT, "decided_label": "某人"}),
    )  # fmt: skip


def why(cases: Cases, *ids: int) -> dict[int, list[str]]:
    """What the second check says of these."""
    return {case: [held.reason for held in rows] for case, rows in cases.draw_up(ids).held.items()}


def test_a_case_moved_to_another_office_is_the_same_unit_and_year(cases: Cases) -> None:
    (case,) = cases.some(1)
    cases.send([case])
    other = Office.objects.get(code="220202")
    unit = cases.unit(1)
    Unit.objects.filter(pk=unit.pk).update(region="220202", office=other, city_office=other.city_or_self_id)
    with pytest.raises(Exception, match="case_once_a_round"):
        Case.objects.create(
            scheme="refunds", year=2024, subject=unit.uscc, name=unit.name, office=other, city_office=other.city,
            amount=1, status="cleared", fingerprint=b"x", opened_at=AT, seq=1, head=b"x",
        )  # fmt: skip


def test_the_successor_of_a_paid_unit_is_not_paid_again(cases: Cases) -> None:
    old, new, third = cases.some(1, 2, 3)
    cases.send([old])
    succeeds(cases.unit(1), cases.unit(2))
    assert why(cases, new, third) == {
        new: ["承继关系中的“示例1商贸有限公司”本年度有稳岗返还业务件（拨付中），只能支付一次。"]
    }
    assert (state(new), state(third), Hold.objects.count()) == ("cleared", "batched", 0)


def test_along_a_line_of_successions_and_both_ways(cases: Cases) -> None:
    one, two, three = cases.some(1, 2, 3)
    cases.send([two])
    succeeds(cases.unit(1), cases.unit(2))
    succeeds(cases.unit(2), cases.unit(3))
    assert set(doubles.of("refunds", [one, two, three])) == {one, three}


def test_of_two_that_wait_the_successor_is_paid(cases: Cases) -> None:
    one, two = cases.some(1, 2)
    succeeds(cases.unit(1), cases.unit(2))
    assert why(cases, one, two) == {one: ["已由“示例2商贸有限公司”承继，不再向本单位支付。"]}
    assert (state(one), state(two)) == ("cleared", "batched")


@pytest.mark.parametrize("status", ["proposed", "refused", "revoked"])
def test_a_succession_that_does_not_hold_joins_nothing(status: str, cases: Cases) -> None:
    one, two = cases.some(1, 2)
    cases.send([one])
    row = succeeds(cases.unit(1), cases.unit(2), "proposed")
    if status != "proposed":
        changes = {"decided_at": AT, "decided_label": "测试", "decision_note": "否"}
        if status == "revoked":
            changes |= {"revoked_at": AT, "revoked_label": "测试", "revoked_because": "登记有误"}
        Succession.objects.filter(pk=row.pk).update(status=status, **changes)
    assert why(cases, two) == {}


@pytest.mark.tampers  # a case without its application
def test_one_premium_is_not_given_back_by_two_schemes(cases: Cases) -> None:
    (case,) = cases.some(1)
    unit = cases.unit(1)
    select = """
        SELECT u.uscc AS subject, u.name, u.office_id, u.city_office_id, 5.00 AS amount,
               sha256(u.uscc::bytea) AS fingerprint FROM registry_unit u WHERE u.uscc = %(uscc)s
    """
    history.open_cases(scheme="dispatch", year=2024, select=select, params={"uscc": unit.uscc}, by=CLOCK, at=AT)
    agency = Case.objects.get(scheme="dispatch")
    for step in (*ROAD, "batch"):
        history.take(step, [agency.pk], by=CLOCK, at=AT, note="测试")
    assert doubles.of("refunds", [case]) == {
        case: "“示例1商贸有限公司”本年度有劳务派遣业务件（拨付中），只能支付一次。"
    }


def test_what_a_predecessor_owes_the_successor_owes(cases: Cases, staff: Staff) -> None:
    old, new = cases.some(1, 2)
    history.take("refuse", [old], by=CLOCK, at=AT, note="由承继单位享受")
    unit = cases.unit(1)
    succeeds(unit, cases.unit(2))
    owed = Found(
        "k", RecoveryKind.MISUSE, RecoveryOrigin.AUDIT, "refunds", 2023, unit.uscc, unit.name, unit.office_id,
        unit.city_office_id, 9, "多付", "N6.5",
    )  # type: ignore[arg-type]  # fmt: skip
    recoveries.find([owed], by=CLOCK, at=AT, on=ON)
    assert why(cases, new) == {new: ["被承继单位有未退还的追回款 9.00 元"]}
