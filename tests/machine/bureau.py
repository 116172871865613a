"""A bureau on which anything may happen in any order: each word is an operation that people use, by people of their roles.

Nothing here moves a case by itself; what an operation refuses must change nothing, and that is looked at each time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.db import connection
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.cases import announcements, history, objections, openings, reviews
from caseworks.cases.models import Announcement, AnnouncementLine, Case, Objection
from caseworks.money import bank_results, batches, claims, payments, repayments, year_end
from caseworks.money.claims import Claim
from caseworks.money.enums import RecoveryKind, RecoveryOrigin
from caseworks.money.models import Batch, Payment, Recovery, Repayment
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.registry import accounts
from caseworks.registry.accounts import Given
from caseworks.registry.models import Account, Contribution, Unit
from refunds import assessments, differences, facts, recalculation, rulebook
from refunds.models import Difference, Recalculation, ScreeningRun
from tests.money.conftest import give_account
from tests.people.builders import person
from tests.refunds.build import a_year, make_unit

JUDGED = dt.date(2024, 6, 28)
UNITS = 3
START = dt.datetime(2024, 7, 1, 1, 0, tzinfo=dt.UTC)
ROLES = ("clerk", "reviewer", "approver", "cashier", "supervisor")
STAGE_OF = {"opened": "first", "first_passed": "second", "second_passed": "approval", "endorsed": "further"}
ROLE_OF = {"first": "clerk", "second": "reviewer", "approval": "approver", "further": "supervisor"}
COUNTED = (
    "cases_event", "cases_review", "cases_hold", "cases_announcement", "cases_announcementline", "cases_objection",
    "money_batch", "money_payment", "money_movement", "money_recovery", "money_recoveryentry", "money_repayment",
    "refunds_difference", "base_notice",
)  # fmt: skip
_COUNT = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in COUNTED)
_STAND = "SELECT md5(string_agg(id || status || amount || seq, ',' ORDER BY id)) FROM cases_case"


def people() -> dict[str, tuple[Actor, Actor]]:
    """Two of each role."""
    return {
        role: (Actor.of_person(person(f"{role}-1", role)), Actor.of_person(person(f"{role}-2", role))) for role in ROLES
    }


def screened(count: int) -> list[Unit]:
    """So many units with a year of contributions and an account, each judged to get 720.00 yuan."""
    units = [make_unit(number) for number in range(1, count + 1)]
    for unit in units:
        a_year(unit.uscc)
        give_account(unit)
    rules = rulebook.freeze(year=2024, region="22", as_of=JUDGED)
    run = runs.create("screening", "2024", "测试", Actor.of_command("test"), START)
    made = ScreeningRun.objects.create(run=run, year=2024, as_of=JUDGED, policy=rules.policies[0])
    cause = assessments.Cause(2024, START, screening_id=made.pk)
    chosen = {"usccs": [unit.uscc for unit in units]}
    question = rules.question
    lines = list(facts.copied(connection.connection, question, "u.uscc = ANY(%(usccs)s)", chosen, one=True))
    assessments.write(assessments.judged(lines, rules, cause), cause, fresh=True)
    return units


def stand() -> tuple[object, ...]:
    """How everything stands, shortly."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)
        counts = cursor.fetchone()
        cursor.execute(_STAND)
        return (*counts, *cursor.fetchone())


