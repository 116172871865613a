"""Units and their ledgers, made row by row for a test."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from caseworks.people import offices
from caseworks.registry import partitions
from caseworks.registry.models import Contribution, Unit

NOW = datetime.datetime(2024, 6, 28, 9, 0, tzinfo=timezone.get_default_timezone())


def make_unit(number: int, region: str = "220102", **changes: Any) -> Unit:
    """A medium enterprise in Changchun unless it is told otherwise."""
    place = offices.place(region)
    given = {
        "uscc": f"91{region}{number:09d}X", "name": f"示例{number}商贸有限公司", "unit_type": "enterprise",
        "size": "medium", "status": "active", "insured_from": datetime.date(2015, 1, 1), "updated_at": NOW,
    }  # fmt: skip
    return Unit.objects.create(
        **{**given, **changes}, region=region, office_id=place.office_id, city_office_id=place.city_office_id
    )


def record(uscc: str, period: str, kind: str = "normal", serial: str = "1", **changes: Any) -> None:
    """One record of the ledger: ten people, 100.00 due and paid on the 20th."""
    year, month = int(period[:4]), int(period[5:])
    due = Decimal("100.00") if kind in ("normal", "supplement") else Decimal("0.00")
    given = {"headcount": 10, "due": due, "paid": Decimal("100.00"), "paid_on": datetime.date(year, month, 20)}
    partitions.ensure(year)
    Contribution.objects.create(uscc=uscc, period=period, kind=kind, serial=serial, **{**given, **changes})


def a_year(uscc: str, year: int = 2023, months: range = range(1, 13), **changes: Any) -> None:
    """A normal record for each month."""
    for month in months:
        record(uscc, f"{year}-{month:02d}", **changes)


def separate(uscc: str, number: int, on: str, reason: str) -> None:
    """Somebody left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_separation (id_hash, id_no, separated_on, uscc, reason) VALUES (%s, %s, %s, %s, %s)",
            [number.to_bytes(32, "big"), b"sealed", on, uscc, reason],
        )
