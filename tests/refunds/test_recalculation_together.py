"""Many hands on one difference: it is topped up once, and taken back once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from caseworks.base.enums import Size
from caseworks.cases.models import Case
from caseworks.money.models import Recovery
from caseworks.registry.models import Unit
from refunds import differences, recalculation
from refunds.models import Difference
from tests.cases.test_concurrency import at_once
from tests.refunds.build import record
from tests.refunds.conftest import AT, OPERATOR
from tests.refunds.test_recalculation import LATER, four, who

__all__ = ["four"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_of_six_clerks_one_tops_up_and_of_six_approvers_one_takes_back(four: list[Unit], tmp_path: Path) -> None:
    up, down = four[:2]
    record(up.uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    Unit.objects.filter(pk=down.pk).update(size=Size.LARGE)
    recalculation.run(2024, on=LATER, by=OPERATOR, at=AT)
    more, less = (Difference.objects.get(kind=kind).pk for kind in ("topup", "overpaid"))
    clerk, approver = who("clerk"), who("approver")
    found = at_once(6, lambda _: differences.top_up([more], by=clerk, at=AT))
    assert found.count(1) == 1
    assert [words for words in found if words != 1] == [
        f"1 条已不在待决定状态，未作任何更改：{up.name}。请刷新后重试。"
    ] * 5
    found = at_once(6, lambda _: differences.take_back([less], by=approver, at=AT, because="划型更正"))
    assert found.count(1) == 1
    assert (Case.objects.filter(round=2).count(), Recovery.objects.count()) == (1, 1)


def test_two_recalculations_at_once_write_each_difference_once(four: list[Unit]) -> None:
    record(four[0].uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    found = at_once(3, lambda _: recalculation.run(2024, on=LATER, by=OPERATOR, at=AT).year)
    assert 2024 in found
    assert all(each == 2024 or "2024 年度的重新核算正在进行" in str(each) for each in found)
    assert Difference.objects.count() == 1
