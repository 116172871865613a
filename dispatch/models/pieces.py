"""Pieces that the models of dispatch share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar, cast

import pgtrigger
from django.conf import settings
from django.db import models

from caseworks.people.models import Office
from caseworks.people.scope import scope_of

if TYPE_CHECKING:
    from datetime import date

    from caseworks.people.models import Person

APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


RowT = TypeVar("RowT", bound=models.Model)


class ScopedQuerySet(models.QuerySet[RowT]):
    """Rows that belong to an office; `visible_to` is the scope of a person (J1)."""

    def visible_to(self, person: Person, on: date) -> Self:
        """Those of the offices that a person serves, and of those below them."""
        return cast("Self", scope_of(person, on).limit(self))


def signed(name: str) -> models.ForeignKey:
    """A person who signed something; none where a command or the clock did."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=name
    )


def placed(name: str = "经办机构") -> models.ForeignKey:
    """The office of a row."""
    return models.ForeignKey(Office, models.PROTECT, related_name="+", verbose_name=name)


def yuan(name: str, *, null: bool = False, default: int | None = 0) -> models.DecimalField:
    """An amount in yuan."""
    given = {} if default is None else {"default": default}
    return models.DecimalField(name, max_digits=14, decimal_places=2, null=null, blank=null, **given)  # type: ignore[arg-type]
