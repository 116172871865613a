"""What is killed: each act is a run that somebody starts again, or that the clock starts again, and what must have come of it.

`prepare` makes its work out of units of their own, `run` does it in any process, `wrong` says in words what was done
twice or not at all, once it has been run again.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone

NUMBERS = count(1)  # of the units of a world


class Act(ABC):
    """One kind of run."""

    prefix: str  # of its points
    often: Mapping[str, int] = {}  # points that it comes to more than once

    @property
    def points(self) -> list[str]:
        """The points on its way."""
        from caseworks.base.faults import POINTS

        return [name for name in POINTS if name.startswith(f"{self.prefix}.")]

    @abstractmethod
    def prepare(self, folder: Path) -> list[str]:
        """Make the work; the subjects that it is about."""

    @abstractmethod
    def run(self, folder: Path) -> None:
        """Do it, or what is left of it."""

    @abstractmethod
    def wrong(self, subjects: list[str]) -> list[str]:
        """What was done twice, or is missing."""

    def again(self, folder: Path) -> None:
        """The next tick."""
        self.run(folder)


def _steps(subjects: Iterable[str], step: str) -> list[str]:
    """Whoever did not take a step exactly once."""
    from caseworks.cases.models import Event

    taken = Counter(
        Event.objects.filter(case__subject__in=list(subjects), step=step).values_list("case__subject", flat=True)
    )
    return [f"{subject}: {step} × {taken[subject]}" for subject in subjects if taken[subject] != 1]


def _units(number: int) -> list[str]:
    from tests.faults import world

    return [unit.uscc for unit in world.units(next(NUMBERS) * 10, number)]


class Batches(Act):
    """Cleared cases of two cities into batches, released and sent to the bank with their files."""

    prefix = "batch"
    often = {"batch.lines_sent": 2, "batch.sent": 2}

    def prepare(self, folder: Path) -> list[str]:
        from tests.faults import world

        subjects = _units(4)
        world.carry("refunds", "cleared")
        return subjects

    def run(self, folder: Path) -> None:
        from tests.faults import world

        world.pay_all("refunds")

    def again(self, folder: Path) -> None:
        """The cashier sends what is left and issues the files that are missing."""
        from caseworks.money import bank_files
        from caseworks.money.models import Batch
        from tests.faults import world

        self.run(folder)
        for batch in Batch.objects.filter(status="sent", bank_files__isnull=True).order_by("pk"):
            bank_files.issue(batch, by=world.staff().cashier, at=timezone.now())

    def wrong(self, subjects: list[str]) -> list[str]:
        from caseworks.money.models import BankFile, Payment

        sent = Payment.objects.filter(subject__in=subjects)
        found = [
            f"{row.subject}: {row.status} × {row.attempt}" for row in sent if (row.status, row.attempt) != ("sent", 1)
        ]
        paid = Counter(sent.values_list("subject", flat=True))
        found += [f"{subject}: {paid[subject]} payments" for subject in subjects if paid[subject] != 1]
        files = Counter(BankFile.objects.filter(batch__in=sent.values("batch")).values_list("batch", flat=True))
        found += [
            f"batch {batch}: {files[batch]} files"
            for batch in set(sent.values_list("batch", flat=True))
            if files[batch] != 1
        ]
        return found + _steps(subjects, "batch")


class Results(Act):
    """The bank's file, booked by the command."""

    prefix = "results"

    def prepare(self, folder: Path) -> list[str]:
        from tests.faults import world

        subjects = _units(4)
        world.carry("refunds", "cleared")
        world.pay_all("refunds")
        world.results(subjects, folder)
        return subjects

    def run(self, folder: Path) -> None:
        call_command("import_bank_results", str(folder / "bank.csv"), verbosity=0)

    def wrong(self, subjects: list[str]) -> list[str]:
        from caseworks.money.models import Movement, Payment, ResultFile

        paid = Payment.objects.filter(subject__in=subjects)
        found = [f"{row.subject}: {row.status}" for row in paid if row.status != "paid"]
        moved = Counter(Movement.objects.filter(payment__in=paid).values_list("payment__subject", flat=True))
        found += [f"{subject}: {moved[subject]} movements" for subject in subjects if moved[subject] != 1]
        files = ResultFile.objects.filter(movements__payment__in=paid).distinct().count()
        return found + ([] if files == 1 else [f"{files} files"]) + _steps(subjects, "pay")


