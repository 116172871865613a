"""The tree of offices: seeds, regions, which office a region belongs to, which office serves a role. (J1)"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.db import connection, transaction

from caseworks.base.errors import Refusal

from .actors import Actor
from .enums import OfficeLevel
from .models import Appointment, Office, OfficeRegion, Person
from .permissions import roles_for

SEED = Path(__file__).parent / "seeds" / "offices.toml"

# A CTE for set-based code: `WITH {OFFICE_OF_REGION.format(source="registry_unit")} SELECT … JOIN office_of_region
# USING (region)`. `source` is a table or subquery with a column `region`. The longest prefix wins; a region that none
# covers goes to the province.
OFFICE_OF_REGION = """
office_of_region (region, office_id, city_office_id) AS MATERIALIZED (
    SELECT wanted.region, coalesce(found.office_id, root.id), coalesce(found.city_office_id, root.id)
      FROM (SELECT DISTINCT region FROM {source} AS scoped) AS wanted
     CROSS JOIN (SELECT id FROM people_office WHERE level = 'province') AS root
      LEFT JOIN LATERAL (
           SELECT office.id AS office_id, coalesce(office.city_id, office.id) AS city_office_id
             FROM people_officeregion AS looked_after
             JOIN people_office AS office ON office.id = looked_after.office_id
            WHERE starts_with(wanted.region, looked_after.prefix)
            ORDER BY length(looked_after.prefix) DESC
            LIMIT 1) AS found ON true
)"""

# Tables whose rows carry region, office_id and city_office_id and follow the regions; apps add theirs in `ready()`.
SCOPED_TABLES: list[str] = []


def register_scoped(table: str) -> None:
    """Have a table's rows placed anew when regions change hands."""
    if table not in SCOPED_TABLES:
        SCOPED_TABLES.append(table)


class Place(NamedTuple):
    """The two columns of a scoped row."""

    office_id: int
    city_office_id: int


def root() -> Office:
    """The province's office."""
    office = Office.objects.filter(level=OfficeLevel.PROVINCE).first()
    if office is None:
        raise Refusal("尚未建立机构，未作任何更改。请先运行 manage.py setup。")
    return office


def place(region: str) -> Place:
    """The office of a region by its longest prefix; the province's where none covers it."""
    prefixes = [region[:length] for length in range(2, len(region) + 1)]
    rows = OfficeRegion.objects.filter(prefix__in=prefixes).select_related("office")
    found = max(rows, key=lambda row: len(row.prefix), default=None)
    office = found.office if found else root()
    return Place(office.pk, office.city_or_self_id)


def serving(office: Office, role: str, on: datetime.date) -> Office | None:
    """The nearest office, this one or above, where somebody holds the role on a day; None if nobody does. (J1)"""
    held = set(
        Appointment.objects.running(on)
        .filter(role=role, person__is_active=True)
        .values_list("office_id", flat=True)
        .distinct()
    )
    seat: Office | None = office
    while seat is not None:
        if seat.pk in held:
            return seat
        seat = seat.parent
    return None


def seats(roles: Iterable[str], on: datetime.date) -> dict[int, int | None]:
    """For each office the nearest one, itself or above, where somebody holds one of the roles on a day. (J1)"""
    held = set(
        Appointment.objects.running(on)
        .filter(role__in=list(roles), person__is_active=True)
        .values_list("office_id", flat=True)
    )
    parents = dict(Office.objects.values_list("pk", "parent_id"))

    def seat(office: int | None) -> int | None:
        while office is not None and office not in held:
            office = parents[office]
        return office

    return {office: seat(office) for office in parents}


def holders(office: Office, permission: str, on: datetime.date) -> list[Person]:
    """Who holds a permission for the rows of an office on a day: there, or above it; by name."""
    return holders_of_all({office.pk}, permission, on)


def holders_of_all(offices: Collection[int], permission: str, on: datetime.date) -> list[Person]:
    """Who holds a permission for the rows of every one of some offices: there, or above it; by name."""
    if not offices:
        return []
    parents = dict(Office.objects.values_list("pk", "parent_id"))

    def above(office: int | None) -> Iterator[int]:
        while office is not None:
            yield office
            office = parents[office]

    lines = [set(above(office)) for office in offices]
    held = Appointment.objects.running(on).filter(role__in=roles_for(permission), person__is_active=True)
    where: dict[int, set[int]] = {}
    for person, office in held.filter(office__in=set.union(*lines)).values_list("person", "office"):
        where.setdefault(person, set()).add(office)
    chosen = [person for person, seats in where.items() if all(seats & line for line in lines)]
    return list(Person.objects.filter(is_active=True, pk__in=chosen).order_by("full_name", "pk"))


