"""Which units a screening reaches: those of a region prefix and, where a person runs it, of that person's offices. (J1)"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

from caseworks.people.actors import Actor
from caseworks.people.scope import offices_in_scope, scope_of

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])


@dataclass(frozen=True)
class Reach:
    """A region prefix, within some offices; `offices` None is every unit of the region (contract, 5)."""

    region: str = ""
    offices: tuple[int, ...] | None = None

    @classmethod
    def of(cls, actor: Actor, region: str, on: datetime.date) -> Reach:
        """What the actor's screening of a region reaches: commands and the province the whole of it."""
        if actor.person is None or scope_of(actor.person, on, "screening.run").province:
            return cls(region)
        mine = offices_in_scope(actor.person, on, "screening.run")
        return cls(region, tuple(sorted(mine.values_list("pk", flat=True))))

    def sql(self, alias: str) -> str:
        """The condition on a row with region and office_id; its parameters are `parameters`."""
        parts = [f"starts_with({alias}.region, %(region)s)"] if self.region else []
        if self.offices is not None:
            parts.append(f"{alias}.office_id = ANY(%(offices)s)")
        return " AND ".join(parts) or "true"

    @property
    def parameters(self) -> dict[str, Any]:
        """What `sql` is given."""
        return {"region": self.region, "offices": None if self.offices is None else list(self.offices)}

    def limit(self, rows: Rows) -> Rows:
        """The rows (with region and office) that are reached."""
        if self.region:
            rows = rows.filter(region__startswith=self.region)
        return rows if self.offices is None else rows.filter(office__in=self.offices)

    def meets(self, other: Reach) -> bool:
        """Whether a unit may be within both."""
        near = self.region.startswith(other.region) or other.region.startswith(self.region)
        return near and (
            self.offices is None or other.offices is None or not set(self.offices).isdisjoint(other.offices)
        )
