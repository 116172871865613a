"""Whatever is corrected, paid, returned, topped up and taken back, in whatever order: nobody keeps more than is granted.

Once all proposals are carried out, what was paid less what is claimed back is what the judgement of that day grants, and
a second run proposes nothing.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseworks.base import runs
from caseworks.base.enums import Size
from caseworks.books import checking
from caseworks.cases import history, openings
from caseworks.cases.lifecycle import UNDER_REVIEW
from caseworks.cases.models import Case
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.money import bank_results, batches, recoveries
from caseworks.money.models import Movement, Payment, Recovery
from caseworks.people.actors import Actor
from caseworks.registry.models import Contribution, FundYear, Unit
from refunds import assessments, differences, facts, recalculation, rulebook
from refunds.models import Difference, Recalculation, ScreeningRun
from tests.money.conftest import give_account
from tests.people.builders import person
from tests.refunds.build import a_year, make_unit

AT = dt.datetime(2024, 7, 9, 1, 30, tzinfo=dt.UTC)
ON, BEFORE, AFTER = dt.date(2024, 6, 28), dt.date(2024, 6, 30), dt.date(2024, 9, 2)
CLOCK = Actor.of_command("test")
ROAD = {"opened": "pass_first", "first_passed": "pass_second", "second_passed": "approve", "approved": "announce",
        "announced": "clear"}  # fmt: skip
HELD = ("topup_case_is_its_difference", "difference_is_carried_out", "topped_up_no_further_than_granted",
        "recovery_is_its_account", "repaid_is_what_came_back", "recovered_no_more_than_paid", "movements_are_the_payment",
        "one_live_payment_a_subject", "refund_case_is_its_judgement", "attempts_without_gaps")  # fmt: skip


class Bureau:
    """One unit and the people who deal with it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "bank.csv"
        self.cashier, self.second, self.approver, self.clerk = (
            Actor.of_person(person(name, role))
            for name, role in (("c1", "cashier"), ("c2", "cashier"), ("a1", "approver"), ("k1", "clerk"))
        )
        self.unit = make_unit(1)
        a_year(self.unit.uscc)
        give_account(self.unit)
        self.day = BEFORE
        rules = rulebook.freeze(year=2024, region="22", as_of=ON)
        chosen = {"usccs": [self.unit.uscc]}
        lines = list(facts.copied(connection.connection, rules.question, "u.uscc = ANY(%(usccs)s)", chosen, one=True))
        run = runs.create("screening", "2024", "测试", CLOCK, AT)
        made = ScreeningRun.objects.create(run=run, year=2024, as_of=ON, policy=rules.policies[0])
        cause = assessments.Cause(2024, AT, screening_id=made.pk)
        assessments.write(assessments.judged(lines, rules, cause), cause, fresh=True)
        openings.open_eligible(scheme="refunds", year=2024, by=self.clerk, at=AT)
        self.refs = 0

    # -- what may happen in between

    def premium(self, month: int, paid: int) -> None:
        """A month's record is corrected; 100.00 is due."""
        Contribution.objects.filter(uscc=self.unit.uscc, period=f"2023-{month:02d}").update(
            paid=Decimal(paid), paid_on=dt.date(2023, month, 20) if paid else None
        )

    def size(self, size: str) -> None:
        Unit.objects.filter(pk=self.unit.pk).update(size=size)

    def raise_ratios(self) -> None:
        """From now on the later row of the year counts."""
        self.day = AFTER

    def walk(self) -> None:
        """Every case takes its next step up to clearing; one under review is judged again first."""
        for pk, status in Case.objects.filter(status__in=ROAD).order_by("pk").values_list("pk", "status"):
            if status in UNDER_REVIEW:
                openings.rejudge(pk, by=self.clerk, at=AT, note="核对")
                case = Case.objects.select_related("sheet").get(pk=pk)
                if not case.sheet.payable:
                    history.take("refuse", [pk], by=CLOCK, at=AT, note="不再符合")
                    continue
                status = case.status
            history.take(ROAD[status], [pk], by=CLOCK, at=AT, note="测试")

    def send(self) -> None:
        """What was cleared goes to the bank."""
        ids = list(Case.objects.filter(status="cleared").values_list("pk", flat=True))
        if ids:
            drawn = batches.draw_up(scheme="refunds", year=2024, case_ids=ids, by=self.cashier, at=AT, on=AFTER)
            for batch in drawn:
                batches.release(batch, by=self.second, at=AT)
                batches.send(batch, by=self.cashier, at=AT, on=AFTER)

    def bank(self, result: str = "paid") -> None:
        """The bank answers for what was sent."""
        rows = Payment.objects.filter(status="sent")
        lines = [f"{row.payment_no},{result},{row.sent_on},测试" for row in rows]
        if lines:
            self.file.write_text("payment_no,result,on,reason\n" + "\n".join(lines), encoding="utf-8")
            bank_results.book(self.file, by=self.cashier, at=AT)
        for case in Case.objects.filter(status="returned"):
            history.take("mend", [case.pk], by=CLOCK, at=AT, note="账户已更正")

    def recalculate(self) -> list[Difference]:
        run = runs.create("recalculation", "2024", "测试", CLOCK, AT)
        found = Recalculation.objects.create(run=run, year=2024, region="", as_of=self.day)
        recalculation.compare(found, connection.connection, at=AT)
        return list(Difference.objects.waiting())

    def decide(self) -> None:
        """Carry out every proposal."""
        for row in self.recalculate():
            if row.kind == "overpaid":
                differences.take_back([row.pk], by=self.approver, at=AT, because="数据更正")
        for row in Difference.objects.waiting():
            differences.top_up([row.pk], by=self.clerk, at=AT)

    def repay(self, share: int) -> None:
        """Some of what is owed comes back."""
        for row in Recovery.objects.owing():
            self.refs += 1
            recoveries.repay(
                row.key, amount=max((row.owed * share / 4).quantize(Decimal("0.01")), Decimal("0.01")), on=AFTER,
                bank_ref=f"B{self.refs}", by=self.cashier, at=AT, confirmed=True,
            )  # fmt: skip

    def settle(self) -> None:
        """All that is on its way arrives, and all that is owed comes back."""
        for _ in range(len(ROAD)):
            self.walk()
        self.repay(4)
        self.send()
        self.bank()

    # -- what must hold

    def clean(self) -> None:
        wrong = [str(offence) for offence in checking.offences() if offence.invariant in HELD]
        assert wrong == []


