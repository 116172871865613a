"""Tables that the models alone do not describe."""

from decimal import Decimal

import pytest
from django.db import connection

from caseworks.registry import partitions
from caseworks.registry.models import Contribution

pytestmark = pytest.mark.django_db


def test_a_year_of_contributions_is_a_partition() -> None:
    partitions.ensure([2022, 2023])
    partitions.ensure(2023)
    for period in ("2022-12", "2023-01", "2023-12"):
        Contribution.objects.create(
            uscc="91220102XNDP8LW13M",
            period=period,
            kind="normal",
            serial="1",
            headcount=1,
            due=Decimal(1),
            paid=Decimal(0),
        )
    assert partitions.years() == [2022, 2023]
    assert list(Contribution.objects.of_year(2023).order_by("period").values_list("period", flat=True)) == [
        "2023-01",
        "2023-12",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM registry_contribution GROUP BY 1 ORDER BY 1")
        assert cursor.fetchall() == [("registry_contribution_2022", 1), ("registry_contribution_2023", 2)]
        cursor.execute("SELECT caseworks_grams('长春示例'), caseworks_grams('长')")
        assert sorted(cursor.fetchall()[0][0]) == ["春示", "示例", "长春"]
