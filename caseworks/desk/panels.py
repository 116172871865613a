"""The desk's own cards on a case's and a unit's page: papers and notices (settings.PANELS)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from caseworks.base.models import Document, Notice
from caseworks.base.panels import Panel
from caseworks.cases.models import Case
from caseworks.cases.sources import scheme_module
from caseworks.people.models import Person
from caseworks.registry.models import Unit

LATEST = 10


def case_panels(case: Case, person: Person, on: dt.date) -> Iterator[Panel]:
    """The papers and notices of a case."""
    offers = getattr(scheme_module(case.scheme), "case_papers", None)
    papers = list(offers(case, person, on)) if offers else []
    yield from _documents(Document.objects.filter(case=case.pk), {"case": case.pk}, person, papers)
    yield from _notices(Notice.objects.filter(case=case.pk), {"case": case.pk}, person)


def unit_panels(unit: Unit, person: Person, on: dt.date) -> Iterator[Panel]:
    """The papers and notices of a unit."""
    yield from _documents(Document.objects.filter(subject=unit.uscc), {"text": unit.uscc}, person, [])
    yield from _notices(Notice.objects.filter(subject=unit.uscc), {"text": unit.uscc}, person)


def _documents(rows: object, query: dict[str, object], person: Person, offers: list[object]) -> Iterator[Panel]:
    if not person.has_perm("document.view"):
        return
    shown = rows.annotate(sealed=Count("scans")).order_by("-id")[:LATEST]  # type: ignore[attr-defined]
    url = f"{reverse('documents:document_list')}?{urlencode(query)}"
    yield Panel("文书", "documents/_documents_card.html", {"rows": shown, "offers": offers}, url=url)


def _notices(rows: object, query: dict[str, object], person: Person) -> Iterator[Panel]:
    if not person.has_perm("notice.view"):
        return
    shown = rows.select_related("version").order_by("-id")[:LATEST]  # type: ignore[attr-defined]
    url = f"{reverse('notices:notice_list')}?{urlencode(query)}"
    yield Panel("通知", "notices/_notices_card.html", {"rows": shown}, url=url)
