"""The tree of offices, and which office a region belongs to. (J1)"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection

from caseworks.base.errors import Refusal
from caseworks.people import appointments, offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office, OfficeRegion

from .builders import SHELL, SINCE, office, person, seeded

pytestmark = pytest.mark.django_db
ON = datetime.date(2024, 6, 28)


@pytest.fixture(autouse=True)
def _offices() -> None:
    seeded()


def codes(region: str) -> tuple[str, str]:
    place = offices.place(region)
    return Office.objects.get(pk=place.office_id).code, Office.objects.get(pk=place.city_office_id).code


def test_the_seed_is_all_of_jilin() -> None:
    levels = {
        level: set(Office.objects.filter(level=level).values_list("code", flat=True))
        for level in ("province", "city", "county")
    }
    assert levels["province"] == {"220000"}
    assert levels["city"] == {
        "220100", "220200", "220300", "220400", "220500", "220600", "220700", "220800", "222400", "220581", "220670",
    }  # fmt: skip
    assert len(levels["county"]) == 59 + 2  # 60 county-level divisions, 梅河口 among the cities; two zones of Changchun
    assert office("220184").city == office("220100")
    assert office("220581").parent == office("220000")
    assert office("220502").city == office("220500")
    assert office("220100").city == office("220100")
    assert office("220000").city is None


def test_loading_the_seed_again_changes_nothing_that_an_administrator_changed() -> None:
    offices.set_regions(office("220581"), ["220581", "2299"], by=SHELL)
    Office.objects.filter(code="220581").update(phone="0435-1234567")
    before = list(Office.objects.values()), list(OfficeRegion.objects.values("prefix", "office__code"))
    assert offices.load_seed(SHELL) == 0
    assert (list(Office.objects.values()), list(OfficeRegion.objects.values("prefix", "office__code"))) == before


@pytest.mark.parametrize(
    ("region", "its_office", "its_city"),
    [
        ("220102", "220102", "220100"),
        ("220100", "220100", "220100"),
        ("220199", "220100", "220100"),
        ("220173", "220173", "220100"),
        ("220184", "220184", "220100"),
        ("220381", "220184", "220100"),
        ("220581", "220581", "220581"),
        ("220582", "220582", "220500"),
        ("220671", "220670", "220670"),
        ("220602", "220602", "220600"),
        ("222401", "222401", "222400"),
        ("220000", "220000", "220000"),
        ("110101", "220000", "220000"),
        ("", "220000", "220000"),
    ],
)
def test_the_longest_prefix_wins_and_the_unknown_goes_to_the_province(
    region: str, its_office: str, its_city: str
) -> None:
    assert codes(region) == (its_office, its_city)
    cte = offices.OFFICE_OF_REGION.format(source="(SELECT %s::text AS region)")
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {cte} SELECT office_id, city_office_id FROM office_of_region", [region])
        assert cursor.fetchall() == [tuple(offices.place(region))]


def test_a_missing_role_is_served_by_the_nearest_office_above() -> None:
    county, city, province = office("220102"), office("220100"), office("220000")
    assert offices.serving(county, "reviewer", ON) is None
    person("p-reviewer", "reviewer", at_office="220000")
    assert offices.serving(county, "reviewer", ON) == province
    held = person("c-reviewer", "reviewer", at_office="220100")
    assert offices.serving(county, "reviewer", ON) == city
    assert offices.serving(office("220202"), "reviewer", ON) == province
    assert offices.serving(county, "reviewer", SINCE - datetime.timedelta(days=1)) is None
    person("x-reviewer", "reviewer", at_office="220102")
    assert offices.serving(county, "reviewer", ON) == county
    assert offices.serving(city, "reviewer", ON) == city
    appointments.end(held.appointments.get(), last_day=ON, by=SHELL)
    assert offices.serving(city, "reviewer", ON) == city
    assert offices.serving(city, "reviewer", ON + datetime.timedelta(days=1)) == province


def test_somebody_out_of_service_serves_nothing() -> None:
    held = person("c-reviewer", "reviewer", at_office="220100")
    held.is_active = False
    held.save()
    assert offices.serving(office("220100"), "reviewer", ON) is None


@pytest.fixture
def scoped_table() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE test_scoped (region text, office_id bigint, city_office_id bigint)")
        cursor.execute("INSERT INTO test_scoped VALUES ('220581'), ('220502'), ('220999'), ('330100')")
    before = list(offices.SCOPED_TABLES)
    offices.SCOPED_TABLES[:] = []
    offices.register_scoped("test_scoped")
    yield "test_scoped"
    offices.SCOPED_TABLES[:] = before


def placed() -> dict[str, tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT t.region, o.code, c.code FROM test_scoped t
               JOIN people_office o ON o.id = t.office_id JOIN people_office c ON c.id = t.city_office_id"""
        )
        return {region: (its, city) for region, its, city in cursor.fetchall()}


def test_rows_move_when_regions_change_hands(scoped_table: str) -> None:
    assert offices.place_scoped_rows() == 4
    assert placed() == {
        "220581": ("220581", "220581"),
        "220502": ("220502", "220500"),
        "220999": ("220000", "220000"),
        "330100": ("220000", "220000"),
    }
    assert offices.place_scoped_rows() == 0
    assert offices.set_regions(office("220581"), [], by=SHELL) == 1
    assert placed()["220581"] == ("220500", "220500")
    assert offices.set_regions(office("220502"), ["220502", "220581"], by=SHELL) == 1
    assert placed()["220581"] == ("220502", "220500")
    assert offices.set_regions(office("220502"), ["220581", "220502"], by=SHELL) == 0
    with pytest.raises(Refusal, match="已由其他机构管辖") as refused:
        offices.set_regions(office("220581"), ["220581"], by=SHELL)
    assert refused.value.details == ("220581：通化市东昌区",)
    with pytest.raises(Refusal, match="2至6位数字"):
        offices.set_regions(office("220581"), ["22058x"], by=SHELL)


def test_moving_a_county_to_another_city_moves_its_rows(scoped_table: str) -> None:
    offices.place_scoped_rows()
    county = office("220502")
    county.parent = office("220600")
    offices.save(county, by=SHELL)
    assert placed()["220502"] == ("220502", "220600")


def test_the_tree_stays_a_tree() -> None:
    with pytest.raises(Refusal, match="上级机构与层级不符"):
        offices.save(Office(code="x", name="x", level="city", parent=office("220100")), by=SHELL)
    with pytest.raises(Refusal, match="上级机构与层级不符"):
        offices.save(Office(code="x", name="x", level="county"), by=SHELL)
    with pytest.raises(Refusal, match="没有上级机构"):
        offices.save(Office(code="x", name="x", level="province", parent=office("220000")), by=SHELL)
    city = office("220100")
    city.level = "county"
    with pytest.raises(Refusal, match="有下级机构"):
        offices.save(city, by=SHELL)
    with pytest.raises(IntegrityError, match="office_one_province"):
        Office.objects.create(code="x", name="x", level="province")


def test_only_administrators_keep_offices() -> None:
    clerk = Actor.of_person(person("clerk", "clerk"))
    with pytest.raises(Refusal, match="只有系统管理员"):
        offices.save(office("220100"), by=clerk)
    with pytest.raises(Refusal, match="只有系统管理员"):
        offices.set_regions(office("220100"), ["2201", "2299"], by=clerk)
