"""Who asks, about which office, scheme and year: what every supervisors' page reads from its address."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from caseworks.base.filters import FilterForm
from caseworks.law.schemes import modules_by_name
from caseworks.oversight import figures
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope


def person_of(request: HttpRequest) -> Person:
    """The signed-in member of staff."""
    assert isinstance(request.user, Person)
    return request.user


class BoardForm(FilterForm):
    """Office, scheme and year of a dashboard."""

    office = forms.ModelChoiceField(label="机构", queryset=Office.objects.none(), empty_label=None)
    scheme = forms.ChoiceField(label="业务")
    year = forms.TypedChoiceField(label="政策年度", coerce=int)


@dataclass(frozen=True)
class Asked:
    """A dashboard's address, read."""

    form: BoardForm
    person: Person
    on: dt.date
    office: Office
    scheme: str
    year: int


def asked(request: HttpRequest, params: QueryDict) -> Asked:
    """The office (the person's widest unless one in scope is named), scheme and year of a dashboard."""
    person, on = person_of(request), timezone.localdate()
    offices = offices_in_scope(person, on, "dashboard.view").select_related("parent__parent").order_by("code")
    named = {name: module.LABEL for name, module in modules_by_name().items() if name in figures.schemes()}
    scheme = params.get("scheme", "")
    scheme = scheme if scheme in named else next(iter(named))
    years = figures.counted_years() or figures.years_of(scheme) or [on.year]
    said = params.get("year", "")
    year = int(said) if said.isdigit() and int(said) in years else years[0]
    wanted = params.get("office", "")
    if wanted:
        office = offices.filter(pk=wanted).first() if wanted.isdigit() else None
    else:
        office = min(offices, key=lambda office: (LEVELS.index(office.level), office.code), default=None)
    if office is None:
        raise Http404
    given = params.copy()
    given["office"], given["scheme"], given["year"] = str(office.pk), scheme, str(year)
    form = BoardForm(given)
    chosen, years_field, schemes_field = form.fields["office"], form.fields["year"], form.fields["scheme"]
    assert isinstance(chosen, forms.ModelChoiceField)
    assert isinstance(years_field, forms.ChoiceField)
    assert isinstance(schemes_field, forms.ChoiceField)
    chosen.queryset = offices
    years_field.choices = [(found, f"{found} 年度") for found in years]
    schemes_field.choices = list(named.items())
    return Asked(form, person, on, office, scheme, year)


LEVELS = ("province", "city", "county")
