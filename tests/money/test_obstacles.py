"""What a scheme says of a unit holds its payments, whatever the money is for (N6.5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

import dispatch.scheme
import subsidies.scheme
from caseworks.cases.models import Hold
from caseworks.cases.sources import Source
from caseworks.money import batches, recoveries
from caseworks.money.enums import RecoveryKind, RecoveryOrigin
from caseworks.money.recoveries import Found
from tests.money.conftest import AT, CLOCK, ON, Cases, Staff, fresh, state

OVERDUE = "SELECT w.uscc AS subject, w.reason FROM unnest(%(usccs)s::text[], %(words)s::text[]) AS w(uscc, reason)"


def says(patch: pytest.MonkeyPatch, scheme: object, *rows: tuple[str, str]) -> list[dt.date]:
    """Let a scheme name obstacles; the days on which it was asked."""
    asked: list[dt.date] = []

    def payment_obstacles(on: dt.date) -> Source | None:
        asked.append(on)
        return Source(OVERDUE, {"usccs": [uscc for uscc, _ in rows], "words": [words for _, words in rows]})

    patch.setattr(scheme, "payment_obstacles", payment_obstacles, raising=False)
    return asked


def test_what_any_scheme_says_of_a_unit_holds_its_line_and_not_the_batch(
    cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = cases.some(1, 2)
    uscc = cases.unit(1).uscc
    asked = says(monkeypatch, dispatch.scheme, (uscc, "2023 年度转付逾期。"), ("91220000MISSING00X", "无关单位。"))
    says(monkeypatch, subsidies.scheme, (uscc, "另有事项未了结。"), (uscc, "另有事项未了结。"))
    (batch,) = cases.draw_up([one, two])
    assert (batch.lines, state(one), state(two), asked) == (1, "cleared", "batched", [ON])
    assert list(Hold.objects.standing().values_list("case", "kind", "reason")) == [
        (one, "obstacle", "2023 年度转付逾期。；另有事项未了结。")
    ]


def test_an_obstacle_found_at_sending_takes_the_line_out(
    cases: Cases, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = cases.some(1, 2)
    (batch,) = cases.draw_up([one, two])
    batches.release(batch, by=staff.second, at=AT)
    says(monkeypatch, dispatch.scheme, (cases.unit(2).uscc, "转付逾期。"))
    sent = batches.send(batch, by=staff.cashier, at=AT, on=ON)
    assert (sent.lines, sent.taken_out, fresh(batch).lines) == (1, {two: "转付逾期。"}, 1)


def test_the_hold_goes_once_nothing_is_said_any_more(cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = cases.some(1)
    with monkeypatch.context() as patch:
        says(patch, dispatch.scheme, (cases.unit(1).uscc, "转付逾期。"))
        assert cases.draw_up([one]) == []
    (batch,) = cases.draw_up([one], on=ON + dt.timedelta(days=1))
    assert (batch.lines, Hold.objects.standing().count()) == (1, 0)
    assert Hold.objects.get(case=one).released_because == "再次核对时已无此情形"


def test_what_a_unit_owes_the_fund_holds_its_payment_until_it_is_given_back(cases: Cases, staff: Staff) -> None:
    one, two = cases.some(1, 2)
    unit = cases.unit(1)
    owed = Found(
        "misuse:1", RecoveryKind.MISUSE, RecoveryOrigin.AUDIT, "dispatch", 2023, unit.uscc, unit.name, unit.office_id,
        unit.city_office_id, Decimal("1234.50"), "未按规定使用", "吉人社联〔2024〕43号",
    )  # fmt: skip
    recoveries.find([owed], by=CLOCK, at=AT, on=ON, proposed=True)
    assert [batch.lines for batch in cases.draw_up([one, two])] == [1]
    assert Hold.objects.standing().get(case=one).reason == "有未退还的追回款 1,234.50 元"
    recoveries.reduce("misuse:1", Decimal("1234.50"), ref="复核", because="查明无误", on=ON, by=CLOCK, at=AT)
    assert [batch.lines for batch in cases.draw_up([one])] == [1]
