"""The table of steps as a whole, and its drawing in the docs."""

from __future__ import annotations

from pathlib import Path

from caseworks.cases.enums import Status
from caseworks.cases.lifecycle import FINAL, STEPS, drawing, steps_from
from caseworks.people.permissions import PERMISSIONS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def test_the_drawing_in_the_docs_is_that_of_the_table() -> None:
    assert f"<!-- steps -->\n{drawing()}\n<!-- /steps -->" in DOCS.read_text(encoding="utf-8")


def test_every_state_is_reached_from_the_start_and_only_final_ones_are_ends() -> None:
    reached, front = {Status.OPENED}, [Status.OPENED]
    while front:
        status = front.pop()
        new = {step.arrives(status) for step in steps_from(status)} - reached
        reached |= new
        front += new
    assert reached == set(Status)
    assert {status for status in Status if not list(steps_from(status))} == set(FINAL)


def test_every_step_needs_a_permission_that_somebody_has() -> None:
    assert {step.permission for step in STEPS.values()} <= set(PERMISSIONS)


def test_turning_somebody_down_needs_words() -> None:
    assert {step.name for step in STEPS.values() if step.reasoned} == {
        "send_back",
        "rejudge",
        "unbatch",
        "bounce",
        "mend",
        "refuse",
        "withdraw",
        "waive",
        "transfer",
    }
