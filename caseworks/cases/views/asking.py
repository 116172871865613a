"""Reading the address of a review queue: which rows are asked for, within the person's scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from caseworks.cases import queues, sources
from caseworks.cases.enums import Stage
from caseworks.cases.filters import ReviewFilter
from caseworks.cases.models import Case, CaseQuerySet
from caseworks.cases.stages import PERMISSION_OF
from caseworks.people.models import Person

KEPT = "review_queue"  # where a session keeps the queue that was shown last


@dataclass(frozen=True)
class Asked:
    """The address read: the form, what it is about, and the rows."""

    form: ReviewFilter
    scheme: str
    stage: Stage
    year: int
    rows: CaseQuerySet
    params: QueryDict

    @property
    def address(self) -> str:
        """The query string without the rows that were chosen."""
        params = self.params.copy()
        params.pop("cases", None)
        return params.urlencode()


def signed_in(request: HttpRequest) -> Person:
    """The person of a page that asks for one."""
    assert isinstance(request.user, Person)
    return request.user


def asked(request: HttpRequest, given: QueryDict | None = None) -> Asked:
    """Read the query; what is not said is the own stage, the newest year and the own work."""
    person, on, at = signed_in(request), timezone.localdate(), timezone.now()
    params = (request.GET if given is None else given).copy()
    schemes = sources.with_cases()
    if params.get("scheme") not in dict(schemes):
        params["scheme"] = schemes[0][0]
    years = sources.years(str(params["scheme"]))
    if params.get("stage") not in Stage.values:
        params["stage"] = next((s.value for s in Stage if person.has_perm(PERMISSION_OF[s])), Stage.FIRST.value)
    stage = Stage(str(params["stage"]))
    if years and not params.get("year"):
        params["year"] = str(years[0])
    if not params.get("hand"):
        params["hand"] = "own" if person.has_perm(PERMISSION_OF[stage]) else "all"
    form = ReviewFilter(params, schemes=schemes, years=years, person=person, on=on, at=at)
    scheme = str(params["scheme"])
    if not years or not form.is_valid():
        return Asked(form, scheme, stage, years[0] if years else on.year, Case.objects.none(), params)
    year = form.cleaned_data["year"]
    rows = queues.waiting(stage, scheme=scheme, year=year).visible_to(person, on)
    return Asked(form, scheme, stage, year, form.applied(rows), params)


def next_of(request: HttpRequest, case: Case) -> Case | None:
    """The case after this one in the queue that the person looked at last; None at its end or without a queue."""
    kept: Mapping[str, str] | None = request.session.get(KEPT)
    if kept is None:
        return None
    params = QueryDict(mutable=True)
    params.update(dict(kept))
    rows = asked(request, params).rows.exclude(pk=case.pk).order_by("pk")
    return rows.filter(pk__gt=case.pk).first() or rows.first()


def keep(request: HttpRequest, found: Asked) -> None:
    """Remember the queue, so that a case's page knows which one is next."""
    request.session[KEPT] = {name: found.params[name] for name in found.params if name in found.form.fields}
