"""A set-up training bureau with the people of the sample province in it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from caseworks.people.actors import Actor
from caseworks.registry import imports
from caseworks.registry.enums import FileKind

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
KINDS = ("units", "workers", "worker_insurance", "benefit_spells", "certificates", "training_subsidies")
AT = datetime.datetime(2024, 6, 28, 9, 0, tzinfo=timezone.get_default_timezone())
OPERATOR = Actor(os_user="tester", command="pytest")


def load(folder: Path, *kinds: str) -> None:
    """Import files by the operation that people and commands use."""
    for kind in kinds:
        imports.load(folder / f"{kind}.csv", FileKind(kind), OPERATOR, AT)


@pytest.fixture
def bureau(transactional_db: None, settings: object) -> None:
    """A training bureau after `setup`: offices, calendar, policy rows in force."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    call_command("setup")


@pytest.fixture
def people(bureau: None) -> Path:
    """The sample's people, imported."""
    load(SAMPLE, *KINDS)
    return SAMPLE
