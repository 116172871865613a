"""Whose units a screening reaches: a person's own offices within the prefix, a command's all of it. (J1)"""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from caseworks.base.errors import Refusal
from caseworks.base.models import RunState
from caseworks.people import appointments
from caseworks.people.actors import Actor
from caseworks.people.models import Appointment, Office
from caseworks.registry.models import Contribution, Unit
from refunds import screening, summaries, tasks
from refunds.models import Assessment, AssessmentChange, ScreeningRun
from refunds.views import summaries_shown
from tests.refunds.build import a_year, make_unit
from tests.refunds.conftest import AS_OF, AT, OPERATOR
from tests.refunds_pages.staff import SHELL, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair(bureau: None) -> tuple[Unit, Unit]:
    """A unit of Tonghua and one of Meihekou, whose code lies in Tonghua's range and whose office stands apart."""
    mine, apart = make_unit(1, "220502"), make_unit(2, "220581")
    a_year(mine.uscc)
    a_year(apart.uscc, headcount=20)
    assert mine.city_office_id != apart.city_office_id
    return mine, apart


def by_clerk(office: str = "220500", region: str = "2205") -> ScreeningRun:
    return screening.run(2024, region, AS_OF, Actor.of_person(make_person("clerk", office)), AT)


def test_a_persons_screening_leaves_units_of_another_office_alone(pair: tuple[Unit, Unit]) -> None:
    mine, _ = pair
    done = by_clerk()
    assert list(Assessment.objects.values_list("uscc", flat=True)) == [mine.uscc]
    assert done.written["new"] == 1
    assert done.totals["outcomes"]["eligible"] == {"units": 1, "amount": "720.00"}
    assert {month["rows"] for month in done.freshness["months"]} == {1}
    everything = screening.run(2024, "2205", AS_OF, OPERATOR, AT)
    assert everything.offices is None
    assert everything.totals["outcomes"]["eligible"]["units"] == 2
    assert everything.written == done.written | {"unchanged": 1}


def test_judgements_of_another_office_stay_as_they_are(pair: tuple[Unit, Unit]) -> None:
    mine, apart = pair
    screening.run(2024, "2205", AS_OF, OPERATOR, AT)
    Contribution.objects.filter(uscc__in=[mine.uscc, apart.uscc]).update(paid=Decimal("50.00"))
    kept = Assessment.objects.filter(uscc=apart.uscc).values().get()
    done = by_clerk()
    assert Assessment.objects.get(uscc=mine.uscc).outcome == "ineligible"
    assert Assessment.objects.filter(uscc=apart.uscc).values().get() == kept
    assert list(AssessmentChange.objects.values_list("uscc", flat=True)) == [mine.uscc]
    assert summaries.movements(done) == [("eligible", "ineligible", 1)]
    assert sum(line["units"] for line in done.totals["outcomes"].values()) == 1


def test_what_moved_or_vanished_elsewhere_is_not_the_persons(pair: tuple[Unit, Unit]) -> None:
    mine, apart = pair
    moved = make_unit(3, "220502")
    a_year(moved.uscc)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    changchun = Office.objects.get(regions__prefix="220102")
    Unit.objects.filter(pk=moved.pk).update(region="220102", office=changchun, city_office_id=changchun.city_or_self_id)
    apart.delete()
    kept = list(Assessment.objects.exclude(uscc=mine.uscc).order_by("uscc").values())
    assert by_clerk().written["gone"] == 0
    assert list(Assessment.objects.exclude(uscc=mine.uscc).order_by("uscc").values()) == kept
    done = screening.run(2024, "2205", AS_OF, OPERATOR, AT)
    assert (done.written["gone"], done.written["changed"]) == (1, 1)
    assert Assessment.objects.get(uscc=moved.uscc).office == changchun


def test_the_run_before_is_one_of_the_same_units(pair: tuple[Unit, Unit]) -> None:
    whole = screening.run(2024, "2205", AS_OF, OPERATOR, AT)
    apart = by_clerk("220581", "220581")
    assert apart.previous == whole
    assert by_clerk().previous == whole


def test_december_of_another_office_does_not_count(pair: tuple[Unit, Unit]) -> None:
    Contribution.objects.filter(uscc=pair[0].uscc, period="2023-12").delete()
    with pytest.raises(Refusal, match="2023 年 12 月"):
        by_clerk()
    assert not Assessment.objects.exists()


def test_a_region_of_another_office_is_refused(pair: tuple[Unit, Unit]) -> None:
    with pytest.raises(Refusal, match="不能办理"):
        by_clerk(region="220581")
    assert not ScreeningRun.objects.exists()


def test_in_the_background_it_is_the_person_who_counts(pair: tuple[Unit, Unit]) -> None:
    clerk = make_person("clerk", "220500")
    prepared = screening.prepare(year=2024, region="2205", as_of=AS_OF, by=Actor.of_person(clerk), at=AT)
    assert tasks.screen(prepared.pk).startswith("done")
    assert list(Assessment.objects.values_list("uscc", flat=True)) == [pair[0].uscc]
    late = screening.prepare(year=2024, region="2205", as_of=AS_OF, by=Actor.of_person(clerk), at=AT)
    seat = Appointment.objects.get(person=clerk)
    appointments.end(seat, last_day=datetime.date(2024, 7, 1), by=SHELL)
    assert tasks.screen(late.pk).startswith("refused")
    late.run.refresh_from_db()
    assert late.run.state == RunState.REFUSED


def test_the_page_of_a_persons_screening_speaks_of_the_same_units(pair: tuple[Unit, Unit]) -> None:
    screening.run(2024, "2205", AS_OF, OPERATOR, AT)
    done = by_clerk()
    province = make_person("clerk")
    shown = summaries_shown.result(done, province, AS_OF, None)
    assert shown["figures"][0].units == 1
    assert f"office={Office.objects.get(code='220500').pk}" in shown["list_url"]
    county = make_person("reviewer", "220581")
    assert summaries_shown.result(done, county, AS_OF, None)["figures"][0].units == 0


def test_only_policy_rows_that_judged_a_unit_are_kept(pair: tuple[Unit, Unit]) -> None:
    done = screening.run(2024, "", AS_OF, OPERATOR, AT)
    assert list(done.policies.values()) == ["22"]
    assert done.policy is not None
    assert done.policy.region == "22"
