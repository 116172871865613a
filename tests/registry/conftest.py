"""Fixtures of the registry's tests; what needs Django's apps is imported when it is used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture
def bureau(db: None) -> Any:
    """The province, one city and one county."""
    from tests.registry.support import make_bureau

    return make_bureau()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample province, to import beside which error files may be written."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write("units", [[...], ...])` writes a contract file."""
    from tests.registry.support import write_file

    return partial(write_file, tmp_path)
