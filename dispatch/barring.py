"""Bars of agencies: told with a term to answer, then confirmed or revoked by a supervisor (J2.9, contract 3)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted
from caseworks.base.money import ZERO
from caseworks.cases import bars
from caseworks.cases.enums import BarStatus
from caseworks.cases.models import Bar
from caseworks.law import calendars, deadlines, policies
from caseworks.law.models import Policy
from caseworks.money import recoveries
from caseworks.money.enums import OWING
from caseworks.people.actors import Actor
from dispatch import obligations, rights, telling
from dispatch.enums import RevokeReason
from dispatch.models import Application, BarAnswer, BarPaper, Finding, Voucher
from dispatch.parameters import Parameters

ANSWERS = "dispatch.answer"


def tell_proposed(numbers: Sequence[int], *, on: dt.date, by: Actor, at: dt.datetime) -> int:
    """Give each proposed bar its term to answer and tell the agency; again is as good as once (J2.9)."""
    fresh = set(numbers) - set(BarPaper.objects.filter(bar__in=list(numbers)).values_list("bar_id", flat=True))
    if not fresh:
        return 0
    days: dict[int, list[int]] = defaultdict(list)
    figures: dict[int, int] = {}
    found = Finding.objects.filter(bar__in=fresh).order_by("bar", "pk").distinct("bar")
    for bar, policy in found.values_list("bar_id", "obligation__share__application__policy_id"):
        if policy not in figures:
            figures[policy] = _answer_days(policy)
        days[figures[policy]].append(bar)
    calendar = calendars.current()
    for count, group in days.items():
        terms = deadlines.set_many(ANSWERS, [(str(pk), on) for pk in group], count, calendar=calendar, by=by, at=at)
        BarPaper.objects.bulk_create(BarPaper(bar_id=pk, deadline=terms[str(pk)]) for pk in group)
    telling.bars_proposed(sorted(fresh), at=at)
    return len(fresh)


def answer(
    bar: Bar, text: str, *, by: Actor, at: dt.datetime, on: dt.date, accepted: Accepted | None = None
) -> BarAnswer:
    """What the agency says to a proposed bar, by itself or at the counter; one that comes late is marked so."""
    if not text.strip():
        raise Refusal("请填写申辩内容，没有提交。")
    with transaction.atomic():
        row = Bar.objects.select_for_update().get(pk=bar.pk)
        rights.require(by, "dispatch.take", office_of(row), agency=row.uscc)
        if row.status != BarStatus.PROPOSED:
            raise Refusal(f"该取消资格{row.get_status_display()}，不再受理申辩，没有提交。")
        paper = BarPaper.objects.filter(bar=row).select_related("deadline").first()
        term = paper.deadline if paper else None
        return BarAnswer.objects.create(
            bar=row, text=text.strip(), on=on, at=at, person=by.person, label=by.label[:200],
            late=term is not None and not term.provisional and on > term.due_on,
            file=files.store(accepted, label=by.label, at=at) if accepted else None,
        )  # fmt: skip


def confirm(
    bar: Bar, *, decision_no: str, delivered_on: dt.date | None, note: str = "", by: Actor, at: dt.datetime
) -> Bar:
    """查实: a supervisor who verified none of the vouchers confirms it, with the decision's number and its delivery."""
    with transaction.atomic():
        _decider(bar, by)
        row = bars.confirm(
            bar, decision_no=decision_no, delivered_on=delivered_on, reason=note.strip() or "查实", by=by, at=at
        )
        telling.bar_decided(row, at=at)
    return row


def revoke(
    bar: Bar, *, code: RevokeReason, words: str, strike_off: bool, by: Actor, at: dt.datetime, on: dt.date
) -> Bar:
    """Revoke it with a reason; what waited for the decision goes on, even after the policy's last day.

    `strike_off`: what is still claimed back of these parts is owed no more either (a bank's error, proof found).
    """
    words = words.strip()
    if not words:
        raise Refusal("请写明撤销理由，未作任何更改。")
    with transaction.atomic():
        _decider(bar, by)
        reason = f"{code.label}：{words}"
        row = bars.revoke(bar, reason=reason, by=by, at=at)
        if strike_off:
            found = Finding.objects.filter(bar=row).select_related("recovery").order_by("pk")
            for finding in found:
                if finding.recovery is not None and finding.recovery.status in OWING:
                    recoveries.withdraw(finding.recovery.key, on=on, because=reason, by=by, at=at)
            obligations.excuse([finding.obligation_id for finding in found], because=reason, by=by, at=at)
        telling.bar_decided(row, at=at)
    return row


# -- what a page shows


@dataclass(frozen=True)
class Shown:
    """A bar with what it rests on, for the supervisor's desk and the agency's own page."""

    bar: Bar
    findings: Sequence[Finding]
    answers: Sequence[BarAnswer]
    answer_by: dt.date | None
    claimed: Decimal  # what was found missing, less what timely returns took off
    owed: Decimal  # of that, not given back yet
    waiting: Application | None  # the agency's application of the barred year

    @property
    def all_returned_in_time(self) -> bool:
        """Did timely returns, booked late, cover all that was found? Then the bar waits for a revocation (contract 3)."""
        return not self.claimed


def show(bar: Bar) -> Shown:
    """A bar with its findings, answers and sums."""
    findings = list(Finding.objects.filter(bar=bar).select_related("obligation", "recovery").order_by("due_on", "pk"))
    paper = BarPaper.objects.filter(bar=bar).select_related("deadline").first()
    return Shown(
        bar,
        findings,
        list(BarAnswer.objects.filter(bar=bar).select_related("file")),
        paper.deadline.due_on if paper and paper.deadline else None,
        sum((finding.amount - finding.reduced for finding in findings), ZERO),
        sum((finding.recovery.owed for finding in findings if finding.recovery), ZERO),
        Application.objects.filter(uscc=bar.uscc, year=bar.year).standing().first(),
    )


def office_of(bar: Bar) -> int:
    """The office that looks after the agency: that of the part that was found wanting."""
    found = Finding.objects.filter(bar=bar).order_by("pk").values_list("obligation__office_id", flat=True).first()
    if found is None:
        raise Refusal("该取消资格没有对应的转付事项，不能在此办理，未作任何更改。")
    return int(found)


def _decider(bar: Bar, by: Actor) -> None:
    """主管，且不是核对过其凭证的人. (issue: a supervisor, not the clerk who verified)"""
    person = rights.named(by)
    rights.require(by, "bar.decide", office_of(bar))
    parts = Finding.objects.filter(bar=bar).values("obligation")
    mine = Voucher.objects.filter(obligation__in=parts, decided_by=person)
    if mine.exists():
        raise Refusal("您核对过该单位的凭证，不能决定取消资格，未作任何更改。请由另一位主管办理。")


def _answer_days(policy: int) -> int:
    found = policies.parameters(Policy.objects.prefetch_related("figures").get(pk=policy))
    assert isinstance(found, Parameters)
    return found.answer_working_days
