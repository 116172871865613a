"""What the pages share: who asks, which claims an address means, and exports on record."""

from __future__ import annotations

import datetime as dt
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
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
    ready = Policy.objects.in_force().filter(scheme=SCHEME, year__lte=on.year).values_list("year", flat=True)
    return sorted({*cases.years(), *ready}, reverse=True)


def with_year(request: HttpRequest, years: list[int]) -> Any:
    """The address with its year, that of the newest claims where none is chosen."""
    params = request.GET.copy()
    if years and not params.get("year"):
        params["year"] = str(next(iter(cases.years()), years[0]))
    return params


def asked(request: HttpRequest, on: dt.date) -> tuple[ClaimFilter, ClaimQuerySet]:
    """The filter of the address and the rows it chooses within the person's scope; none where it is wrong."""
    person, years = person_of(request), claim_years(on)
    form = ClaimFilter(with_year(request, years), years=years, person=person, on=on)
    rows = Claim.objects.visible_to(person, on)
    if not years or not form.is_valid():
        return form, rows.none()
    return form, form.applied(rows.of_year(form.cleaned_data["year"]))


def scoped(request: HttpRequest, on: dt.date, kind: type[ScopedForm]) -> ScopedForm:
    """Another filter of a year and an office."""
    years = claim_years(on)
    return kind(with_year(request, years), years=years, person=person_of(request), on=on)


def token_of(id_no: str) -> str:
    """An ID number as a page carries it on: sealed."""
    return urlsafe_b64encode(seal(id_no)).decode()


def number_of(token: str) -> str:
    """The ID number of a page's token; 404 for one that is not ours."""
    try:
        return unseal(urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise Http404 from error


def send(request: HttpRequest, enqueue: Callable[[], object]) -> None:
    """Hand work to the background, or say that nobody is there."""
    try:
        enqueue()
    except BrokerError:
        messages.error(request, WORKER_MISSING)
