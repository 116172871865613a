"""The same small province as the registry's pages."""

from __future__ import annotations

from tests.registry_pages.conftest import bureau

__all__ = ["bureau"]
