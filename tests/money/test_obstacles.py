"""What a scheme says of a unit holds its payments, whatever the money is for (N6.5)."""

from __future__ import annotations

import datetime as dt

import pytest

import dispatch.scheme
import subsidies.scheme
from caseworks.cases.models import Hold
from caseworks.cases.sources import Source
from caseworks.money import batches
from tests.money.conftest import AT, ON, Cases, Staff, fresh, state

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
