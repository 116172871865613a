"""A small province for the pages: offices, one person a role, and units with everything a page shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.test import Client
from django.utils import timezone

from caseworks.people.actors import Actor
from caseworks.people.enums import CLASS_OF_ROLE, OfficeLevel
from caseworks.people.models import Appointment, Office, OfficeRegion, Person
from caseworks.registry import partitions
from caseworks.registry.models import Account, Contribution, Listing, Separation, Unit
from caseworks.registry.names import former_key, name_key

AT = dt.datetime(2024, 6, 3, 9, 30, tzinfo=dt.UTC)
SINCE = dt.date(2020, 1, 1)


@dataclass
class Bureau:
    """The province with two cities, a county in one of them, and whoever was asked for."""

    province: Office
    city: Office
    other: Office
    county: Office
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, role: str, office: Office | None = None, name: str = "") -> Person:
        """Somebody with a role; the same one when asked again."""
        office = office or self.province
        username = name or f"{role}-{office.code}"
        if username not in self.people:
            person = Person.objects.create(
                username=username, full_name=f"测试{username}", office=office, must_change_password=False
            )
            Appointment.objects.create(
                person=person, office=office, role=role, role_class=CLASS_OF_ROLE[role], since=SINCE, made_at=AT
            )
            self.people[username] = person
        return self.people[username]

    def client(self, role: str, office: Office | None = None, name: str = "") -> Client:
        """A browser of that somebody."""
        client = Client()
        client.force_login(self.person(role, office, name), backend="caseworks.people.backends.RoleBackend")
        return client

    def actor(self, role: str, office: Office | None = None, name: str = "") -> Actor:
        """That somebody as an actor."""
        return Actor.of_person(self.person(role, office, name))


def make_bureau() -> Bureau:
    """Offices with their regions."""
    province = Office.objects.create(code="220000", name="示例省", level=OfficeLevel.PROVINCE)
    city = Office.objects.create(code="220100", name="甲市", level=OfficeLevel.CITY, parent=province)
    other = Office.objects.create(code="220200", name="乙市", level=OfficeLevel.CITY, parent=province)
    for office in (city, other):
        office.city = office
        office.save()
    county = Office.objects.create(code="220102", name="甲市南区", level=OfficeLevel.COUNTY, parent=city, city=city)
    for office, prefix in ((province, "22"), (city, "2201"), (other, "2202"), (county, "220102")):
        OfficeRegion.objects.create(office=office, prefix=prefix)
    return Bureau(province, city, other, county)


def make_unit(bureau: Bureau, uscc: str, name: str, office: Office | None = None, **more: object) -> Unit:
    """A unit of an office (the city's where none is named)."""
    office = office or bureau.city
    values: dict[str, object] = {
        "unit_type": "enterprise", "size": "small", "region": office.code, "status": "active",
        "insured_from": dt.date(2015, 3, 1), "updated_at": timezone.now(), "former_names": "",
    }  # fmt: skip
    values |= more
    return Unit.objects.create(
        uscc=uscc, name=name, name_key=name_key(name), former_key=former_key(str(values["former_names"])),
        office=office, city_office_id=office.city_or_self_id, **values,
    )  # fmt: skip


def fill_unit(unit: Unit, *, years: tuple[int, ...] = (2022, 2023)) -> None:
    """Two years of months with an unpaid one, accounts, a listing, leavers."""
    for year in years:
        partitions.ensure(year)
    Contribution.objects.bulk_create(
        Contribution(
            uscc=unit.uscc, period=f"{year}-{month:02d}", kind="normal", serial="1", headcount=20 + month,
            due=Decimal("1200.50"), paid=Decimal("0") if (year, month) == (2023, 12) else Decimal("1200.50"),
            paid_on=None if (year, month) == (2023, 12) else dt.date(year, month, 20),
        )
        for year in years
        for month in range(1, 13)
    )  # fmt: skip
    for status, number in (("current", "6222020000001234"), ("proposed", "6222020000005678")):
        Account.objects.create(
            uscc=unit.uscc, kind="corporate", bank_name="示例银行", account_no=number, account_tail=number[-4:],
            account_name=unit.name, status=status, proposed_at=AT, proposed_label="os:root manage.py import_data",
        )  # fmt: skip
    Listing.objects.create(uscc=unit.uscc, list="abnormal", listed_on=dt.date(2023, 5, 1), source="示例市场监管局")
    for number, reason in enumerate(("retirement", "resignation", "resignation")):
        Separation.objects.create(
            uscc=unit.uscc, id_no=f"ID{number}", separated_on=dt.date(2023, 4, 1 + number), reason=reason
        )