class Bureau:
    """The day, the people and what they may do."""

    def __init__(self, folder: Path, staff: dict[str, tuple[Actor, Actor]]) -> None:
        self.file, self.staff = folder / "bank.csv", staff
        self.day, self.moment, self.serial = timezone.localdate(START), START, 0

    # -- the clock and the list of cases

    @property
    def at(self) -> dt.datetime:
        """The next moment of the day."""
        self.moment += dt.timedelta(seconds=1)
        return self.moment

    def later(self, days: int) -> None:
        """Days go by; the clock never goes back."""
        self.day += dt.timedelta(days=days)
        morning = dt.datetime.combine(self.day, dt.time(9), timezone.get_default_timezone())
        self.moment = max(self.moment, morning)

    def case(self, place: int) -> Case | None:
        """One of the cases."""
        found = list(Case.objects.order_by("pk"))
        return found[place % len(found)] if found else None

    def by(self, role: str, which: int = 0) -> Actor:
        """Somebody of a role."""
        return self.staff[role][which]

    def tried(self, work: Callable[[], object]) -> bool:
        """Do it, or be refused with nothing changed."""
        before = stand()
        try:
            work()
        except Refusal:
            assert stand() == before, "what is refused changes nothing"
            return False
        return True

    # -- reviews

    def open(self) -> None:
        self.tried(lambda: reviews.open_eligible(scheme="refunds", year=2024, by=self.by("clerk"), at=self.at))

    def sign(self, case: Case, stage: str, by: Actor) -> bool:
        """Whoever it is, at whatever stage: flags are cleared and the case is opened first where that person may."""
        for row in reviews.exceptions(stage, [case.pk], by.person):
            for flag in row.flags_left:
                self.tried(lambda flag=flag: reviews.clear_flag(case.pk, flag, "已核实", by, self.at))
            if row.unopened:
                self.tried(lambda: reviews.examine(case.pk, by, self.at))
        return self.tried(
            lambda: reviews.pass_on(stage=stage, case_ids=[case.pk], opinion="同意", by=by, at=self.at, over=True)
        )

    def send_back(self, case: Case, by: Actor) -> None:
        self.tried(
            lambda: reviews.send_back(case_ids=[case.pk], reasons=["data_wrong"], opinion="请核对", by=by, at=self.at)
        )

    def bare(self, case: Case, step: str, by: Actor) -> None:
        """The steps that a page takes by the one door itself."""
        self.tried(lambda: history.take(step, [case.pk], by=by, at=self.at, note="测试理由"))

    def rejudge(self, case: Case) -> None:
        self.tried(lambda: openings.rejudge(case.pk, by=self.by("clerk"), at=self.at, note="重新核定"))

    # -- facts

    def corrected(self, case: Case, month: int, paid: int) -> None:
        """A month's record is corrected; 100.00 is due."""
        Contribution.objects.filter(uscc=case.subject, period=f"2023-{month:02d}").update(
            paid=Decimal(paid), paid_on=dt.date(2023, month, 20) if paid else None
        )

    def recalculated(self) -> None:
        run = runs.create("recalculation", "2024", "测试", self.by("clerk"), self.at)
        found = Recalculation.objects.create(run=run, year=2024, region="", as_of=self.day)
        recalculation.compare(found, connection.connection, at=self.at)

    def decide_difference(self, place: int, *, decline: bool) -> None:
        rows = list(Difference.objects.waiting().order_by("pk"))
        if not rows:
            return
        row = rows[place % len(rows)]
        clerk, approver = self.by("clerk"), self.by("approver")
        if decline:
            by = clerk if row.kind == "topup" else approver
            self.tried(lambda: differences.decline([row.pk], by=by, at=self.at, because="不办"))
        elif row.kind == "topup":
            self.tried(lambda: differences.top_up([row.pk], by=clerk, at=self.at))
        else:
            self.tried(lambda: differences.take_back([row.pk], by=approver, at=self.at, because="数据更正"))

    # -- announcements

    def announce(self, cases: list[Case], which: int) -> bool:
        """Drawn up by one reviewer and published by another, or by the same, who is refused."""
        drawer, publisher = self.by("reviewer"), self.by("reviewer", which)
        ids = [case.pk for case in cases]

        def drawn() -> None:
            row = announcements.draw_up(scheme="refunds", year=2024, case_ids=ids, title="公示", by=drawer, at=self.at)
            self.tried(lambda: announcements.publish(row, by=publisher, at=self.at, on=self.day))

        return self.tried(drawn)

    def correct(self) -> None:
        """Corrections of what was announced and is so no longer."""
        for row, _ in announcements.due_corrections(Announcement.objects.published()):
            self.tried(
                lambda row=row: announcements.draw_up_correction(
                    row, title="更正公告", by=self.by("reviewer"), at=self.at
                )
            )

    def publish_or_discard(self, *, discard: bool) -> None:
        """What lies drawn up and unpublished."""
        for row in Announcement.objects.filter(status="drawn").order_by("pk"):
            if discard:
                self.tried(
                    lambda row=row: announcements.discard(row, reason="重拟", by=self.by("reviewer"), at=self.at)
                )
            else:
                self.tried(
                    lambda row=row: announcements.publish(row, by=self.by("reviewer", 1), at=self.at, on=self.day)
                )

    def clear(self) -> None:
        self.tried(lambda: announcements.clear_due(self.day, by=self.by("reviewer"), at=self.at))

    def object(self, case: Case) -> None:
        line = AnnouncementLine.objects.filter(case=case, live=True).select_related("announcement").first()
        if line is not None and line.announcement.first_day is not None:
            self.tried(
                lambda: objections.receive(
                    line,
                    kind="premium",
                    channel="counter",
                    objector="某人",
                    contact="0431-1",
                    words="金额不实",
                    by=self.by("clerk", 1),
                    at=self.at,
                    on=self.day,
                )
            )

    def answer(self, place: int, by: Actor, *, upheld: bool, recalculate: bool) -> None:
        rows = list(Objection.objects.waiting().order_by("pk"))
        if rows:
            row = rows[place % len(rows)]
            self.tried(
                lambda: objections.decide(
                    row, upheld=upheld, recalculate=recalculate, answer="已核实", by=by, at=self.at, on=self.day
                )
            )

    # -- money

    def draw_up(self, cases: list[Case]) -> bool:
        ids = [case.pk for case in cases]
        return self.tried(
            lambda: batches.draw_up(
                scheme="refunds", year=2024, case_ids=ids, by=self.by("cashier"), at=self.at, on=self.day
            )
        )

    def batch(self, step: str, which: int = 1) -> None:
        """Release, send or dissolve what there is."""
        for row in Batch.objects.filter(status__in=("drawn", "released")).order_by("pk"):
            if step == "release":
                self.tried(lambda row=row: batches.release(row, by=self.by("cashier", which), at=self.at))
            elif step == "send":
                self.tried(lambda row=row: batches.send(row, by=self.by("cashier"), at=self.at, on=self.day))
            else:
                self.tried(lambda row=row: batches.dissolve(row, by=self.by("cashier"), at=self.at, because="重做"))

    def bank(self, result: str, statuses: tuple[str, ...] = ("sent",), only: list[int] | None = None) -> None:
        """The bank's word on what it has; the file once more changes nothing."""
        rows = Payment.objects.filter(status__in=statuses).order_by("pk")
        if only is not None:
            rows = rows.filter(pk__in=only)
        lines = [f"{row.payment_no},{result},{self.day},账号有误" for row in rows]
        if not lines:
            return
        self.file.write_text("\n".join(["payment_no,result,on,reason", *lines, ""]), encoding="utf-8")
        if self.tried(lambda: bank_results.book(self.file, by=self.by("cashier"), at=self.at)):
            before = stand()
            assert bank_results.book(self.file, by=self.by("cashier"), at=self.at).unchanged == len(lines)
            assert stand() == before

    def mend(self, case: Case, which: int, *, keep: bool) -> None:
        """Another account confirmed by another person, or the word of one that it is right; then paid again."""
        if keep:
            row = Payment.objects.filter(case=case, status="returned").order_by("-attempt").first()
            if row is not None:
                self.tried(lambda: payments.keep_account(row, words="已核实", by=self.by("clerk", 1), at=self.at))
        else:
            self.serial += 1
            given = Given("corporate", "虚构商业银行", "999000000001", f"8888{self.serial:014d}", case.name)
            clerk = self.by("clerk", 1)
            self.tried(
                lambda: accounts.enter(case.subject, given, source="柜台", sourced_on=self.day, by=clerk, at=self.at)
            )
            for account in Account.objects.waiting().filter(uscc=case.subject):
                self.tried(lambda account=account: accounts.confirm(account, by=self.by("reviewer"), at=self.at))
        self.tried(
            lambda: payments.resend(
                scheme="refunds", year=2024, case_ids=[case.pk], by=self.by("clerk", which), at=self.at
            )
        )

    def answered_by_the_bank(self, answers: list[str]) -> None:
        """The bank's word on each of what it has, in turn: some arrived, some came back."""
        for result in ("paid", "returned"):
            numbers = [
                row.pk for row, answer in zip(self.with_the_bank(), answers * UNITS, strict=False) if answer == result
            ]
            self.bank(result, only=numbers)

    def doubt(self, case: Case) -> None:
        """Another account is handed in and nobody has confirmed it: the second check holds the line."""
        self.serial += 1
        given = Given("corporate", "虚构商业银行", "999000000001", f"7777{self.serial:014d}", case.name)
        self.tried(
            lambda: accounts.enter(
                case.subject, given, source="柜台", sourced_on=self.day, by=self.by("clerk", 1), at=self.at
            )
        )
        if case.status == "cleared":
            self.draw_up([case])

    # -- what there is

    def left(self) -> list[Case]:
        """What is left over: held, returned or objected to."""
        rows = year_end.left_over("refunds", 2024, by=Actor.of_command("test"), on=self.day)
        return list(Case.objects.filter(pk__in=[row.case for row in rows]).order_by("pk"))

    def with_the_bank(self) -> list[Payment]:
        """Payments that the bank has and has not answered."""
        return list(Payment.objects.filter(status="sent").order_by("pk"))

    def announced(self) -> list[Case]:
        """Cases whose line may be objected to."""
        lines = AnnouncementLine.objects.filter(
            live=True, announcement__status="published", announcement__last_day__gte=self.day
        )
        return list(Case.objects.filter(pk__in=lines.values("case"), status="announced").order_by("pk"))

    def of_status(self, *statuses: str) -> list[Case]:
        """Cases that stand there."""
        return list(Case.objects.filter(status__in=statuses).order_by("pk"))

    # -- the end of the year, and money back

    def reminded(self) -> None:
        """The year comes to its end: three reminders, each on its day."""
        for month, number in ((12, 1), (12, 16), (12, 26)):
            if self.day < (on := dt.date(2024, month, number)):
                self.later((on - self.day).days)
            self.tried(lambda: year_end.remind(self.day, at=self.at))

    def year_ends(self, case: Case) -> None:
        """Reminded three times, published, and given up after the last day by the supervisor."""
        boss = self.by("supervisor")
        self.reminded()
        until = max(dt.date(2024, 12, 31), self.day + dt.timedelta(days=1))
        self.tried(
            lambda: year_end.publish([case.pk], office=case.office, until=until, by=boss, at=self.at, on=self.day)
        )
        self.later((until - self.day).days + 3)
        self.tried(lambda: year_end.waive([case.pk], by=boss, at=self.at, on=self.day, because="逾期未办"))

    def find_wrong(self, case: Case, amount: int) -> None:
        """An audit finds that some of what a unit was paid is to be given back."""
        claim = Claim(
            "refunds",
            2024,
            case.subject,
            RecoveryKind.OVERPAID,
            RecoveryOrigin.AUDIT,
            Decimal(amount),
            "多付",
            "第八十八条",
        )
        self.tried(lambda: claims.propose(claim, by=self.by("clerk"), at=self.at, on=self.day))

    def enforce(self, place: int) -> None:
        """A recovery goes on by a step towards those who can enforce it: confirmed, ordered, delivered, urged, handed over."""
        rows = list(Recovery.objects.filter(status__in=("proposed", "open")).order_by("pk"))
        if not rows:
            return
        row = rows[place % len(rows)]
        clerk, boss, day = self.by("clerk"), self.by("supervisor"), self.day
        kinds = set(row.entries.values_list("kind", flat=True))
        if row.status == "proposed":
            self.tried(lambda: claims.confirm(row, by=boss, at=self.at, on=day))
        elif "noticed" not in kinds:
            self.tried(lambda: claims.order_back(row, by=clerk, at=self.at, on=day))
        elif "delivered" not in kinds:
            said = {"how": "直接送达", "receiver": "某人", "proof": None}
            self.tried(lambda: claims.deliver(row, **said, by=clerk, at=self.at, on=day, today=day))
        elif "urged" not in kinds:
            if not self.tried(lambda: claims.urge(row, by=clerk, at=self.at, on=day)):
                self.later(31)
        else:
            said = {"to": "人民法院", "because": "催告后仍不退还"}
            self.tried(lambda: claims.hand_over(row, **said, by=self.by("approver"), at=self.at, on=day))

    def strike_off(self, place: int) -> None:
        """It was not owed after all."""
        rows = list(Recovery.objects.owing().order_by("pk"))
        if rows:
            row = rows[place % len(rows)]
            boss, day = self.by("supervisor"), self.day
            self.tried(lambda: claims.withdraw(row, because="查无实据", by=boss, at=self.at, on=day))

    def move(self, case: Case, by: Actor) -> None:
        """Hand a case to another office, or back."""
        codes = {"220102": "220200", "220200": "220102"}
        to = Office.objects.get(code=codes.get(case.office.code, "220200"))
        self.tried(lambda: history.transfer_cases([case.pk], to=to, by=by, at=self.at, note="迁移"))

    def recover(self, place: int, share: int) -> None:
        """A recovery goes on by a step: confirmed, noticed, some of it repaid and confirmed by another cashier."""
        rows = list(Recovery.objects.owing().order_by("pk"))
        if not rows:
            return
        row = rows[place % len(rows)]
        if row.status == "proposed":
            self.tried(lambda: claims.confirm(row, by=self.by("supervisor"), at=self.at, on=self.day))
            return
        self.serial += 1
        amount = max((row.owed * share / 4).quantize(Decimal("0.01")), Decimal("0.01"))
        self.tried(
            lambda: repayments.enter(
                row,
                amount=amount,
                on=self.day,
                bank_ref=f"B{self.serial}",
                payer=row.name,
                note="",
                by=self.by("cashier"),
                at=self.at,
                today=self.day,
            )
        )
        for waiting in Repayment.objects.filter(status="entered").order_by("pk"):
            self.tried(
                lambda waiting=waiting: repayments.decide(waiting, confirm=True, by=self.by("cashier", 1), at=self.at)
            )

    # -- the right next step

    def forward(self, case: Case) -> None:
        """What the bureau would do next with this case."""
        status = str(case.status)
        if status in STAGE_OF:
            stage = STAGE_OF[status]
            if not self.sign(case, stage, self.by(ROLE_OF[stage])):
                self.rejudge(case)
                self.sign(case, stage, self.by(ROLE_OF[stage], 1))
        elif status == "approved":
            if not self.announce([case], 1):
                self.correct()
                self.publish_or_discard(discard=False)
        elif status == "announced":
            self.later(9)
            self.clear()
        elif status == "cleared":
            self.draw_up([case])
        elif status == "batched":
            self.batch("release")
            self.batch("send")
            self.bank("paid")
        elif status == "returned":
            self.mend(case, 0, keep=False)
