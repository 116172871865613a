"""业务件: one case with its judgement, flags, signatures, files and history in words, and what is next."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseworks.base.panels import functions_of
from caseworks.cases import opinions, sampling, sources, takings, timeline
from caseworks.cases.enums import SendBackReason, Stage, Status
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case, Event, FlagClearing, Taking
from caseworks.cases.stages import PERMISSION_OF, STAGE_OF
from caseworks.cases.views.asking import next_of, signed_in
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person


@dataclass(frozen=True)
class FlagLine:
    """A flag of the case and what was found about it."""

    code: str
    label: str
    clearing: FlagClearing | None


@dataclass(frozen=True)
class SentBack:
    """Why a case came back: coded reasons and words, by whom and when."""

    reasons: str
    event: Event


def seen(request: HttpRequest, pk: int) -> Case:
    """A case within the person's scope; 404 otherwise."""
    rows = Case.objects.visible_to(signed_in(request), timezone.localdate()).select_related("office", "sheet")
    return get_object_or_404(rows, pk=pk)


@access("case.view")
@require_safe
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A case as the person sees it."""
    case, person, on, at = seen(request, pk), signed_in(request), timezone.localdate(), timezone.now()
    by = Actor.of_person(person)
    stage = STAGE_OF.get(Status(case.status))
    signed = list(case.reviews.all())
    standing = [row for row in signed if row.standing]
    mine = stage is not None and by.may(PERMISSION_OF[stage], case.office, on)
    marked = next(iter(sampling.marked(stage, [case.pk], person.pk, at)), None) if stage else None
    taken = Taking.objects.standing(at).filter(case=case, stage=stage or "").select_related("person").first()
    panels = list(sources.panels(case, person, on))
    for part in functions_of(settings.PANELS, "case_panels"):
        panels += part(case, person, on)
    context = {
        "case": case,
        "stage": stage,
        "mine": mine,
        "own": any(row.person_id == person.pk for row in standing),
        "marked": marked,
        "missing": marked.missing() if marked else "",
        "sent_back": _sent_back(case),
        "flags": _flags(case),
        "may_clear": case.status == Status.OPENED and by.may("case.review", case.office, on),
        "reviews": [(row, _reasons(row.reasons)) for row in signed],
        "notes": case.notes.all(),
        "files": case.files.select_related("stored"),
        "moments": timeline.of(case, person, on),
        "panels": panels,
        "opinions": opinions.common(person, stage) if stage and mine else [],
        "reasons": SendBackReason.choices,
        "taken": taken,
        "may_take": mine and not any(row.person_id == person.pk for row in standing),
        "colleagues": _colleagues(case, stage, person, mine or by.may("case.assign", case.office, on)),
        "next": next_of(request, case) if mine else None,
        "limit": settings.ATTACHMENT_LIMIT,
        **{f"may_{name}": _may(name, case, by) for name in ("send_back", "rejudge", "refuse", "withdraw")},
        "may_note": person.has_perm("case.note"),
    }
    return render(request, "cases/case_detail.html", context)


def _may(step: str, case: Case, by: Actor) -> bool:
    found = STEPS[step]
    return case.status in found.sources and by.may(found.permission, case.office)


def _reasons(codes: list[str]) -> str:
    return "、".join(str(SendBackReason(code).label) for code in codes)


def _sent_back(case: Case) -> SentBack | None:
    event = timeline.last_sent_back(case)
    return SentBack(_reasons(event.data.get("reasons", [])), event) if event else None


def _colleagues(case: Case, stage: Stage | None, person: Person, allowed: bool) -> list[Person]:
    if stage is None or not allowed:
        return []
    return [each for each in takings.colleagues({case.office_id}, stage, timezone.localdate()) if each != person]


def _flags(case: Case) -> list[FlagLine]:
    codes = case.sheet.flags if hasattr(case, "sheet") else []
    words = sources.flag_words(case.scheme) if codes else {}
    cleared = {row.flag: row for row in case.clearings.all() if bytes(row.fingerprint) == bytes(case.fingerprint)}
    return [FlagLine(code, words.get(code, code), cleared.get(code)) for code in codes]
