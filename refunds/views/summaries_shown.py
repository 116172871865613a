"""A screening's result as its page shows it: figures that link to their lists, charts, differences, freshness."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from caseworks.base.models import Run
from caseworks.law.models import Policy
from caseworks.people.models import Office, OfficeRegion, Person
from caseworks.people.scope import scope_of
from caseworks.registry.enums import FileKind
from refunds import rulebook, summaries
from refunds.enums import ChangeKind, Flag, Outcome
from refunds.models import Assessment, AssessmentChange, ScreeningRun
from refunds.parameters import APPLY, INELIGIBLE, MANUAL, REASONS
from refunds.views import words

TONES = {Outcome.ELIGIBLE: "green", Outcome.MANUAL: "amber", Outcome.APPLY: "blue", Outcome.INELIGIBLE: "red"}
SHOWN_ORDER = (Outcome.ELIGIBLE, Outcome.MANUAL, Outcome.APPLY, Outcome.INELIGIBLE)
REASONS_OF = {Outcome.INELIGIBLE: INELIGIBLE, Outcome.APPLY: APPLY, Outcome.MANUAL: MANUAL, Outcome.ELIGIBLE: {}}
PAYABLE = (Outcome.ELIGIBLE, Outcome.MANUAL)


def places(regions: Iterable[str]) -> dict[str, str]:
    """The names of region prefixes, by the office that looks after each."""
    wanted = set(regions)
    found = dict(OfficeRegion.objects.filter(prefix__in=wanted).values_list("prefix", "office__name"))
    return {region: found.get(region, f"地区 {region}" if region else "全省") for region in wanted}


@dataclass(frozen=True)
class ListRow:
    """A line of the list of screenings."""

    pk: int
    at: dt.datetime
    year: int
    place: str
    as_of: dt.date
    run: Run
    units: int | None
    eligible: int | None
    amount: Decimal | None
    changed: int | None

    @classmethod
    def of(cls, row: ScreeningRun, place: str, *, whole: bool) -> ListRow:
        """A screening; with its sums where it has ended and the person sees all that was summed up."""
        outcomes, written = (row.totals.get("outcomes", {}), row.written) if whole else ({}, {})
        mine = outcomes.get(Outcome.ELIGIBLE, {})
        return cls(
            row.pk, row.run.created_at, row.year, place, row.as_of, row.run,
            sum(found["units"] for found in outcomes.values()) if outcomes else None,
            mine.get("units"), Decimal(mine["amount"]) if mine else None,
            written.get("changed", 0) + written.get("gone", 0) if written else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A number that leads to its list."""

    label: str
    units: int
    url: str = ""
    amount: Decimal | None = None
    tone: str = ""


@dataclass(frozen=True)
class ReasonLine:
    """One reason of an outcome."""

    code: str
    units: int
    url: str
    clause: str


@dataclass(frozen=True)
class Group:
    """An outcome with its reasons."""

    outcome: str
    units: int
    url: str
    amount: Decimal | None
    reasons: list[ReasonLine] = field(default_factory=list)


@dataclass(frozen=True)
class Fresh:
    """On which months and files a screening stands."""

    months: list[dict[str, Any]]
    files: list[dict[str, Any]]
    warnings: list[str]
    estimated: bool

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Fresh:
        """What the screening keeps, in words."""
        months = [
            {"period": m["period"], "rows": m["rows"], "none": not m["rows"], "low": m["incomplete"]}
            for m in stored.get("months", [])
        ]
        files = [
            {**file, "at": dt.datetime.fromisoformat(file["at"]), "label": FileKind(file["kind"]).label}
            for file in stored.get("files", [])
        ]
        return cls(months, files, stored.get("warnings", []), stored.get("estimated", False))


