"""Who signed a row."""

from __future__ import annotations

from django.conf import settings
from django.db import models

STAFF = settings.AUTH_USER_MODEL


def signed(name: str, *, null: bool = True) -> models.ForeignKey:
    """A person who signed something."""
    return models.ForeignKey(STAFF, models.PROTECT, null=null, blank=null, related_name="+", verbose_name=name)
