"""The demo province through the commands that people use: it imports, and every outcome, reason and flag is there."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count, F, Func

from caseworks.cases.models import Bar
from caseworks.people.models import Office
from refunds.enums import Flag, Outcome
from refunds.models import Assessment, AssessmentChange
from refunds.parameters import REASONS
from tests.demo.test_province import rows, write

UNITS = 600


def run(*command: str) -> str:
    """What a command said."""
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def codes(column: str) -> set[str]:
    """The reasons or flags that stand."""
    return set(Assessment.objects.annotate(code=Func(F(column), function="unnest")).values_list("code", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_province_imports_and_shows_everything_a_screening_can_say(tmp_path: Path, settings: object) -> None:
    settings.TRAINING = True  # type: ignore[attr-defined]
    run("setup")
    folder = write(tmp_path / "province", "--units", str(UNITS))

    said = run("import_data", str(folder))
    counts = {
        line.split(".csv: ")[0]: line.split(".csv: ")[1].split(", ") for line in said.splitlines() if " read, " in line
    }
    assert len(counts) == 11
    rejected = {name: parts[2] for name, parts in counts.items() if parts[2] != "0 rejected"}
    assert rejected == {
        "units": "1 rejected",
        "contributions": "2 rejected",
        "separations": "1 rejected",
        "listings": "1 rejected",
    }
    assert all(parts[3] == "0 unchanged" for parts in counts.values())
    again = run("import_data", str(folder))
    assert all(" 0 stored, " in line for line in again.splitlines() if " read, " in line)

    agency = next(unit["uscc"] for unit in rows(folder, "units") if unit["dispatch_licence"])
    at = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    Bar.objects.create(uscc=agency, year=2024, reason="30个工作日内未拨付", proposed_at=at, proposed_label="测试")
    run("screen_refunds", "2024", "--as-of", "2024-06-28")
    assert Assessment.objects.count() == UNITS
    outcomes = dict(Assessment.objects.values_list("outcome").annotate(units=Count("pk")))
    assert set(outcomes) == set(Outcome.values)
    assert outcomes["eligible"] > UNITS / 2
    assert codes("reasons") == set(REASONS)
    assert codes("flags") == set(Flag.values) - {Flag.ACCOUNT_CHANGED}
    assert Assessment.objects.get(uscc=agency).reasons == ["disqualified"]
    county = Office.objects.get(code="220581")
    assert Assessment.objects.filter(office=county).exclude(region="220581").count() == 0

    run("import_data", str(folder / "later"))
    run("screen_refunds", "2024", "--as-of", "2024-06-28")
    changed = {row["uscc"] for row in rows(folder, "later/accounts")}
    assert set(Assessment.objects.filter(flags__contains=["account_changed"]).values_list("uscc", flat=True)) == changed
    assert AssessmentChange.objects.filter(kind="changed").count() == len(changed)