def result(found: ScreeningRun, person: Person, on: dt.date, policy: Policy | None) -> dict[str, Any]:
    """What the page of a finished screening shows, within the person's scope.

    Who sees the whole of it reads the sums that were kept; others have their own offices summed up.
    """
    whole = scope_of(person, on).province
    rows = found.reach.limit(Assessment.objects.visible_to(person, on).of_year(found.year))
    totals = found.totals if whole else summaries.totals(rows)
    outcomes, reasons = totals["outcomes"], totals["reasons"]
    base = {"year": str(found.year)} | ({"region": found.region} if len(found.region) > 2 else {}) | _office(found)

    def link(**conditions: str) -> str:
        return f"{reverse('refunds:assessment_list')}?{urlencode(base | conditions)}"

    clauses = {}
    if policy is not None:
        parameters = next(iter(rulebook.of_policy(policy, found.as_of).parameters.values()))
        clauses = {code: parameters.basis(code) for code in REASONS}
    groups = [
        Group(
            outcome,
            outcomes[outcome]["units"],
            link(outcome=outcome),
            Decimal(outcomes[outcome]["amount"]) if outcome in PAYABLE else None,
            [
                ReasonLine(code, reasons[code], link(reason=code), clauses.get(code, ""))
                for code in REASONS_OF[outcome]
                if reasons.get(code)
            ],
        )
        for outcome in SHOWN_ORDER
        if outcome in outcomes
    ]
    figures = [
        Figure(
            str(Outcome(group.outcome).label) + ("（暂算）" if group.outcome == Outcome.MANUAL else ""),
            group.units, group.url, group.amount, TONES[Outcome(group.outcome)],
        )
        for group in groups
    ]  # fmt: skip
    flags = [(code, units) for code, units in totals["flags"].items() if units]
    changed: Any = AssessmentChange.objects.visible_to(person, on).filter(screening=found).select_related("office")
    return {
        "figures": figures,
        "groups": groups,
        "flag_figures": [Figure(str(Flag(code).label), units, link(flag=code)) for code, units in flags],
        "chart_outcome": _outcome_chart(figures),
        "chart_reason": _reason_chart(groups),
        "list_url": link(),
        "export_url": link().replace(
            reverse("refunds:assessment_list"), reverse("refunds:assessment_export", args=["xlsx"])
        ),
        "differences": _differences(found, changed, whole=whole),
        "changes": [words.ChangeRow.of(row) for row in changed.order_by("uscc")[:8]],
        "written": found.written,
    }


def _office(found: ScreeningRun) -> dict[str, str]:
    """The list's condition on the office, where a screening reached the units of one (and those below it)."""
    offices = Office.objects.filter(pk__in=found.offices or ())
    tops = [office for office in offices if office.city_or_self_id == office.pk] or list(offices)
    return {"office": str(tops[0].pk)} if len(tops) == 1 else {}


def _differences(found: ScreeningRun, changed: Any, *, whole: bool) -> list[Figure]:
    """New, changed, gone and unchanged units; per office only what is recorded unit by unit."""
    address = reverse("refunds:screening_changes", args=[found.pk])
    written = found.written
    if not whole:
        units = dict(changed.order_by().values_list("kind").annotate(units=Count("pk")))
        return [Figure(str(k.label), units.get(k.value, 0), f"{address}?kind={k.value}") for k in ChangeKind]
    rows = [
        Figure("新增", written["new"], f"{address}?kind=new" if found.previous_id else ""),
        Figure("有变化", written["changed"], f"{address}?kind=changed" if written["changed"] else ""),
        Figure("不再在册", written["gone"], f"{address}?kind=gone" if written["gone"] else ""),
        Figure("没有变化", written["unchanged"]),
    ]
    if written["in_review"]:
        rows.append(Figure("已进入审核，未改写", written["in_review"]))
    if written["in_review_differing"]:
        rows.append(Figure("其中按现有数据会不同", written["in_review_differing"]))
    return rows


def _outcome_chart(figures: list[Figure]) -> dict[str, Any]:
    colours = {"green": "#2a9d64", "amber": "#d98200", "blue": "#0b5cad", "red": "#b3261e"}
    shown = [figure for figure in figures if figure.units]
    return {
        "kind": "pie",
        "unit": " 户",
        "items": [{"name": figure.label, "value": figure.units} for figure in shown],
        "colours": [colours[figure.tone] for figure in shown],
    }


def _reason_chart(groups: list[Group]) -> dict[str, Any]:
    lines = [(REASONS[line.code], line.units) for group in groups for line in group.reasons]
    lines.sort(key=lambda line: -line[1])
    return {
        "horizontal": True,
        "labels": True,
        "unit": "户",
        "categories": [label for label, _ in lines],
        "series": [{"name": "户数", "values": [units for _, units in lines]}],
    }
