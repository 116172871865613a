"""Whatever the world is like, a figure is the list behind it: Hypothesis makes the worlds."""

from __future__ import annotations

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from caseworks.oversight import dashboard, figures
from caseworks.people.models import Person
from tests.oversight.lists import all_cells, differences, walked
from tests.oversight.worlds import LINES, NOW, Line, build, everywhere
from tests.refunds_pages.conftest import make_screening
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Person:
    """A supervisor of the province, and somebody for each step in a city and in a district."""
    person = make_person("supervisor")
    for office in ("220000", "220100", "220102"):
        for role in ("clerk", "reviewer", "cashier"):
            make_person(role, office)
    return person


# A world takes seconds: shrinking one would take minutes, and its lines say what was wrong.
WORLDS = settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)


@WORLDS
@given(lines=st.lists(LINES, min_size=1, max_size=10))
def test_every_figure_is_the_list_behind_it(boss: Person, lines: list[Line]) -> None:
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        client = Client()
        client.force_login(boss, "caseworks.people.backends.RoleBackend")
        build(lines, make_screening(), boss)
        figures.refresh("refunds", 2024, at=NOW)
        for office in everywhere():
            page = dashboard.of(boss, office, "refunds", 2024, NOW.date())
            known: dict[str, int] = {}
            assert differences(client, all_cells(page), known) == [], office
            assert walked(client, f"/admin/?office={office.pk}&scheme=refunds&year=2024", known)[1] == [], office
        transaction.set_rollback(True)
