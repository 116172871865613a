"""试算: what a draft would change is what a screening changes once another person has put it in force. (N2.7)"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.law import policies
from caseworks.law.models import Policy, PolicyFigure
from caseworks.oversight import trials
from caseworks.people.actors import Actor
from refunds.models import Assessment, AssessmentChange
from tests.refunds.conftest import AS_OF, bureau, province
from tests.refunds_pages.staff import make_person

__all__ = ["bureau", "province"]


def drafted(by: Actor, **figures: str) -> Policy:
    """The row of 2024 again, with other figures."""
    row = Policy.objects.in_force().get(scheme="refunds", year=2024, region="22")
    draft = policies.copy_as_draft(row, by=by, at=timezone.now())
    for name, number in figures.items():
        PolicyFigure.objects.filter(policy=draft, name=name).update(number=Decimal(number))
    return draft


def tried(policy: Policy, by: Actor) -> Run:
    run, new = trials.ask(policy, by=by, at=timezone.now())
    assert new
    again, new = trials.ask(policy, by=by, at=timezone.now())
    assert (again.pk, new) == (run.pk, False)
    return trials.carry_out(run, on=AS_OF)


def eligible() -> tuple[int, Decimal]:
    rows = Assessment.objects.filter(year=2024, outcome="eligible")
    return rows.count(), rows.aggregate(sum=Sum("amount"))["sum"]


def sums(run: Run, side: int) -> tuple[int, Decimal]:
    """Units and money that are payable, before (0) or after (1)."""
    rows = [row for row in run.summary["moved"] if row[side] == "eligible"]
    return sum(row[2] for row in rows), sum((Decimal(row[3 + side]) for row in rows), Decimal(0))


def test_a_trial_foretells_the_screening(province: Path) -> None:
    call_command("screen_refunds", "2024", "--as-of", AS_OF.isoformat())
    before = eligible()
    boss, other = (Actor.of_person(make_person("supervisor", username=name)) for name in ("boss", "other"))
    draft = drafted(boss, ratio_sme="0.9", layoff_ceiling="0.02", months_required="6")
    run = tried(draft, boss)
    run.refresh_from_db()
    assert (run.state, sums(run, 0)) == ("done", before)
    assert eligible() == before  # nothing was written
    policies.put_in_force(draft, by=other, at=timezone.now())
    call_command("screen_refunds", "2024", "--as-of", AS_OF.isoformat())
    assert eligible() == sums(run, 1)
    assert sums(run, 1) != before
    changed = AssessmentChange.objects.filter(year=2024, kind="changed")
    moved = sum(
        (row.before["outcome"], *_paid(row.before)) != (row.after["outcome"], *_paid(row.after)) for row in changed
    )
    assert run.summary["changed"] == moved > 0
    assert sum(units for _, units, _ in run.summary["places"]) == moved
    assert len(run.summary["most"]) == min(moved, trials.NAMED)


def _paid(shown: dict[str, object]) -> tuple[object, ...]:
    return (shown["amount"],) if shown["outcome"] == "eligible" else ()


def test_another_selection_of_records_is_tried_by_two_readings(province: Path) -> None:
    call_command("screen_refunds", "2024", "--as-of", AS_OF.isoformat())
    boss = Actor.of_person(make_person("supervisor", username="boss"))
    draft = drafted(boss)
    PolicyFigure.objects.filter(policy=draft, name="paid_by").update(text="2023-06-30")
    run = tried(draft, boss)
    assert sums(run, 0) == eligible()
    assert sums(run, 1)[0] < sums(run, 0)[0]


def test_only_who_may_draft_tries_and_only_what_can_be_compared(province: Path) -> None:
    boss, clerk = (Actor.of_person(make_person(role)) for role in ("supervisor", "clerk"))
    draft = drafted(boss)
    with pytest.raises(Refusal, match="不能办理"):
        trials.ask(draft, by=clerk, at=timezone.now())
    subsidies = Policy.objects.filter(scheme="subsidies").order_by("year")[0]
    with pytest.raises(Refusal, match="没有试算"):
        trials.ask(subsidies, by=boss, at=timezone.now())
    PolicyFigure.objects.filter(policy=draft, name="months_required").delete()
    with pytest.raises(Refusal, match="不能使用"):
        trials.ask(draft, by=boss, at=timezone.now())
    assert not Run.objects.filter(kind=trials.KIND).exists()
