"""The policy rows of a screening, found once and frozen: a unit is judged by the row of its region (contract, 2)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caseworks.base.errors import Refusal
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.registry.models import Unit
from refunds import ledgers
from refunds.facts import Question
from refunds.parameters import Parameters

SCHEME = "refunds"


@dataclass(frozen=True)
class Rulebook:
    """The rows by their regions, each with its typed figures."""

    question: Question
    rows: Mapping[str, Policy]
    parameters: Mapping[int, Parameters]
    _found: dict[str, tuple[int, Parameters]] = field(default_factory=dict, repr=False, compare=False)

    def for_region(self, region: str) -> tuple[int, Parameters]:
        """The policy row that counts for a unit of this region, and its figures."""
        found = self._found.get(region)
        if found is None:
            policy = policies.row_for(self.rows, region)
            found = self._found[region] = (policy.pk, self.parameters[policy.pk])
        return found

    @property
    def used(self) -> list[Policy]:
        """Those of the rows by which some unit was judged."""
        numbers = {policy_id for policy_id, _ in self._found.values()}
        return [row for row in self.policies if row.pk in numbers]

    @property
    def policies(self) -> list[Policy]:
        """The rows, that of the whole region first."""
        return sorted({row.pk: row for row in self.rows.values()}.values(), key=lambda row: (len(row.region), row.pk))


def freeze(*, year: int, region: str, as_of: datetime.date) -> Rulebook:
    """The rows in force for a region prefix on a day; Refusal naming what is missing."""
    return _rulebook(year, as_of, _rows(year, region, as_of))


def of_policy(policy: Policy, as_of: datetime.date) -> Rulebook:
    """The rulebook of one stored row: what a stored judgement was made by."""
    return _rulebook(policy.year, as_of, {"": policy})


def _rulebook(year: int, as_of: datetime.date, rows: Mapping[str, Policy]) -> Rulebook:
    parameters = {row.pk: _typed(row) for row in rows.values()}
    selecting = _one_answer(parameters.values())
    question = Question(year, as_of, *selecting, joins=ledgers.joins(year, as_of))
    return Rulebook(question, dict(rows), parameters)


def _typed(policy: Policy) -> Parameters:
    found = policies.parameters(policy)
    assert isinstance(found, Parameters)
    return found


def _one_answer(all_parameters: Iterable[Parameters]) -> tuple[datetime.date | None, int]:
    """The figures by which the facts themselves are gathered; one query has one answer to each."""
    found = {(p.paid_by, p.paid_late_months) for p in all_parameters}
    if len(found) > 1:
        raise Refusal(
            "同一次筛查涉及的各地政策，“到账截止日”或“年末后到账即提示的月数”不一致，不能一起筛查。"
            "未作任何更改。请按地区分别筛查，或由主管统一这两项参数。"
        )
    return found.pop()


def _rows(year: int, region: str, as_of: datetime.date) -> Mapping[str, Policy]:
    """The rows inside a region; without a national row every region that has units must have its own."""
    try:
        return policies.within(SCHEME, year, region, as_of)
    except Refusal:
        regions = list(Unit.objects.filter(region__startswith=region).order_by().values_list("region").distinct())
        if region or not regions:
            raise
        return {unit_region: policies.for_screening(SCHEME, year, unit_region, as_of) for (unit_region,) in regions}
