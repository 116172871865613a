"""The province of the page tests."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from .bureau import Bureau, make_bureau


@pytest.fixture
def bureau(db: None) -> Bureau:
    cache.clear()
    return make_bureau()
