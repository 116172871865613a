"""What the refund shows on the workbench and on a unit's page (`caseworks.base.panels`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from caseworks.base.panels import Panel, Waiting
from caseworks.people.models import Person
from caseworks.registry.models import Succession, Unit
from refunds import differences, summaries
from refunds.enums import Outcome
from refunds.models import Assessment, AssessmentQuerySet, Determination, Difference, ScreeningRun

SHOWN = (Outcome.ELIGIBLE, Outcome.MANUAL, Outcome.APPLY, Outcome.INELIGIBLE)
LATEST = 5


def latest_year() -> int | None:
    """The newest policy year that has been screened."""
    return ScreeningRun.objects.order_by("-year").values_list("year", flat=True).first()


def with_waiting(rows: AssessmentQuerySet, year: int) -> AssessmentQuerySet:
    """Judgements, each with whether a determination of its premium year waits for confirmation."""
    mine = Determination.objects.waiting().filter(uscc=OuterRef("uscc"), year=year - 1)
    return rows.annotate(waiting=Exists(mine))


def set_already(year: int) -> QuerySet[Determination, str]:
    """The codes of the units of which a fact waits for confirmation."""
    return Determination.objects.waiting().filter(year=year - 1).values_list("uscc", flat=True)


def waiting(person: Person, on: dt.date) -> Iterator[Waiting]:
    """Facts to be settled by a clerk, and facts settled that wait for another person."""
    yield Waiting(
        "determinations_to_confirm", "人工核定待确认", "determination.confirm", "refunds:determination_list",
        Determination.objects.visible_to(person, on).waiting().exclude(set_by=person),
        query="status=set", hint="确认后立即重新核算；本人填报的须由另一人确认", tone="amber",
    )  # fmt: skip
    for kind, permission in differences.PERMISSIONS.items():
        found = Difference.objects.visible_to(person, on).waiting().filter(kind=kind)
        yield Waiting(
            f"differences_{kind.value}", f"{kind.label}待决定", permission, "refunds:difference_list", found,
            query=f"status=proposed&kind={kind.value}", hint="重新核算发现的差额，办理或写明理由不予办理", tone="amber",
        )  # fmt: skip
    yield Waiting(
        "successions_to_confirm", "单位承继待确认", "registry.confirm", "refunds:succession_list",
        Succession.objects.visible_to(person, on).waiting().exclude(proposed_by=person),
        query="status=proposed", hint="确认后两个单位的缴费合并计算；确认前双方不拨付", tone="amber",
    )  # fmt: skip
    year = latest_year()
    if year is not None:
        rows = Assessment.objects.visible_to(person, on).of_year(year).filter(outcome=Outcome.MANUAL)
        yield Waiting(
            "units_to_determine", "待核定单位", "determination.set", "refunds:manual_list",
            rows.exclude(uscc__in=set_already(year)), hint="缺少划型、人数或类型，填报后方能判定",
        )  # fmt: skip


def home_panels(person: Person, on: dt.date) -> Iterator[Panel]:
    """The year's figures by outcome, and the last screenings."""
    if not person.has_perm("screening.view"):
        return
    address = reverse("refunds:assessment_list")
    year = latest_year()
    figures = []
    if year is not None:
        rows = Assessment.objects.visible_to(person, on).of_year(year)
        found = {line.code: line for line in summaries.by_outcome(rows)}
        figures = [
            (outcome, found[outcome], f"{address}?{urlencode({'year': year, 'outcome': outcome.value})}")
            for outcome in SHOWN
        ]
    title = f"稳岗返还 · {year} 年度" if year else "稳岗返还"
    yield Panel(title, "refunds/_home_figures.html", {"year": year, "figures": figures}, url=address, wide=True)
    screenings = ScreeningRun.objects.select_related("run__person")[:LATEST]
    yield Panel(
        "最近筛查", "refunds/_home_screenings.html", {"screenings": screenings}, url=reverse("refunds:screening_list")
    )


def unit_panels(unit: Unit, person: Person, on: dt.date) -> Iterator[Panel]:
    """A unit's judgements by year; the unit itself is within the person's scope."""
    rows = Assessment.objects.filter(uscc=unit.uscc).order_by("-year")
    yield Panel("稳岗返还", "refunds/_unit_assessments.html", {"rows": rows})
