"""The eleven files of contract section 1, in the order in which they are imported."""

from __future__ import annotations

from pathlib import Path

from caseworks.registry.enums import FileKind
from caseworks.registry.specs.payments import CONTRIBUTIONS, FUND, LISTINGS, SEPARATIONS
from caseworks.registry.specs.persons import BENEFIT_SPELLS, CERTIFICATES, TRAINING_SUBSIDIES, WORKER_INSURANCE, WORKERS
from caseworks.registry.specs.shape import FileSpec
from caseworks.registry.specs.units import ACCOUNTS, UNITS

SPECS: dict[FileKind, FileSpec] = {
    spec.kind: spec
    for spec in (
        UNITS,
        ACCOUNTS,
        CONTRIBUTIONS,
        SEPARATIONS,
        LISTINGS,
        FUND,
        WORKERS,
        WORKER_INSURANCE,
        BENEFIT_SPELLS,
        CERTIFICATES,
        TRAINING_SUBSIDIES,
    )
}
SUFFIXES = (".csv", ".xlsx")


def kind_of(path: Path) -> FileKind | None:
    """The kind of a file by its name, None where the contract knows no such name."""
    if path.suffix.lower() not in SUFFIXES or path.stem.lower() not in FileKind.values:
        return None
    return FileKind(path.stem.lower())
