"""试算: what a policy row would change, before anybody puts it in force. Nothing of it is stored but the result. (N2.7)

A scheme judges by its own rules in the function `policy_trial(policy, before, on, tell) -> Trial` of its module: the facts
of this year by the row and by the one before it, a unit after the other, as a screening does.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.panels import functions_of
from caseworks.law import comparing, policies
from caseworks.law.models import Policy
from caseworks.law.schemes import modules_by_name
from caseworks.people.actors import Actor

KIND = "trial"
NAMED = 50  # units that change most
ZERO = Decimal(0)
Tell = Callable[[int, int, str], None]


@dataclass
class Trial:
    """What came of judging everybody twice: by the row before, and by this one."""

    words: dict[str, str]  # outcomes in words, in their order
    payable: tuple[str, ...]  # the outcomes that are paid
    units: Counter[tuple[str, str]] = field(default_factory=Counter)
    amounts: dict[tuple[str, str], list[Decimal]] = field(default_factory=dict)
    changed: int = 0
    places: dict[str, list[Any]] = field(default_factory=dict)
    _most: list[tuple[Decimal, int, list[Any]]] = field(default_factory=list)

    def take(self, uscc: str, name: str, place: str, before: tuple[str, Decimal], after: tuple[str, Decimal]) -> None:
        """One unit, judged twice: outcome and amount, of what is not payable the amount does not count."""
        was, now = self._paid(before), self._paid(after)
        key = (before[0], after[0])
        self.units[key] += 1
        sums = self.amounts.setdefault(key, [ZERO, ZERO])
        sums[0] += was
        sums[1] += now
        if before[0] == after[0] and was == now:
            return
        self.changed += 1
        found = self.places.setdefault(place, [0, ZERO])
        found[0] += 1
        found[1] += now - was
        row = [uscc, name, before[0], after[0], str(was), str(now)]
        entry = (abs(now - was), self.changed, row)
        if len(self._most) < NAMED:
            heapq.heappush(self._most, entry)
        else:
            heapq.heappushpop(self._most, entry)

    def _paid(self, judged: tuple[str, Decimal]) -> Decimal:
        return judged[1] if judged[0] in self.payable else ZERO

    def as_json(self) -> dict[str, Any]:
        """As the run keeps it."""
        order = {code: number for number, code in enumerate(self.words)}
        moved = sorted(self.units, key=lambda key: (key[0] == key[1], order[key[0]], order[key[1]]))
        most = sorted(self._most, key=lambda entry: (-entry[0], entry[2][0]))
        return {
            "words": self.words,
            "payable": list(self.payable),
            "moved": [[*key, self.units[key], *(str(sum_) for sum_ in self.amounts[key])] for key in moved],
            "changed": self.changed,
            "places": [[place, units, str(amount)] for place, (units, amount) in sorted(self.places.items())],
            "most": [row for _, _, row in most],
        }


def scheme_trial(scheme: str) -> Callable[..., Trial] | None:
    """How a scheme tries a policy row; None where it does not."""
    return next(iter(functions_of([modules_by_name()[scheme].__name__], "policy_trial")), None)


def ask(policy: Policy, *, by: Actor, at: dt.datetime) -> tuple[Run, bool]:
    """Put a trial on record, or find the one of the same row as it stands that waits or runs; tells whether it is new."""
    policies.require(by, "policy.draft", policy.region)
    if scheme_trial(policy.scheme) is None:
        raise Refusal(f"{policy.get_scheme_display()}没有试算，未作任何更改。")
    if comparing.previous(policy) is None:
        raise Refusal(f"“{policy}”没有前一行可以比较，未试算。")
    policies.parameters(policy)  # figures that make no sense are refused in words
    for run in Run.objects.open().of(KIND, str(policy.pk)):
        if runs.settle(run, at).is_open:
            return run, False
    return runs.create(KIND, str(policy.pk), f"试算：{policy}", by, at), True


def carry_out(run: Run, *, on: dt.date) -> Run:
    """Judge everybody twice; the result stands in the run with the fingerprint of the row that was tried."""
    with runs.running(run), runs.exclusive(KIND, "政策试算"):
        policy = Policy.objects.get(pk=run.key)
        before, judge = comparing.previous(policy), scheme_trial(policy.scheme)
        if before is None or judge is None:
            raise Refusal(f"“{policy}”没有前一行可以比较，未试算。")
        found = judge(policy, before, on, lambda done, total, place: run.report(done, total, place))
        run.summary = {
            **found.as_json(),
            "policy": str(policy),
            "before": str(before),
            "on": on.isoformat(),
            "fingerprint": comparing.fingerprint(policy),
        }
        run.message = f"{found.changed} 户有变化"
    return run
