"""What the registry's tests share: offices, actors, files and single units."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path

from caseworks.people.actors import Actor
from caseworks.people.models import Office, OfficeRegion
from caseworks.registry.enums import FileKind
from caseworks.registry.specs import SPECS

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
OPERATOR = Actor(os_user="operator", command="import_data")


def make_bureau() -> Office:
    province = Office.objects.create(code="22", name="吉林省", level="province")
    city = Office.objects.create(code="2201", name="长春市", level="city", parent=province)
    Office.objects.filter(pk=city.pk).update(city=city)
    county = Office.objects.create(code="220182", name="榆树市", level="county", parent=city, city=city)
    OfficeRegion.objects.create(office=province, prefix="22")
    OfficeRegion.objects.create(office=city, prefix="2201")
    OfficeRegion.objects.create(office=county, prefix="220182")
    return province


Writer = Callable[..., Path]


def write_file(
    folder: Path, kind: str, rows: Iterable[Iterable[object]], header: list[str] | None = None, name: str = ""
) -> Path:
    """Write a contract file of rows, with the contract's header unless another is given."""
    path = folder / (name or f"{kind}.csv")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header or [column.name for column in SPECS[FileKind(kind)].columns])
        writer.writerows(rows)
    return path
