"""On which day a judgement was made: rehearsals date the reviews of a case by it (contract 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Q

from refunds.enums import Outcome
from refunds.models import Assessment


def case_days(year: int) -> Mapping[str, dt.date]:
    """USCC → screening day, of all judgements that are or may become cases."""
    found = Assessment.objects.of_year(year).filter(Q(outcome=Outcome.ELIGIBLE) | Q(case__isnull=False))
    return dict(found.values_list("uscc", "judged_on"))
