"""What the skill subsidy shows on the workbench (`caseworks.base.panels`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse

from caseworks.base.panels import Panel, Waiting
from caseworks.people.models import Person
from caseworks.registry.models import CardChange
from subsidies import cases, summaries
from subsidies.models import Claim, Overlap


def waiting(person: Person, on: dt.date) -> Iterator[Waiting]:
    """Findings of double benefit that nobody has decided yet."""
    rows = Overlap.objects.visible_to(person, on).waiting()
    yield Waiting(
        "subsidies_overlaps", "与培训补贴重复，待核实", "overlap.dismiss", "subsidies:overlap_list", rows,
        query="state=open", hint="两条记录并列；未拨付的暂缓，已拨付的已提出追回", tone="amber",
    )  # fmt: skip
    changed = CardChange.objects.visible_to(person, on).waiting()
    yield Waiting(
        "subsidies_cards", "社会保障卡变更，待另一人确认", "registry.confirm", "subsidies:card_list", changed,
        hint="确认前不向此人拨付", tone="amber",
    )  # fmt: skip


def home_panels(person: Person, on: dt.date) -> Iterator[Panel]:
    """The newest year's claims in figures."""
    year = next(iter(cases.years()), None)
    if year is None or not person.has_perm("claim.view"):
        return
    total = summaries.total(Claim.objects.visible_to(person, on).of_year(year))
    address = reverse("subsidies:claim_list")
    data = {
        "total": total,
        "granted_url": f"{address}?{urlencode({'year': year, 'outcome': 'granted'})}",
        "refused_url": f"{address}?{urlencode({'year': year, 'outcome': 'refused'})}",
    }
    yield Panel(f"技能补贴 · {year} 年度", "subsidies/_home_figures.html", data, url=address)
