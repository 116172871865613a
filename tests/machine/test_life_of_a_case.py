"""Whatever is done in whatever order by whomever: the books are clean after every step, and what is refused changes nothing.

A Hypothesis state machine over the real operations. `CASEWORKS_EXAMPLES=500` makes a long run of it.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from caseworks.books import checking
from caseworks.cases import verification
from caseworks.cases.models import Case, Event
from tests.faults import world
from tests.machine.bureau import ROLES, STAGE_OF, Bureau, people, screened

EXAMPLES = int(os.environ.get("CASEWORKS_EXAMPLES", "15"))
UNITS = 3
places = st.integers(0, 5)
whoever = st.tuples(st.sampled_from(ROLES), st.integers(0, 1))
taken: Counter[str] = Counter()


class Life(RuleBasedStateMachine):
    """Three units, up to a few rounds each, and all that may happen to their cases."""

    make: Any  # how a bureau is made

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.at: Bureau = self.make()
        self.at.open()

    def teardown(self) -> None:
        try:
            assert verification.findings() == []
            taken.update(Event.objects.values_list("step", flat=True))
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def case(self, place: int) -> Case:
        found = self.at.case(place)
        assert found is not None
        return found

    # -- the right thing, most of the time

    @initialize(steps=st.lists(st.integers(0, 9), min_size=UNITS, max_size=UNITS))
    def each_has_come_some_way(self, steps: list[int]) -> None:
        for place, number in enumerate(steps):
            for _ in range(number):
                self.at.forward(self.case(place))

    @rule(place=places)
    def goes_on(self, place: int) -> None:
        self.at.forward(self.case(place))

    @rule(place=places, steps=st.integers(2, 8))
    def goes_on_for_a_while(self, place: int, steps: int) -> None:
        for _ in range(steps):
            self.at.forward(self.case(place))
            self.clean()

    @rule()
    def all_go_on(self) -> None:
        for case in Case.objects.order_by("pk"):
            self.at.forward(case)

    # -- anything by anybody

    @rule(place=places, stage=st.sampled_from(sorted(STAGE_OF.values())), who=whoever)
    def somebody_signs(self, place: int, stage: str, who: tuple[str, int]) -> None:
        self.at.sign(self.case(place), stage, self.at.by(*who))

    @rule(place=places, who=whoever)
    def somebody_sends_back(self, place: int, who: tuple[str, int]) -> None:
        self.at.send_back(self.case(place), self.at.by(*who))

    @rule(place=places, step=st.sampled_from(["refuse", "withdraw"]), who=whoever)
    def somebody_ends_it(self, place: int, step: str, who: tuple[str, int]) -> None:
        self.at.bare(self.case(place), step, self.at.by(*who))

    @rule(place=places, month=st.integers(1, 12), paid=st.sampled_from([0, 50, 100, 137, 250]), again=st.booleans())
    def data_are_corrected(self, place: int, month: int, paid: int, again: bool) -> None:
        self.at.corrected(self.case(place), month, paid)
        if again:
            self.at.rejudge(self.case(place))

    @rule(place=places)
    def is_judged_again(self, place: int) -> None:
        self.at.rejudge(self.case(place))

    @rule(place=places, decline=st.sampled_from([False, False, True]))
    def differences_are_decided(self, place: int, decline: bool) -> None:
        self.at.recalculated()
        self.at.decide_difference(place, decline=decline)

    @rule(which=st.integers(0, 1))
    def all_that_is_approved_is_announced(self, which: int) -> None:
        self.at.announce(list(Case.objects.filter(status="approved").order_by("pk")), which)

    @rule(discard=st.booleans())
    def corrections(self, discard: bool) -> None:
        self.at.correct()
        self.at.publish_or_discard(discard=discard)

    @rule(place=places, days=st.integers(0, 9))
    def objected(self, place: int, days: int) -> None:
        self.at.object(self.case(place))
        self.at.later(days)
        self.at.clear()

    @rule(place=places, who=whoever, upheld=st.booleans(), recalculate=st.booleans())
    def answered(self, place: int, who: tuple[str, int], upheld: bool, recalculate: bool) -> None:
        self.at.answer(place, self.at.by(*who), upheld=upheld, recalculate=recalculate)

    @rule()
    def all_that_is_cleared_is_drawn_up(self) -> None:
        self.at.draw_up(list(Case.objects.filter(status="cleared").order_by("pk")))

    @rule(step=st.sampled_from(["release", "send", "dissolve"]), which=st.integers(0, 1))
    def batch(self, step: str, which: int) -> None:
        self.at.batch(step, which)

    @rule(result=st.sampled_from(["paid", "returned"]))
    def the_bank_answers(self, result: str) -> None:
        self.at.bank(result)

    @rule()
    def the_bank_takes_back_what_it_paid(self) -> None:
        self.at.later(1)
        self.at.bank("returned", ("paid",))

    @rule(place=places, which=st.integers(0, 1), keep=st.booleans())
    def mended(self, place: int, which: int, keep: bool) -> None:
        self.at.mend(self.case(place), which, keep=keep)

    @rule(place=places, share=st.integers(1, 4))
    def recovered(self, place: int, share: int) -> None:
        self.at.recover(place, share)

    @rule(place=places)
    def the_year_ends(self, place: int) -> None:
        left = Case.objects.filter(status="returned").first()
        self.at.year_ends(left or self.case(place))

    # -- always

    @invariant()
    def clean(self) -> None:
        connection.check_constraints()
        assert checking.offences() == []


@pytest.mark.django_db
def test_the_books_are_clean_after_every_step(settings: Any, tmp_path: Path) -> None:
    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    world.rich()
    staff = people()
    screened(UNITS)
    Life.make = staticmethod(lambda: Bureau(tmp_path, staff))
    taken.clear()
    run_state_machine_as_test(Life, settings=LIMITS)
    print(f"{sum(taken.values())} steps: {dict(taken)}")
    assert len(taken) >= 10, "too little happened"


LIMITS = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None, derandomize=EXAMPLES == 15, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
