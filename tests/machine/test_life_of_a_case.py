"""Whatever is done in whatever order by whomever: the books are clean after every step, and what is refused changes nothing.

A Hypothesis state machine over the real operations. `CASEWORKS_EXAMPLES=500` makes a long run of it. Some cases begin their
life with something rare behind them (came back from the bank, given up, handed over). What can only be done to some cases
(giving up, handing over, objecting, a second attempt) is drawn where there are such cases, so that it happens often; how
often each step was taken is told as events, and a run that misses too many of them fails. That the machine can come to each
is held by a life of its own.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, currently_in_test_context, event, settings, target
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from caseworks.books import checking
from caseworks.cases import verification
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case, Event, Objection, ReviewSheet
from caseworks.money.models import Payment, Recovery, RecoveryEntry
from tests.faults import world
from tests.machine.bureau import ROLES, STAGE_OF, UNITS, Bureau, people, screened

EXAMPLES = int(os.environ.get("CASEWORKS_EXAMPLES", "15"))
places = st.integers(0, 5)
whoever = st.tuples(st.sampled_from(ROLES), st.integers(0, 1))
taken: Counter[str] = Counter()
# What happens beside the steps of the table, each a query of how often.
BESIDE = {
    "objection received": lambda: Objection.objects.count(),
    "objection upheld": lambda: Objection.objects.filter(status="upheld").count(),
    "objection dismissed": lambda: Objection.objects.filter(status="dismissed").count(),
    "second attempt": lambda: Payment.objects.filter(attempt__gt=1).count(),
    "second attempt paid": lambda: Payment.objects.filter(attempt__gt=1, status="paid").count(),
    "recovery found": lambda: Recovery.objects.count(),
    "recovery delivered": lambda: RecoveryEntry.objects.filter(kind="delivered").count(),
    "recovery handed over": lambda: RecoveryEntry.objects.filter(kind="handed_over").count(),
    "recovery repaid": lambda: RecoveryEntry.objects.filter(kind="repaid").count(),
    "top-up": lambda: Case.objects.filter(round__gt=1).count(),
}
# What no short run of the machine is to miss.
OFTEN = {
    "waive", "bounce", "mend", "send_back", "second attempt", "second attempt paid", "objection received",
    "recovery found", "recovery handed over",
}  # fmt: skip


def one_of(found: list[Case], place: int) -> Case:
    """One of the cases that there are."""
    return found[place % len(found)]


BEFELL: dict[str, Callable[[Life, int], None]] = {
    "objected to": lambda life, place: life.was_objected_to(place),
    "came back": lambda life, place: life.came_back(place),
    "paid at the second attempt": lambda life, place: life.was_paid_at_the_second_attempt(place),
    "given up": lambda life, place: life.was_given_up(place),
    "handed over": lambda life, place: life.was_handed_over(place),
    "sent back": lambda life, place: life.was_sent_back(place),
}


class Life(RuleBasedStateMachine):
    """Three units, up to a few rounds each, and all that may happen to their cases."""

    make: Any  # how a bureau is made

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.at: Bureau = self.make()
        self.at.open()
        ReviewSheet.objects.filter(case=self.case(0)).update(further=True)  # as above a band of amounts

    def teardown(self) -> None:
        try:
            assert verification.findings() == []
            steps = Counter(Event.objects.values_list("step", flat=True))
            steps.update({name: count for name, how_many in BESIDE.items() if (count := how_many())})
            taken.update(steps)
            if currently_in_test_context():
                for name in sorted(steps):
                    event(name)
                target(float(len(steps)), label="different things in a life")
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def case(self, place: int) -> Case:
        found = self.at.case(place)
        assert found is not None
        return found

    # -- the right thing, most of the time

    # opened, waiting for an approval, approved, announced, cleared, with the bank, paid: most where most may happen
    @initialize(
        steps=st.lists(st.sampled_from([0, 2, 3, 4, 4, 5, 6, 7, 7, 9]), min_size=UNITS, max_size=UNITS),
        befell=st.permutations(["handed over", "given up", "objected to", "nothing", *BEFELL]),
    )
    def each_has_come_some_way(self, steps: list[int], befell: list[str]) -> None:
        for place, (number, what) in enumerate(zip(steps, befell, strict=False)):
            if what in BEFELL:
                BEFELL[what](self, place)
                self.clean()
                continue
            for _ in range(number):
                self.at.forward(self.case(place))

    # -- what may have befallen a case before the life begins: the rare roads, each taken to its end

    def until(self, place: int, status: str) -> Case:
        """The case after so many right steps that it stands there, or as far as it comes."""
        for _ in range(12):
            if self.case(place).status == status:
                break
            self.at.forward(self.case(place))
        return self.case(place)

    def was_objected_to(self, place: int) -> None:
        self.at.object(self.until(place, "announced"))

    def came_back(self, place: int) -> None:
        self.until(place, "batched")
        self.at.batch("release")
        self.at.batch("send")
        self.at.bank("returned")

    def was_paid_at_the_second_attempt(self, place: int) -> None:
        self.came_back(place)
        self.until(place, "paid")

    def was_given_up(self, place: int) -> None:
        self.came_back(place)
        self.at.year_ends(self.case(place))

    def was_handed_over(self, place: int) -> None:
        self.at.find_wrong(self.until(place, "paid"), 100)
        for _ in range(6):
            self.at.enforce(0)

    def was_sent_back(self, place: int) -> None:
        self.at.send_back(self.until(place, "second_passed"), self.at.by("approver"))

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

    @precondition(lambda self: self.at.of_status("first_passed", "second_passed", "endorsed", "approved"))
    @rule(place=places, step=st.sampled_from(["send_back", "send_back", "refuse"]), which=st.integers(0, 1))
    def an_approver_does_not_agree(self, place: int, step: str, which: int) -> None:
        case = one_of(self.at.of_status("first_passed", "second_passed", "endorsed", "approved"), place)
        if step == "refuse":
            self.at.bare(case, step, self.at.by("approver", which))
        else:
            self.at.send_back(case, self.at.by("approver", which))

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

    @precondition(lambda self: self.at.announced())
    @rule(place=places, days=st.integers(0, 9))
    def objected(self, place: int, days: int) -> None:
        self.at.object(one_of(self.at.announced(), place))
        self.at.later(days)
        self.at.clear()

    @precondition(lambda self: Objection.objects.waiting().exists())
    @rule(place=places, upheld=st.booleans(), recalculate=st.booleans())
    def answered_by_another(self, place: int, upheld: bool, recalculate: bool) -> None:
        self.at.answer(place, self.at.by("supervisor", 1), upheld=upheld, recalculate=recalculate)

    @rule(place=places, who=whoever, upheld=st.booleans(), recalculate=st.booleans())
    def answered(self, place: int, who: tuple[str, int], upheld: bool, recalculate: bool) -> None:
        self.at.answer(place, self.at.by(*who), upheld=upheld, recalculate=recalculate)

    @rule()
    def all_that_is_cleared_is_drawn_up(self) -> None:
        self.at.draw_up(list(Case.objects.filter(status="cleared").order_by("pk")))

    @rule(step=st.sampled_from(["release", "send", "dissolve"]), which=st.integers(0, 1))
    def batch(self, step: str, which: int) -> None:
        self.at.batch(step, which)

    @precondition(lambda self: self.at.with_the_bank())
    @rule(answers=st.lists(st.sampled_from(["paid", "returned", "silent"]), min_size=1, max_size=UNITS))
    def the_bank_answers(self, answers: list[str]) -> None:
        self.at.answered_by_the_bank(answers)

    @precondition(lambda self: self.at.of_status("paid"))
    @rule()
    def the_bank_takes_back_what_it_paid(self) -> None:
        self.at.later(1)
        self.at.bank("returned", ("paid",))

    @rule(place=places, which=st.integers(0, 1), keep=st.booleans())
    def mended(self, place: int, which: int, keep: bool) -> None:
        self.at.mend(self.case(place), which, keep=keep)

    @precondition(lambda self: self.at.of_status("returned"))
    @rule(place=places, keep=st.booleans(), result=st.sampled_from(["paid", "paid", "returned"]))
    def tried_a_second_time(self, place: int, keep: bool, result: str) -> None:
        case = one_of(self.at.of_status("returned"), place)
        self.at.mend(case, 0, keep=keep)
        self.clean()
        self.at.draw_up([case])
        self.at.batch("release")
        self.at.batch("send")
        self.clean()
        self.at.bank(result)

    @precondition(lambda self: self.at.of_status("cleared", "announced"))
    @rule(place=places)
    def an_account_is_in_doubt(self, place: int) -> None:
        self.at.doubt(one_of(self.at.of_status("cleared", "announced"), place))

    # -- the end of the year, and money back

    @precondition(lambda self: self.at.left())
    @rule(place=places)
    def is_given_up(self, place: int) -> None:
        self.at.year_ends(one_of(self.at.left(), place))

    @rule(place=places)
    def the_year_ends(self, place: int) -> None:
        self.at.year_ends(self.case(place))

    @rule()
    def reminders_go_out(self) -> None:
        self.at.reminded()

    @precondition(lambda self: self.at.of_status("paid"))
    @rule(place=places, amount=st.sampled_from([1, 100, 720]))
    def an_audit_finds_it_wrong(self, place: int, amount: int) -> None:
        self.at.find_wrong(one_of(self.at.of_status("paid"), place), amount)

    @precondition(lambda self: Recovery.objects.owing().exists())
    @rule(place=places, share=st.integers(1, 4))
    def recovered(self, place: int, share: int) -> None:
        self.at.recover(place, share)

    @precondition(lambda self: Recovery.objects.filter(status__in=("proposed", "open")).exists())
    @rule(place=places, steps=st.integers(1, 6))
    def claimed_back_until_it_is_handed_over(self, place: int, steps: int) -> None:
        for _ in range(steps):
            self.at.enforce(place)
            self.clean()

    @precondition(lambda self: Recovery.objects.owing().exists())
    @rule(place=places)
    def was_not_owed(self, place: int) -> None:
        self.at.strike_off(place)

    @rule(place=places, who=st.tuples(st.sampled_from(["clerk", "supervisor", "cashier"]), st.integers(0, 1)))
    def handed_to_another_office(self, place: int, who: tuple[str, int]) -> None:
        self.at.move(self.case(place), self.at.by(*who))

    # -- always

    @invariant()
    def clean(self) -> None:
        connection.check_constraints()
        assert checking.offences() == []


@pytest.fixture
def life(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Life]:
    """The machine on a bureau of its own; papers are numbered and kept, and not set by Typst each time."""
    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr("caseworks.base.documents.papers.render", lambda template, data, *, at: b"%PDF-1.7 paper")
    call_command("setup")
    world.rich()
    staff = people()
    screened(UNITS)
    Life.make = staticmethod(lambda: Bureau(tmp_path, staff))
    taken.clear()
    return Life


def test_the_books_are_clean_after_every_step(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=LIMITS)
    told = ", ".join(f"{name} {count}" for name, count in taken.most_common())
    print(f"{sum(taken[name] for name in STEPS)} steps: {told}")
    assert OFTEN - set(taken) == set(), f"no life came to this: {told}"
    assert len(set(STEPS) & set(taken)) >= len(STEPS) - 4, f"too little happened: {told}"


LIMITS = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None, derandomize=EXAMPLES == 15, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_which_steps_of_the_table_the_machine_can_reach(life: type[Life]) -> None:
    """By its own rules, one after the other: every one of them."""
    machine = life()
    try:
        at = machine.at
        far = lambda place, status: _until(machine, place, status)  # noqa: E731
        far(0, "approved")  # of a band of amounts: by a further approver
        machine.handed_to_another_office(place=0, who=("clerk", 0))
        machine.somebody_sends_back(place=0, who=("approver", 1))
        machine.somebody_ends_it(place=0, step="withdraw", who=("clerk", 0))
        far(1, "announced")
        machine.objected(place=0, days=0)
        machine.answered_by_another(place=0, upheld=False, recalculate=False)
        far(1, "cleared")
        machine.all_that_is_cleared_is_drawn_up()
        machine.batch(step="dissolve", which=0)
        machine.all_that_is_cleared_is_drawn_up()
        machine.batch(step="release", which=1)
        machine.batch(step="send", which=0)
        machine.the_bank_answers(answers=["returned"])
        machine.tried_a_second_time(place=0, keep=False, result="paid")
        machine.an_audit_finds_it_wrong(place=0, amount=100)
        machine.claimed_back_until_it_is_handed_over(place=0, steps=6)
        machine.the_bank_takes_back_what_it_paid()
        machine.data_are_corrected(place=2, month=3, paid=250, again=True)
        far(2, "announced")
        machine.objected(place=0, days=0)
        machine.answered_by_another(place=0, upheld=True, recalculate=False)
        machine.is_given_up(place=0)
        machine.clean()
        assert [case.status for case in at.of_status("withdrawn", "waived", "refused")] == [
            "withdrawn", "waived", "refused",
        ]  # fmt: skip
    finally:
        machine.teardown()
    assert set(STEPS) - set(taken) == set()


def _until(machine: Life, place: int, status: str) -> None:
    for _ in range(12):
        if machine.case(place).status == status:
            return
        machine.at.forward(machine.case(place))
        machine.clean()
    raise AssertionError(f"{machine.case(place).status}, and never {status}")