class Announcements(Act):
    """Two announcements that are over, cleared by the clock."""

    prefix = "announcements"
    often = {"announcements.moved": 2, "announcements.cleared": 2}

    def prepare(self, folder: Path) -> list[str]:
        from tests.faults import world

        subjects = _units(4)
        world.carry("refunds", "announced")
        return subjects

    def run(self, folder: Path) -> None:
        from caseworks.cases.tasks import clear_announcements

        clear_announcements()

    def wrong(self, subjects: list[str]) -> list[str]:
        from tests.faults import world

        found = [f"{case.subject}: {case.status}" for case in world.cases(subjects) if case.status != "cleared"]
        return found + _steps(subjects, "clear")


class Notices(Act):
    """Short messages of approvals, taken to the gateway by the courier."""

    prefix = "notices"
    often = {"notices.answered": 4}

    def prepare(self, folder: Path) -> list[str]:
        from tests.faults import world

        self.settle()
        subjects = _units(4)
        world.carry("refunds", "approved")
        return subjects

    @staticmethod
    def settle() -> None:
        """Deliver what other acts have posted."""
        from caseworks.base.notices.delivery import LEASE, deliver

        deliver(clock=lambda: timezone.now() + 2 * LEASE)

    def run(self, folder: Path) -> None:
        from caseworks.base.tasks import deliver_notices

        deliver_notices()

    def again(self, folder: Path) -> None:
        """The next minute leaves alone what the dead one had in hand; after its lease it goes out with the same key."""
        self.run(folder)
        self.settle()

    def wrong(self, subjects: list[str]) -> list[str]:
        from caseworks.base.models import Notice

        short = Notice.objects.filter(subject__in=subjects, channel="sms", template="approved")
        told = Counter(short.values_list("subject", flat=True))
        found = [f"{subject}: {told[subject]} notices" for subject in subjects if told[subject] != 1]
        return found + [f"{row.subject}: {row.status}" for row in short if row.status != "sent"]


class Sweep(Act):
    """An agency with two overdue parts: the nightly sweep, and the letters after it."""

    prefix = "sweep"

    def prepare(self, folder: Path) -> list[str]:
        from caseworks.money import bank_results
        from tests.faults import world

        made = world.agency(next(NUMBERS) * 10, folder)
        world.carry("dispatch", "cleared")
        world.pay_all("dispatch")
        file = world.results([made.unit.uscc], folder, "agency.csv")
        bank_results.book(file, by=world.CLOCK, at=world.AT + dt.timedelta(days=60))
        return [made.unit.uscc]

    def run(self, folder: Path) -> None:
        from dispatch import tasks

        tasks.enforce_deadlines()

    def again(self, folder: Path) -> None:
        """The next night, and the courier of the letters, whose message the dead one may never have sent."""
        from dispatch import tasks

        self.run(folder)
        tasks.issue_letters()

    def wrong(self, subjects: list[str]) -> list[str]:
        from caseworks.base.models import Document, Notice
        from caseworks.cases.models import Bar
        from caseworks.money.models import Recovery
        from dispatch.models import Finding

        (subject,) = subjects
        found = {
            "findings": (Finding.objects.filter(obligation__uscc=subject, recovery__isnull=False).count(), 2),
            "recoveries": (Recovery.objects.filter(subject=subject).count(), 2),
            "bars": (Bar.objects.filter(uscc=subject).count(), 1),
            "letters": (Document.objects.filter(subject=subject, kind="bar_notice").count(), 1),
            "orders": (Document.objects.filter(subject=subject).exclude(kind="bar_notice").count(), 2),
        }
        twice = Counter(Notice.objects.filter(subject=subject).values_list("event_key", "channel"))
        doubled = [f"{key}: told {times} times" for key, times in twice.items() if times > 1]
        return [f"{subject}: {have} {name}" for name, (have, due) in found.items() if have != due] + doubled


ACTS: dict[str, Act] = {act.prefix: act for act in (Batches(), Results(), Announcements(), Notices(), Sweep())}


def act_of(point: str) -> Act:
    """The act on whose way a point lies."""
    return ACTS[point.partition(".")[0]]
