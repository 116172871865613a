"""An enterprise with a login, a judgement, and an office that can be called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from stdnum.cn import uscc as codes

from caseworks.law import policies
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.registry.models import Unit
from refunds import assessments, facts, rulebook
from refunds.models import Assessment
from tests.people.builders import PASSWORD, unit_user
from tests.refunds.build import a_year, make_unit

ON = dt.date(2024, 6, 28)
AT = dt.datetime(2024, 6, 28, 1, 30, tzinfo=dt.UTC)


@pytest.fixture
def bureau(db: None, settings: Any) -> None:
    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    Office.objects.filter(code="220100").update(phone="0431-1234567")


def real_unit(number: int, **changes: Any) -> Unit:
    """A unit of Changchun whose code holds."""
    begun = f"91220100MA{number:07d}"
    return make_unit(number, region="220100", uscc=begun + codes.calc_check_digit(begun), **changes)


@pytest.fixture
def unit(bureau: None) -> Unit:
    """An enterprise that a screening finds eligible: ten people, 100.00 a month."""
    made = real_unit(1, phone="13812345678")
    a_year(made.uscc)
    return made


def screened(unit: Unit) -> Assessment:
    """Judge one unit for 2024 as a screening does, inside the test's transaction."""
    policy = policies.for_screening("refunds", 2024, unit.region, ON)
    rules = rulebook.of_policy(policy, ON)
    chosen = {"usccs": [unit.uscc]}
    connection.ensure_connection()
    lines = list(facts.copied(connection.connection, rules.question, "u.uscc = ANY(%(usccs)s)", chosen, one=True))
    cause = assessments.Cause(2024, AT)
    assessments.write(assessments.judged(lines, rules, cause), cause, fresh=True)
    return Assessment.objects.get(uscc=unit.uscc)


@pytest.fixture
def firm(unit: Unit) -> Actor:
    """The enterprise's user."""
    return Actor.of_person(unit_user("firm", unit.uscc))


@pytest.fixture
def enter(bureau: None) -> Callable[[str], Client]:
    """A browser signed in by name."""

    def make(username: str = "firm") -> Client:
        client = Client()
        request = client.get("/login/").wsgi_request
        assert client.login(username=username, password=PASSWORD, request=request)
        return client

    return make
