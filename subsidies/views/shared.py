"""What the pages share: who asks, which claims an address means, and exports on record."""

from __future__ import annotations

import datetime as dt
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, QueryDict
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base.sealed import seal, unseal
from caseworks.law.models import Policy
from caseworks.people.models import Person
from subsidies import cases
from subsidies.facts import SCHEME
from subsidies.filters import ClaimFilter, ScopedForm
from subsidies.models import Claim, ClaimQuerySet

WORKER_MISSING = "后台服务没有应答，处理尚未开始，未作任何更改。请系统管理员检查后台服务；恢复后点“重新提交”。"


def person_of(request: HttpRequest) -> Person:
    """The signed-in member of staff."""
    assert isinstance(request.user, Person)
    return request.user


def claim_years(on: dt.date) -> list[int]:
    """The policy years that have claims or a policy in force, the newest first."""
    return _years(on)[0]


def _years(on: dt.date) -> tuple[list[int], int | None]:
    """The same, and the year that a page shows where none is chosen: that of the newest claims."""
    claimed = cases.years()
    ready = Policy.objects.in_force().filter(scheme=SCHEME, year__lte=on.year).values_list("year", flat=True)
    years = sorted({*claimed, *ready}, reverse=True)
    return years, next(iter([*claimed, *years]), None)


def _with_year(request: HttpRequest, shown: int | None) -> QueryDict:
    params = request.GET.copy()
    if shown and not params.get("year"):
        params["year"] = str(shown)
    return params


def asked(request: HttpRequest, on: dt.date) -> tuple[ClaimFilter, ClaimQuerySet]:
    """The filter of the address and the rows it chooses within the person's scope; none where it is wrong."""
    person, (years, shown) = person_of(request), _years(on)
    form = ClaimFilter(_with_year(request, shown), years=years, person=person, on=on)
    rows = Claim.objects.visible_to(person, on)
    if not years or not form.is_valid():
        return form, rows.none()
    return form, form.applied(rows.of_year(form.cleaned_data["year"]))


def scoped(request: HttpRequest, on: dt.date, kind: type[ScopedForm]) -> ScopedForm:
    """Another filter of a year and an office."""
    years, shown = _years(on)
    return kind(_with_year(request, shown), years=years, person=person_of(request), on=on)


def token_of(id_no: str, id_type: str) -> str:
    """An ID number and its type as a page carries them on: sealed."""
    return urlsafe_b64encode(seal(f"{id_type} {id_no}")).decode()


def number_of(token: str) -> tuple[str, str]:
    """The ID number of a page's token and its type; 404 for one that is not ours."""
    try:
        id_type, id_no = unseal(urlsafe_b64decode(token.encode())).split(" ", 1)
    except ValueError as error:
        raise Http404 from error
    return id_no, id_type


def send(request: HttpRequest, enqueue: Callable[[], object]) -> None:
    """Hand work to the background, or say that nobody is there."""
    try:
        enqueue()
    except BrokerError:
        messages.error(request, WORKER_MISSING)
