"""个人: insurance months as a timeline, certificates, grants, training subsidies, double benefit; numbers masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base.errors import Refusal
from caseworks.people.access import access
from caseworks.registry.models import CardChange, Worker
from subsidies import persons
from subsidies.models import Invitation, Overlap
from subsidies.persons import Spell, month_number
from subsidies.views.shared import person_of


@dataclass(frozen=True)
class Month:
    """A month of the timeline: what the person was, and which certificates were issued in it."""

    number: int
    kind: str  # enterprise, other, benefit, none
    words: str
    issued: str


@dataclass(frozen=True)
class Year:
    """A year of the timeline."""

    year: int
    months: list[Month]
    insured: int


_WORDS = {"enterprise": "企业参保", "other": "其他单位参保", "benefit": "领取失业保险金", "none": "无记录"}


def timeline(spells: Sequence[Spell], issued: dict[str, str]) -> list[Year]:
    """Every year from the first record to the last, the newest first."""
    kinds: dict[int, str] = {}
    insured: set[int] = set()
    for spell in sorted(spells, key=lambda spell: (spell.enterprise, spell.benefit)):
        months = range(month_number(spell.first), month_number(spell.last) + 1)
        kinds |= dict.fromkeys(months, "benefit" if spell.benefit else "enterprise" if spell.enterprise else "other")
        if not spell.benefit:
            insured.update(months)
    marked = {month_number(period): words for period, words in issued.items()}
    known = [*kinds, *marked]
    if not known:
        return []
    found = []
    for year in range(max(known) // 12, min(known) // 12 - 1, -1):
        shown = []
        for place in range(12):
            month = year * 12 + place
            kind = kinds.get(month, "none")
            words = _WORDS[kind] + ("（同月参保）" if kind == "benefit" and month in insured else "")
            shown.append(Month(place + 1, kind, words, marked.get(month, "")))
        found.append(Year(year, shown, sum(month // 12 == year for month in insured)))
    return found


@access("claim.view")
@require_safe
def worker_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that is known of a worker of the person's offices."""
    person, on = person_of(request), timezone.localdate()
    worker = get_object_or_404(Worker, pk=pk)
    problem = ""
    try:
        known = persons.known(worker.id_hash, on=on, worker=worker)
    except Refusal as refusal:  # no policy row of this year: what could be claimed today cannot be said
        known, problem = persons.known(worker.id_hash, on=on, worker=worker, foresee=False), refusal.message
    if not persons.within(known, person, on, "claim.view"):
        raise Http404
    issued: dict[str, str] = {}
    for certificate in known.certificates:
        period = f"{certificate.issued_on:%Y-%m}"
        issued[period] = "、".join(
            filter(None, [issued.get(period, ""), f"{certificate.occupation}{certificate.level}级"])
        )
    context = {
        "known": known,
        "worker": worker,
        "problem": problem,
        "years": timeline(known.spells, issued),
        "invitations": Invitation.objects.filter(id_hash=worker.id_hash),
        "overlaps": Overlap.objects.filter(claim__in=known.claims) if known.claims else [],
        "may_take": person.has_perm("claim.take"),
        "changes": CardChange.objects.filter(id_hash=worker.id_hash).select_related("proposed_by", "decided_by")[:10],
        "may_change": person.has_perm("account.enter"),
    }
    return render(request, "subsidies/worker_detail.html", context)
