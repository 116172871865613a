"""What the demonstration leaves to do: units that two people determined and that stand in review."""

from __future__ import annotations

from django.utils import timezone

UNKNOWN = "size_unknown"


def run(year: int) -> None:
    """A clerk settles the size of some units, a reviewer confirms; their cases wait at the first and second review."""
    from caseworks.cases import reviews
    from caseworks.cases.models import Case
    from caseworks.people.actors import Actor
    from caseworks.people.models import Person
    from refunds import determinations
    from refunds.determinations import Wish
    from refunds.enums import Fact
    from refunds.models import Assessment

    clerk, reviewer = (
        Actor.of_person(Person.objects.get(username=f"training-{role}")) for role in ("clerk", "reviewer")
    )
    print("Some units of unknown size are determined by two people and wait in review", flush=True)
    for uscc in Assessment.objects.filter(year=year, reasons=[UNKNOWN]).order_by("uscc").values_list("uscc", flat=True):
        wish = Wish(uscc, year - 1, Fact.SIZE, "small", "统计部门划型名录", "名录内查得，截图留存")
        row = determinations.set_fact(wish, by=clerk, at=timezone.now())
        determinations.confirm(row, by=reviewer, at=timezone.now())
    reviews.open_eligible(scheme="refunds", year=year, by=clerk, at=timezone.now())
    waiting = Case.objects.filter(scheme="refunds", year=year, status="opened")
    print(f"in review: {waiting.count()}", flush=True)
