"""A judged province in rows: units of two cities with judgements of every kind, made without the engine."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from stdnum.cn.uscc import calc_check_digit

from caseworks.base import runs
from caseworks.law import policies, seeding
from caseworks.law.models import Policy
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import Unit
from caseworks.registry.names import name_key
from refunds import summaries
from refunds.assessments import Written
from refunds.models import Assessment, ScreeningRun
from tests.refunds_pages.staff import AT, SHELL, make_person

ON = AT.date()


def plain(response: HttpResponse) -> str:
    """The words of a page, with one space where a tag or a line break stood."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    """Makes somebody of a role at an office (the province's unless named)."""
    return make_person


@pytest.fixture
def sign_in(person: Callable[..., Person]) -> Callable[..., Client]:
    """A test browser signed in as a role at an office."""

    def make(role: str = "clerk", office: str = "220000") -> Client:
        client = Client()
        known = Person.objects.filter(username=f"{role}-{office}").first()
        client.force_login(known or person(role, office), "caseworks.people.backends.RoleBackend")
        return client

    return make


def code(number: int, region: str = "220102") -> str:
    """A unified social credit code with the right check character."""
    body = f"91{region}MA{number:07d}"
    return body + calc_check_digit(body)


def make_unit(number: int, name: str, region: str, *, unit_type: str = "enterprise", size: str = "small") -> Unit:
    """An active unit of a region."""
    place = offices.place(region)
    return Unit.objects.create(
        uscc=code(number, region),
        name=name,
        name_key=name_key(name),
        unit_type=unit_type,
        size=size,
        region=region,
        status="active",
        insured_from=dt.date(2019, 5, 1),
        office_id=place.office_id,
        city_office_id=place.city_office_id,
        updated_at=AT,
    )


def policy_of(year: int = 2024) -> Policy:
    """The seeded row of the province for a year, in force."""
    found = Policy.objects.in_force().filter(scheme="refunds", year=year, region="22").first()
    if found is None:
        signer = Person.objects.filter(username="signer").first() or make_person("supervisor", username="signer")
        seed = next(s for s in seeding.all_policies() if (s.scheme, s.year, s.region) == ("refunds", year, "22"))
        draft = policies.draft(
            scheme=seed.scheme,
            region=seed.region,
            year=seed.year,
            title=seed.title,
            documents=seed.documents,
            effective_from=seed.effective_from,
            effective_to=seed.effective_to,
            figures=seed.figures,
            by=SHELL,
            at=AT,
        )
        found = policies.put_in_force(draft, by=Actor.of_person(signer), at=AT)
    return found


def make_screening(year: int = 2024, region: str = "22") -> ScreeningRun:
    """A finished screening."""
    run = runs.create("screening", str(year), f"{year} 年度稳岗返还筛查", SHELL, AT)
    run.state, run.started_at, run.finished_at = "done", AT, AT
    run.save()
    return ScreeningRun.objects.create(run=run, year=year, region=region, as_of=ON, policy=policy_of(year))


def assess(unit: Unit, screening: ScreeningRun, **changes: object) -> Assessment:
    """A stored judgement of a unit, eligible unless told otherwise."""
    row: dict[str, object] = {
        "year": screening.year,
        "uscc": unit.uscc,
        "unit": unit,
        "office_id": unit.office_id,
        "city_office_id": unit.city_office_id,
        "screening": screening,
        "judged_on": ON,
        "months_paid": 24,
        "arrears_months": 0,
        "opening_headcount": 40,
        "closing_headcount": 40,
        "deaths": 0,
        "retirements": 0,
        "net_reduction": 0,
        "rejected_rows": 0,
        "late_months": 0,
        "account_proposed": False,
        "name": unit.name,
        "region": unit.region,
        "unit_type": unit.unit_type,
        "size": unit.size,
        "status": unit.status,
        "outcome": "eligible",
        "reasons": [],
        "flags": [],
        "premium": Decimal("10000.00"),
        "layoff_rate": Decimal("0.0000"),
        "ratio": Decimal("0.6000"),
        "amount": Decimal("6000.00"),
        "policy_id": screening.policy_id,
    }
    return Assessment.objects.create(**(row | changes))


@pytest.fixture
def judged(db: None) -> ScreeningRun:
    """Four units in 长春 and 吉林 with one outcome each, and one with a flag."""
    if not offices.Office.objects.exists():
        offices.load_seed(SHELL)
    screening = make_screening()
    assess(make_unit(1, "长春示例机械有限公司", "220102"), screening)
    assess(
        make_unit(2, "长春裁员纺织有限公司", "220102"),
        screening,
        outcome="ineligible",
        reasons=["layoff_rate_exceeded"],
        opening_headcount=31,
        closing_headcount=29,
        net_reduction=2,
        layoff_rate=Decimal("0.0645"),
        amount=Decimal(0),
    )
    assess(
        make_unit(3, "吉林待定商贸有限公司", "220202", size=""),
        screening,
        outcome="manual",
        reasons=["size_unknown"],
        ratio=None,
        amount=Decimal(0),
    )
    assess(
        make_unit(4, "吉林人力服务有限公司", "220202"),
        screening,
        flags=["dispatch_suspected"],
        premium=Decimal("500.00"),
        amount=Decimal("300.00"),
    )
    screening.totals = summaries.totals(Assessment.objects.of_year(2024))
    screening.written = asdict(Written(new=4))
    screening.save()
    return screening
