"""Rehearsing a year on a training database: the training staff carry every case through, by the operations that people
use, until it has gone to the bank (contract 5). There is no second door.

Each case is dated by itself: reviewed on the day of its judgement (or on one day for all), announced on the next
working day, sent on the working day after its announcement ends. The machine's clock plays no part.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from django.db import transaction
from django.utils import timezone

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.base.subjects import person_key
from caseworks.cases import announcements, queues, reviews
from caseworks.cases.enums import Stage, Status
from caseworks.cases.lifecycle import FINAL
from caseworks.cases.models import AnnouncementLine, Case
from caseworks.cases.sources import scheme_module
from caseworks.law import calendars
from caseworks.law.training import require_training
from caseworks.law.workdays import Calendar
from caseworks.money import bank_files, batches, fiscal, payments
from caseworks.money.enums import GOING, BatchStatus, FiscalStep
from caseworks.money.models import Batch, Payment
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import accounts, cards, declarations
from caseworks.registry.models import Account, AccountDeclaration, CardChange

REVIEWERS = {
    Stage.FIRST: Role.CLERK,
    Stage.SECOND: Role.REVIEWER,
    Stage.APPROVAL: Role.APPROVER,
    Stage.FURTHER: Role.SUPERVISOR,
}
WORDS = "训练库演练"


@dataclass
class Rehearsed:
    """What a rehearsal did."""

    accounts: int = 0
    declared: int = 0
    opened: int = 0
    passed: dict[str, int] = field(default_factory=dict)
    announced: int = 0
    cleared: int = 0
    mended: int = 0
    batches: int = 0
    sent: int = 0
    waiting: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def rehearse(scheme: str, year: int, on: dt.date | None) -> Rehearsed:
    """Carry every eligible case of a year to the bank, and send again what the bank returned; all of it or nothing."""
    require_training()
    with transaction.atomic():
        return _Rehearsal(scheme, year, on).run()


class _Rehearsal:
    """One rehearsal: its people, its days and what it has done so far."""

    def __init__(self, scheme: str, year: int, on: dt.date | None) -> None:
        self.scheme, self.year, self.on = scheme, year, on
        self.module = scheme_module(scheme)
        self.staff = _staff()
        self.calendar: Calendar = calendars.current()
        self.days: Mapping[str | tuple[str, int], dt.date] = self.module.case_days(year)
        self.done = Rehearsed()

    def run(self) -> Rehearsed:
        if not self.days:
            raise Refusal(f"{self.year} 年度没有可以立件的结果，未作任何更改。请先筛查。")
        self.open()
        self.confirm_accounts()
        self.declare_accounts()
        for stage, role in REVIEWERS.items():
            self.review(stage, self.staff[role])
        self.announce()
        self.clear()
        days = self.mend()
        self.send_what_is_drawn_up()
        self.pay(days)
        return self.done

    def day_of(self, subject: str, round_: int) -> dt.date:
        """The day on which a case is reviewed: that of its round, or of its subject."""
        return self.on or self.days.get((subject, round_)) or self.days.get(subject) or max(self.days.values())

    def next_day(self, day: dt.date) -> dt.date:
        """The next working day."""
        return self.calendar.add_working_days(day, 1).on

    def open(self) -> None:
        day = self.on or min(self.days.values())
        self.done.opened = reviews.open_eligible(
            scheme=self.scheme, year=self.year, by=self.staff[Role.CLERK], at=_at(day, 9)
        )

    def confirm_accounts(self) -> None:
        """Confirm the proposed accounts and cards of those whose cases are not at their end; the proposer does not."""
        person = self.staff[Role.REVIEWER]
        unfinished = Case.objects.filter(scheme=self.scheme, year=self.year).exclude(status__in=(Status.PAID, *FINAL))
        proposed = Account.objects.waiting().filter(uscc__in=unfinished.values("subject"))
        by_others = proposed.exclude(proposed_by=person.person).order_by("pk")
        day = self.on or max(self.days.values())
        self.done.accounts = accounts.confirm_all(by_others, by=person, at=_at(day, 9))
        waiting = CardChange.objects.waiting().exclude(proposed_by=person.person).order_by("pk")
        changed = {person_key(change.id_hash): change for change in waiting}
        theirs = set(unfinished.filter(subject__in=changed).values_list("subject", flat=True))
        of_cases = [change.pk for key, change in changed.items() if key in theirs]
        self.done.accounts += cards.confirm(of_cases, by=person, at=_at(day, 9)).done

    def declare_accounts(self) -> None:
        """Units with nothing but a tax account declare so, by the clerk and confirmed by the reviewer (N5.2)."""
        unfinished = Case.objects.filter(scheme=self.scheme, year=self.year).exclude(status__in=(Status.PAID, *FINAL))
        day = self.on or max(self.days.values())
        wanting = declarations.wanting().filter(uscc__in=unfinished.values("subject")).order_by("uscc")
        usccs = list(wanting.values_list("uscc", flat=True))
        if usccs:
            declarations.declare(usccs, source=WORDS, declared_on=day, by=self.staff[Role.CLERK], at=_at(day, 9))
        waiting = AccountDeclaration.objects.waiting().filter(uscc__in=unfinished.values("subject"))
        by = self.staff[Role.REVIEWER]
        ids = list(waiting.exclude(proposed_by=by.person).order_by("pk").values_list("pk", flat=True))
        if ids:
            self.done.declared = declarations.confirm(ids, by=by, at=_at(day, 9))

    def review(self, stage: Stage, by: Actor) -> None:
        assert by.person is not None
        waiting = queues.waiting(stage, scheme=self.scheme, year=self.year)
        mine = queues.passable(waiting, stage, by.person, timezone.localdate()).order_by("pk")
        days: dict[dt.date, set[int]] = defaultdict(set)
        for pk, subject, round_ in mine.values_list("pk", "subject", "round"):
            days[self.day_of(subject, round_)].add(pk)
        hour = 10 + list(REVIEWERS).index(stage)
        passed = [self.pass_on(stage, ids, by, _at(day, hour)) for day, ids in sorted(days.items())]
        self.done.passed[stage.value] = sum(passed)

    def pass_on(self, stage: Stage, ids: set[int], by: Actor, at: dt.datetime) -> int:
        """Flagged cases one by one, each flag cleared; sampled ones opened; all others at once."""
        singly: list[int] = []
        for row in reviews.exceptions(stage, ids, by.person):
            if not row.payable or (row.flags_left and stage != Stage.FIRST):
                ids.discard(row.case_id)
                continue
            for flag in row.flags_left:
                reviews.clear_flag(row.case_id, flag, f"{WORDS}：已核实", by, at)
            if row.unopened:
                reviews.examine(row.case_id, by, at)
            if row.by_itself:
                singly.append(row.case_id)
        parts = [[pk] for pk in singly] + [sorted(ids.difference(singly))]
        return sum(
            reviews.pass_on(stage=stage, case_ids=part, opinion=WORDS, by=by, at=at, over=True)
            for part in parts
            if part
        )

    def announce(self) -> None:
        """A list a city and a day."""
        groups: dict[tuple[dt.date, int], list[int]] = defaultdict(list)
        awaiting = announcements.awaiting(self.scheme, self.year).order_by("pk")
        for pk, subject, round_, city in awaiting.values_list("pk", "subject", "round", "city_office_id"):
            groups[self.day_of(subject, round_), city].append(pk)
        title = f"{self.year}年{self.module.LABEL}拟发放名单公示"
        for (day, _), ids in sorted(groups.items()):
            drawn = announcements.draw_up(
                scheme=self.scheme, year=self.year, case_ids=ids, title=title, by=self.staff[Role.REVIEWER],
                at=_at(day, 16),
            )  # fmt: skip
            first = self.next_day(day)
            announcements.publish(drawn, by=self.staff[Role.APPROVER], at=_at(first, 9), on=first)
            self.done.announced += len(ids)

    def clear(self) -> None:
        """Each announcement on the working day after its last day."""
        for day in sorted(set(self.sending_days(Status.ANNOUNCED).values())):
            self.done.cleared += announcements.clear_due(day, by=self.staff[Role.REVIEWER], at=_at(day, 9))

    def sending_days(self, *statuses: Status) -> dict[int, dt.date]:
        """The working day after the announcement of each case of these statuses; none while its end is open."""
        lines = AnnouncementLine.objects.filter(
            live=True, case__scheme=self.scheme, case__year=self.year, case__status__in=statuses,
            announcement__last_day__isnull=False, announcement__provisional=False,
        )  # fmt: skip
        found = {case: last for case, last in lines.values_list("case", "announcement__last_day") if last}
        after = {last: self.next_day(last) for last in set(found.values())}
        return {case: after[last] for case, last in found.items()}

    def mend(self) -> dict[int, dt.date]:
        """Let what the bank returned be paid again where its account was mended; the day on which each is sent."""
        ready = [row for row in payments.returned(self.scheme, self.year) if row.ready]
        if not ready:
            return {}
        returned = Payment.objects.filter(pk__in=[row.payment for row in ready], returned_on__isnull=False)
        days = {}
        for case, day in returned.values_list("case", "returned_on"):
            if day is not None:
                days[case] = max(self.on or day, self.next_day(day))
        for day in sorted(set(days.values())):
            part = [case for case, other in days.items() if other == day]
            self.done.mended += payments.resend(
                scheme=self.scheme, year=self.year, case_ids=part, by=self.staff[Role.CLERK], at=_at(day, 9)
            )
        return days

    def send_what_is_drawn_up(self) -> None:
        """Batches that people left standing go on as well."""
        left = Batch.objects.filter(scheme=self.scheme, year=self.year, status__in=(BatchStatus.DRAWN, *GOING))
        for batch in left.order_by("pk"):
            self.send(batch, batch.drawn_on)

    def pay(self, again: Mapping[int, dt.date]) -> None:
        """Batches a day; the second check looks at the registry as of the review, like the review itself."""
        rows = Case.objects.filter(scheme=self.scheme, year=self.year).values_list("pk", "subject", "round")
        reviewed = {pk: self.day_of(subject, round_) for pk, subject, round_ in rows}
        groups: dict[tuple[dt.date, dt.date], list[int]] = defaultdict(list)
        for case, day in self.sending_days(Status.CLEARED).items():
            groups[max(day, again.get(case, day)), reviewed[case]].append(case)
        cashier = self.staff[Role.CASHIER]
        for (day, as_of), ids in sorted(groups.items()):
            drawn = batches.draw_up(
                scheme=self.scheme, year=self.year, case_ids=ids, by=cashier, at=_at(day, 10), on=day, as_of=as_of
            )
            for held in chain.from_iterable(drawn.held.values()):
                self.done.waiting[held.reason] += 1
            for batch in drawn:
                self.send(batch, day, as_of)

    def send(self, batch: Batch, day: dt.date, as_of: dt.date | None = None) -> None:
        """Released by the approver, then to the bank with its file."""
        cashier = self.staff[Role.CASHIER]
        if batch.status == BatchStatus.DRAWN:
            batch = batches.release(batch, by=self.staff[Role.APPROVER], at=_at(day, 11))
        if batch.next_step == FiscalStep.REPORT:
            batch = fiscal.report(batch, number=f"{WORDS}{batch}", on=day, by=cashier, at=_at(day, 12))
        if batch.next_step == FiscalStep.RECEIPT:
            amount = batch.amount
            batch = fiscal.receive(batch, amount=amount, voucher=f"{WORDS}{batch}", on=day, by=cashier, at=_at(day, 13))
        sent = batches.send(batch, by=cashier, at=_at(day, 14), on=day, as_of=as_of)
        if sent.lines:
            bank_files.issue(batch, by=cashier, at=_at(day, 15))
            self.done.batches += 1
        self.done.sent += sent.lines
        for words in sent.taken_out.values():
            self.done.waiting[words] += 1


def _staff() -> dict[Role, Actor]:
    roles = (Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.SUPERVISOR)
    names = {f"training-{role.value}": role for role in roles}
    found = {
        names[person.username]: Actor.of_person(person)
        for person in Person.objects.filter(username__in=names, is_active=True)
    }
    missing = sorted(name for name, role in names.items() if role not in found)
    if missing:
        raise Refusal(f"缺少训练人员 {'、'.join(missing)}，未作任何更改。请先运行 setup。")
    return found


def _at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), timezone.get_default_timezone())
