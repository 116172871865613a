"""Letters to agencies, made after the sweep by a courier (J2.8, J2.9).

责令退回通知书 of each recovery (by `money.claims`, like every recovery's), 拟取消资格告知书 of each proposed bar.

A page is set in a fifth of a second; the sweep does not wait for it, and what a run leaves the next one makes.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from caseworks.base.documents import papers
from caseworks.base.errors import Refusal
from caseworks.base.models import Document
from caseworks.base.money import ZERO, in_capitals, thousands
from caseworks.cases.enums import BarStatus
from caseworks.money import claims
from caseworks.money.enums import EntryKind, RecoveryStatus
from caseworks.money.models import Recovery, RecoveryEntry
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from dispatch.models import BarPaper, Finding

TEMPLATE = Path(__file__).parent / "papers" / "bar_notice.typ"
TITLE = "拟取消资格告知书"
BASIS = "《吉林省人力资源和社会保障厅等部门通知》（吉人社联〔2024〕43号）第二条"


def issue_missing(*, on: dt.date, by: Actor, at: dt.datetime, most: int = 200) -> int:
    """Make the letters that are missing, at most so many of a kind; returns how many were made."""
    waiting = BarPaper.objects.filter(document__isnull=True, bar__status=BarStatus.PROPOSED).order_by("pk")
    made = sum(issue(pk, on=on, by=by, at=at) is not None for pk in waiting.values_list("pk", flat=True)[:most])
    return made + sum(_order_back(row, on=on, by=by, at=at) for row in _without_notice()[:most])


def issue(paper: int, *, on: dt.date, by: Actor, at: dt.datetime) -> Document | None:
    """Make the letter of one bar, once; None where it stands already or the bar was decided meanwhile."""
    with transaction.atomic():
        row = BarPaper.objects.select_for_update(of=("self",)).select_related("bar", "deadline").get(pk=paper)
        findings = list(Finding.objects.filter(bar=row.bar).select_related("obligation").order_by("pk"))
        if row.document_id is not None or row.bar.status != BarStatus.PROPOSED or not findings:
            return None
        part = findings[0].obligation
        office = Office.objects.get(pk=part.office_id)
        row.document = papers.issue(
            "bar_notice", issuer=office.name, year=on.year, title=TITLE, template=TEMPLATE, data=_data(row, findings),
            at=at, label=by.label, office_id=part.office_id, city_office_id=part.city_office_id, subject=part.uscc,
            name=part.name, on=on,
        )  # fmt: skip
        row.save(update_fields=["document"])
        return row.document


def _without_notice() -> QuerySet[Recovery]:
    """Recoveries of parts that are still owed and of which no 责令退回通知书 was made."""
    noticed = RecoveryEntry.objects.filter(recovery=OuterRef("pk"), kind=EntryKind.NOTICED)
    owed = Recovery.objects.filter(finding__isnull=False, status=RecoveryStatus.OPEN)
    return owed.filter(~Exists(noticed)).order_by("pk")


def _order_back(row: Recovery, *, on: dt.date, by: Actor, at: dt.datetime) -> bool:
    try:
        claims.order_back(row, by=by, at=at, on=on)
    except Refusal:  # somebody made it meanwhile, or it is owed no more
        return False
    return True


def _data(row: BarPaper, findings: list[Finding]) -> dict[str, Any]:
    part, missing = findings[0].obligation, sum((finding.amount for finding in findings), ZERO)
    term = row.deadline
    return {
        "name": part.name,
        "subject": part.uscc,
        "year": str(part.year),
        "bar_year": str(row.bar.year),
        "count": str(len(findings)),
        "amount": thousands(missing),
        "capitals": in_capitals(missing),
        "basis": BASIS,
        "answer_by": "" if term is None else f"{term.due_on:%Y-%m-%d}",
        "rows": [
            [
                finding.obligation.host_name or finding.obligation.host_uscc,
                f"{finding.due_on:%Y-%m-%d}",
                thousands(finding.obligation.amount),
                thousands(finding.obligation.amount - finding.amount),
                thousands(finding.amount),
            ]
            for finding in findings
        ],
    }