EVENTS = st.one_of(
    st.tuples(st.just("premium"), st.integers(1, 12), st.sampled_from([0, 50, 100, 137, 250])),
    st.tuples(st.just("size"), st.sampled_from([Size.LARGE.value, Size.MEDIUM.value])),
    st.sampled_from(
        [("raise_ratios",), ("walk",), ("send",), ("bank",), ("bank", "returned"), ("decide",), ("settle",)]
    ),
    st.tuples(st.just("repay"), st.integers(1, 4)),
)


@pytest.fixture
def bureau(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )
    before = Policy.objects.in_force().of("refunds", 2024).get(region="22")
    row = policies.copy_as_draft(before, by=CLOCK, at=AT)
    row.title, row.effective_from = "提高后", dt.date(2024, 7, 1)
    row.save()
    row.figures.filter(name__in=("ratio_sme", "ratio_large")).update(number=Decimal("0.9"))
    policies.put_in_force(row, by=CLOCK, at=AT, training=True)
    return tmp_path


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, min_size=2, max_size=8))
def test_nobody_keeps_more_than_is_granted_and_a_second_run_proposes_nothing(
    bureau: Path, events: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic():
        at = Bureau(bureau)
        for name, *arguments in [*events, ("settle",), ("decide",), ("settle",)]:
            getattr(at, name)(*arguments)
        at.clean()
        while Difference.objects.waiting().exists():
            at.decide()
            at.settle()
        assert at.recalculate() == []
        at.clean()
        moved = sum(Movement.objects.values_list("amount", flat=True), Decimal(0))
        now = recalculation.of_unit(at.unit.uscc, 2024, at.day)
        granted = now["amount"] if now["outcome"] == "eligible" else Decimal(0)
        assert moved <= granted
        transaction.set_rollback(True)
