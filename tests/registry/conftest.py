"""What the registry's tests share: offices, actors, files and single units."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from caseworks.people.actors import Actor
from caseworks.people.models import Office, OfficeRegion
from caseworks.registry.enums import FileKind
from caseworks.registry.specs import SPECS

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
OPERATOR = Actor(os_user="operator", command="import_data")


@pytest.fixture
def bureau(db: None) -> Office:
    """The province, one city and one county."""
    return make_bureau()


def make_bureau() -> Office:
    province = Office.objects.create(code="22", name="吉林省", level="province")
    city = Office.objects.create(code="2201", name="长春市", level="city", parent=province)
    Office.objects.filter(pk=city.pk).update(city=city)
    county = Office.objects.create(code="220182", name="榆树市", level="county", parent=city, city=city)
    OfficeRegion.objects.create(office=province, prefix="22")
    OfficeRegion.objects.create(office=city, prefix="2201")
    OfficeRegion.objects.create(office=county, prefix="220182")
    return province


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample province, to import beside which error files may be written."""
    target = tmp_path / "sample"
    shutil.copytree(SAMPLE, target)
    return target


Writer = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write a contract file of rows: `write("units", [[...], ...])` with the contract's header unless another is given."""

    def write_file(
        kind: str, rows: Iterable[Iterable[object]], header: list[str] | None = None, name: str = ""
    ) -> Path:
        path = tmp_path / (name or f"{kind}.csv")
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(header or [column.name for column in SPECS[FileKind(kind)].columns])
            writer.writerows(rows)
        return path

    return write_file