def _check_seat(level: str, parent: Office | None) -> None:
    wanted = {OfficeLevel.CITY: (OfficeLevel.PROVINCE,), OfficeLevel.COUNTY: (OfficeLevel.CITY, OfficeLevel.PROVINCE)}
    if level == OfficeLevel.PROVINCE:
        if parent is not None:
            raise Refusal("省级机构没有上级机构，未作任何更改。")
    elif parent is None or parent.level not in wanted[OfficeLevel(level)]:
        raise Refusal("上级机构与层级不符：市级机构的上级是省级机构，县级机构的上级是市级或省级机构。未作任何更改。")


@transaction.atomic
def save(office: Office, *, by: Actor) -> Office:
    """Create or change an office, and keep its place in the tree whole."""
    if not by.may("people.manage"):
        raise Refusal("只有系统管理员可以维护机构，未作任何更改。")
    _check_seat(office.level, office.parent)
    before = Office.objects.select_for_update().filter(pk=office.pk).first()
    if before is not None and before.level != office.level and before.children.exists():
        raise Refusal("该机构有下级机构，不能改变层级，未作任何更改。请先调整下级机构。")
    office.city = None
    office.save()
    if office.level != OfficeLevel.PROVINCE:
        parent = office.parent
        county_of_city = office.level == OfficeLevel.COUNTY and parent is not None and parent.level == OfficeLevel.CITY
        office.city = parent if county_of_city else office
        office.save(update_fields=["city"])
    if before is None or (before.level, before.parent_id) != (office.level, office.parent_id):
        place_scoped_rows()
    return office


@transaction.atomic
def set_regions(office: Office, prefixes: Iterable[str], *, by: Actor) -> int:
    """Give an office exactly these regions, and place the rows of the registry anew; how many moved."""
    if not by.may("people.manage"):
        raise Refusal("只有系统管理员可以调整管辖区划，未作任何更改。")
    wanted = sorted({prefix.strip() for prefix in prefixes})
    wrong = [prefix for prefix in wanted if not (prefix.isascii() and prefix.isdigit() and 2 <= len(prefix) <= 6)]
    if wrong:
        raise Refusal("区划代码应为2至6位数字，未作任何更改。", [f"不正确：{prefix}" for prefix in wrong])
    taken = OfficeRegion.objects.filter(prefix__in=wanted).exclude(office=office).select_related("office")
    if taken:
        raise Refusal(
            "下列区划已由其他机构管辖，未作任何更改。请先从原机构移出。",
            [f"{row.prefix}：{row.office}" for row in taken],
        )
    known = set(OfficeRegion.objects.filter(office=office).values_list("prefix", flat=True))
    if known == set(wanted):
        return 0
    OfficeRegion.objects.filter(office=office).exclude(prefix__in=wanted).delete()
    OfficeRegion.objects.bulk_create(
        OfficeRegion(office=office, prefix=prefix) for prefix in wanted if prefix not in known
    )
    return place_scoped_rows()


def place_scoped_rows() -> int:
    """Bring the office columns of every registered table in line with the regions; how many rows moved."""
    moved = 0
    with connection.cursor() as cursor:
        for table in SCOPED_TABLES:
            name = connection.ops.quote_name(table)
            cursor.execute(
                f"""WITH {OFFICE_OF_REGION.format(source=name)}
                UPDATE {name} AS scoped
                   SET office_id = office_of_region.office_id, city_office_id = office_of_region.city_office_id
                  FROM office_of_region
                 WHERE office_of_region.region = scoped.region
                   AND (scoped.office_id, scoped.city_office_id)
                       IS DISTINCT FROM (office_of_region.office_id, office_of_region.city_office_id)"""
            )
            moved += cursor.rowcount
    return moved


@transaction.atomic
def load_seed(actor: Actor) -> int:
    """Make the offices of the seed file that do not exist yet, and say how many; what administrators changed stays."""
    seeds = tomllib.loads(SEED.read_text(encoding="utf-8"))["office"]
    known = {office.code: office for office in Office.objects.all()}
    taken = set(OfficeRegion.objects.values_list("prefix", flat=True))
    made = 0
    for seed in seeds:
        if seed["code"] in known:
            continue
        parent = known[seed["parent"]] if "parent" in seed else None
        office = Office(code=seed["code"], name=seed["name"], level=seed["level"], parent=parent)
        _check_seat(office.level, parent)
        office.save()
        if office.level != OfficeLevel.PROVINCE and parent is not None:
            county_of_city = office.level == OfficeLevel.COUNTY and parent.level == OfficeLevel.CITY
            office.city = parent if county_of_city else office
            office.save(update_fields=["city"])
        OfficeRegion.objects.bulk_create(
            OfficeRegion(office=office, prefix=prefix, note=seed.get("note", ""))
            for prefix in seed["regions"]
            if prefix not in taken
        )
        known[office.code] = office
        made += 1
    if made:
        place_scoped_rows()
    return made
