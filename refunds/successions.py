"""承继 and the refund: a confirmed succession joins ledgers, and both units are judged again at once (decision 0042)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.cases.lifecycle import FINAL
from caseworks.cases.models import Case
from caseworks.cases.sources import Source
from caseworks.people.actors import Actor
from caseworks.registry import successions
from caseworks.registry.models import Succession
from refunds.models import Assessment
from refunds.rejudging import judge_again
from refunds.rulebook import SCHEME
from refunds.screening import KIND

_OBSTACLES = """
    SELECT predecessor AS subject,
           CASE status WHEN 'confirmed' THEN '已由“' || successor_name || '”承继，不再向本单位支付。'
               ELSE '承继（承继单位“' || successor_name || '”）待另一人确认，确认或退回后再支付。' END AS reason
    FROM registry_succession WHERE status IN ('proposed', 'confirmed') AND effective_on <= %(succession_day)s
"""


@dataclass(frozen=True)
class Followed:
    """What came of a decision: the units as they are judged now, and cases of the predecessor that stand in the way."""

    succession: Succession
    judged: list[Assessment]
    in_the_way: list[Case] = field(default_factory=list)


def confirm(row: Succession, *, by: Actor, at: datetime.datetime, note: str = "") -> Followed:
    """Another person confirms: the ledgers are one, and what is in no review is judged again."""
    involved = _involved(row)
    with _years(involved), transaction.atomic():
        confirmed = successions.confirm(row, by=by, at=at, note=note)
        return Followed(confirmed, judge_again(involved, at=at), cases_in_the_way(row))


def revoke(row: Succession, *, by: Actor, at: datetime.datetime, because: str) -> Followed:
    """It was wrong: the ledgers are two again. Refused while a case of the successor counts what was the other's."""
    involved = _involved(row)
    with _years(involved), transaction.atomic():
        counted = _counted(row, involved)
        if counted:
            named = "、".join(f"{case.name} {case.year} 年度（{case.get_status_display()}）" for case in counted)
            raise Refusal(f"已有业务件按合并的缴费核定：{named}。不能撤销承继，未作任何更改。请先对其不予支付或撤回。")
        revoked = successions.revoke(row, by=by, at=at, because=because)
        return Followed(revoked, judge_again(involved, at=at))


def cases_in_the_way(row: Succession) -> list[Case]:
    """Cases of the predecessor that may pay, or have paid: while they stand, its ledger stays with them."""
    cases = Case.objects.filter(scheme=SCHEME, subject=row.predecessor).exclude(status__in=FINAL)
    return list(cases.order_by("-year", "round"))


def obstacles(on: datetime.date) -> Source:
    """A unit that another took over is paid nothing itself; while that waits to be confirmed, its payment waits."""
    return Source(_OBSTACLES, {"succession_day": on})


def _involved(row: Succession) -> list[str]:
    """The two units, and those that the successor went on as."""
    known, found = successions.edges(), [row.predecessor, row.successor]
    while found[-1] in known and known[found[-1]] not in found:
        found.append(known[found[-1]])
    return found


def _counted(row: Succession, involved: list[str]) -> list[Case]:
    joined = Assessment.objects.filter(uscc__in=involved[1:], joined__contains=row.predecessor, case__isnull=False)
    cases = Case.objects.filter(pk__in=list(joined.values_list("case", flat=True)))
    return list(cases.exclude(status__in=FINAL).order_by("year", "pk"))


@contextmanager
def _years(usccs: list[str]) -> Iterator[None]:
    """No screening of a year in which one of the units was judged runs at the same time."""
    years = Assessment.objects.filter(uscc__in=usccs).order_by("year").values_list("year", flat=True).distinct()
    with ExitStack() as stack:
        for year in list(years):
            stack.enter_context(runs.exclusive(f"{KIND}:{year}", f"{year} 年度的筛查"))
        yield
